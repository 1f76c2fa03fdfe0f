import type { DomainReview, Report } from '../report.ts';
import { codeText } from './escape.ts';
import { planSection } from './markdown-asks.ts';
import { loadSection } from './markdown-load.ts';
import { details } from './markdown-parts.ts';
import { scheduleDetails, schedulesTable } from './markdown-schedules.ts';

/** Further domains that the change moves; those in which it does the same are only named. */
export function domainsSection(report: Report): string {
  const { others, verdict } = report;
  if (verdict.isUnchanged) return '';
  const same = others.filter(({ isSame }) => isSame).map(({ domain }) => codeText(domain.namespace));
  const parts = others.filter(({ isSame }) => !isSame).map((other) => domainPart(report, other));
  return [same.length === 0 ? '' : `The same in ${same.join(', ')}.`, ...parts]
    .filter((part) => part !== '')
    .join('\n\n');
}

function domainPart(report: Report, { domain, line, schedules, load, plan }: DomainReview): string {
  const { load: _load, plan: _plan, ...rest } = report;
  const here: Report = {
    ...rest,
    domain,
    schedules,
    ...(load !== undefined && { load }),
    ...(plan !== undefined && { plan }),
  };
  const parts = [schedulesTable(here), scheduleDetails(here), loadSection(here), planSection(here)];
  const told = parts.filter((part) => part !== '');
  return details(`In ${codeText(domain.namespace)}: ${line}`, ...(told.length === 0 ? ['Nothing moves there.'] : told));
}
