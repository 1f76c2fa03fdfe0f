import { REVIEW_TICKS } from '../../base/index.ts';
import { padEnd } from '../../client/index.ts';
import {
  countOf,
  type DomainReview,
  deltaText,
  heatRows,
  type Plan,
  type Report,
  type ReviewFinding,
  withoutCommands,
} from '../../review/index.ts';
import { entityText } from '../diff/break-text.ts';
import { PIPE_COLUMNS, wrapAt } from '../diff/change-text.ts';
import { diffText } from '../diff/diff-text.ts';
import { paint, printable, type Style, type Terminal } from '../terminal.ts';
import { scheduleLines } from './schedule-text.ts';

const LEVEL_STYLES: Readonly<Record<ReviewFinding['level'], Style>> = {
  error: 'red',
  warning: 'yellow',
  notice: 'dim',
};

/** A report for a person at a terminal: the verdict first, then what to look at, then all that it is made of. */
export function reviewText(terminal: Terminal, report: Report): string {
  const { base, head, domain, verdict } = report;
  const title = `${printable(base.title)} → ${printable(head.title)}${domain === undefined ? '' : ` in ${domain.namespace}`}`;
  const style: Style = verdict.errors > 0 ? 'red' : verdict.breaking + verdict.warnings > 0 ? 'yellow' : 'green';
  const columns = columnsOf(terminal);
  const sections = [
    [paint(terminal, 'dim', title), ...wrapAt(verdict.line, columns).map((line) => paint(terminal, style, line))],
    findingLines(terminal, report.findings),
    schedulesLines(terminal, report),
    loadLines(terminal, report),
    ...(verdict.isUnchanged ? [] : report.others).map((other) => domainLines(terminal, report, other)),
    report.diff.level === undefined ? [] : diffText(terminal, report.diff, 'Definitions').trimEnd().split('\n'),
    approvalLines(terminal, report),
    planLines(terminal, report.plan),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => `${lines.join('\n')}\n`);
  return withoutCommands(shown.join('\n'));
}

/** Schedules that are told; the rest is counted. Of many only the first ticks are. */
const MAX_SCHEDULES = 20;
const FEW_SCHEDULES = 3;
const FEW_TICKS = 3;

function schedulesLines(terminal: Terminal, { schedules }: Report): readonly string[] {
  const ticks = schedules.length > FEW_SCHEDULES ? FEW_TICKS : REVIEW_TICKS;
  const lines = schedules.slice(0, MAX_SCHEDULES).flatMap((schedule, at) => {
    return [...(at === 0 ? [] : ['']), ...scheduleLines(terminal, schedule, ticks)];
  });
  const left = schedules.length - MAX_SCHEDULES;
  return left > 0 ? [...lines, '', `… and ${countOf(left, 'more schedule')}: -o json has all`] : lines;
}

/** A further domain: by its name alone when the change does the same there. */
function domainLines(terminal: Terminal, report: Report, other: DomainReview): readonly string[] {
  const { domain, line, isSame, schedules, load, plan } = other;
  const name = printable(domain.namespace);
  if (isSame) return [`${paint(terminal, 'bold', `In ${name}`)} it does the same.`];
  const { load: _load, ...rest } = report;
  const here: Report = { ...rest, schedules, ...(load !== undefined && { load }) };
  return [
    ...wrapAt(`In ${name}: ${line}`, columnsOf(terminal)).map((text) => paint(terminal, 'bold', text)),
    ...schedulesLines(terminal, here),
    ...loadLines(terminal, here),
    ...planLines(terminal, plan),
  ];
}

function columnsOf(terminal: Terminal): number {
  return terminal.columns ?? PIPE_COLUMNS;
}

const LABEL = 9;
/** Findings that are told; the rest is counted. */
const MAX_FINDINGS = 50;

function findingLines(terminal: Terminal, findings: readonly ReviewFinding[]): readonly string[] {
  const room = Math.max(20, columnsOf(terminal) - LABEL);
  const margin = ' '.repeat(LABEL);
  const lines = findings.slice(0, MAX_FINDINGS).flatMap(({ level, message, help, rule, file, line }) => {
    const [first = '', ...rest] = wrapAt(printable(message), room);
    const place = file === undefined ? '' : `  ${printable(file)}${line === undefined ? '' : `:${line}`}`;
    const told = help === undefined ? [] : wrapAt(printable(help), room);
    return [
      `${paint(terminal, LEVEL_STYLES[level], padEnd(level, LABEL))}${first}`,
      ...rest.map((text) => `${margin}${text}`),
      ...told.map((text) => `${margin}${paint(terminal, 'green', text)}`),
      `${margin}${paint(terminal, 'dim', `${rule}${place}`)}`,
    ];
  });
  const left = findings.length - MAX_FINDINGS;
  return left > 0 ? [...lines, `… and ${countOf(left, 'more finding')}`] : lines;
}

function loadLines(terminal: Terminal, { load, schedules }: Report): readonly string[] {
  if (load === undefined || schedules.length === 0) return [];
  const { totalBefore, totalAfter, minuteBefore, minuteAfter, suggestion } = load;
  const hours = '00    06    12    18      ';
  const head = `Load of seven days: ${totalBefore} → ${totalAfter} runs (${deltaText(totalAfter - totalBefore)})`;
  const lines = [
    paint(terminal, 'bold', head),
    paint(terminal, 'dim', `  UTC        ${hours}  ${hours}`.trimEnd()),
    ...heatRows(load).map(({ day, before, after }) => `  ${day.padEnd(10)} ${before}    ${after}`.trimEnd()),
  ];
  if (minuteAfter.utc !== undefined) {
    const at = minuteAfter.utc.slice(0, 16).replace('T', ' ');
    lines.push(`  busiest minute: ${minuteBefore.count} → ${minuteAfter.count} starts, ${at} UTC`);
  }
  if (suggestion !== undefined) {
    const what = `spread: ${suggestion.spread} on ${countOf(suggestion.schedules.length, 'schedule')}`;
    lines.push(`  ${paint(terminal, 'green', `${what} would make it ${suggestion.peakAfter}`)}`);
  }
  return lines;
}

function approvalLines(terminal: Terminal, { approvals }: Report): readonly string[] {
  if (approvals.length === 0) return [];
  const lines = approvals.flatMap(({ owners, files, because }) => {
    const of = files.length === 1 ? printable(files[0] as string) : countOf(files.length, 'file');
    const tail = paint(terminal, 'dim', `${of} (${printable(because)})`);
    return [`  ${printable(owners.join(', '))}  ${tail}`];
  });
  return [paint(terminal, 'bold', 'Must agree:'), ...lines];
}

/** Changes of a plan that are told; the rest is counted. */
const MAX_CHANGES = 30;
const ACTION_STYLES = { create: 'green', update: 'yellow', restore: 'yellow', remove: 'red' } as const;

function planLines(terminal: Terminal, plan: Plan | undefined): readonly string[] {
  if (plan === undefined || (plan.changes.length + plan.waiting.length === 0 && plan.held === undefined)) return [];
  const { changes, waiting, held, namespace } = plan;
  const left = changes.length - MAX_CHANGES;
  return [
    paint(terminal, 'bold', `The reconciler of ${printable(namespace)} would do:`),
    ...changes.slice(0, MAX_CHANGES).map((change) => {
      return `  ${paint(terminal, ACTION_STYLES[change.action], padEnd(change.action, 8))}${entityText(change)}`;
    }),
    ...(left > 0 ? [`  … and ${countOf(left, 'more change')}`] : []),
    ...waiting.map(
      (entity) => `  ${padEnd('keep', 8)}${entityText(entity)}  ${paint(terminal, 'dim', printable(entity.reason))}`,
    ),
    ...(held === undefined ? [] : [`  ${padEnd('hold', 8)}${held.count} of ${held.of}: ${printable(held.reason)}`]),
  ];
}
