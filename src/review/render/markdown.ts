import { MAX_COMMENT_CHARACTERS } from '../../base/index.ts';
import type { Report } from '../report.ts';
import { countOf } from '../words.ts';
import { codeText, withoutCommands } from './escape.ts';
import { approvalsSection, findingsSection, planSection } from './markdown-asks.ts';
import { breaksSection, definitionsSection, graphsSection } from './markdown-definitions.ts';
import { domainsSection } from './markdown-domains.ts';
import { loadSection } from './markdown-load.ts';
import { scheduleDetails, schedulesTable } from './markdown-schedules.ts';

/** How a comment of ours is found again. */
export const REVIEW_MARKER = '<!-- pipectl-review -->';

export interface MarkdownOptions {
  /** Characters at most; that of a comment on GitHub when absent. */
  readonly limit?: number;
  /** Where the parts are that do not fit, as Markdown: `[the summary](https://…)`. */
  readonly rest?: string;
}

/** A part of the page; what does not fit is left out whole, so that no tag or fence stays open. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** The report as a comment of a pull request: what matters at the top, the rest folded. One without news is folded whole. */
export function renderMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const { limit = MAX_COMMENT_CHARACTERS, rest } = options;
  const { isUnchanged } = report.verdict;
  const title = isUnchanged ? '<details><summary><b>No change in meaning</b></summary>' : `### ${headline(report)}`;
  const head = [REVIEW_MARKER, title, subtitle(report)];
  const sections = sectionsOf(report).filter(({ text }) => text !== '');
  const foot = isUnchanged ? `${footer(report)}\n\n</details>` : footer(report);
  const kept: string[] = [];
  const left: string[] = [];
  let size = withoutCommands([...head, foot].join('\n\n')).length + NOTE_ROOM + (rest?.length ?? 0);
  for (const { title, text } of sections) {
    const length = withoutCommands(text).length + 2;
    if (size + length > limit) left.push(title);
    else {
      kept.push(text);
      size += length;
    }
  }
  const place = rest === undefined ? '' : ` All of it is in ${rest}.`;
  const note = left.length === 0 ? [] : [`*Left out, since a comment has an end: ${left.join(', ')}.*${place}`];
  return `${withoutCommands([...head, ...kept, ...note, foot].join('\n\n'))}\n`;
}

/** For the note of what was left out, which names all sections at most. */
const NOTE_ROOM = 300;

function sectionsOf(report: Report): readonly Section[] {
  return [
    { title: 'findings', text: findingsSection(report) },
    { title: 'schedules', text: schedulesTable(report) },
    { title: 'approvals', text: approvalsSection(report) },
    { title: 'interface breaks', text: breaksSection(report) },
    { title: 'runs before and after', text: scheduleDetails(report) },
    { title: 'load', text: loadSection(report) },
    { title: 'other domains', text: domainsSection(report) },
    { title: 'definitions', text: definitionsSection(report) },
    { title: 'graphs', text: graphsSection(report) },
    { title: 'plan', text: planSection(report) },
  ];
}

/** The verdict is made of our own words and numbers. */
function headline({ verdict }: Report): string {
  return `${verdict.line.charAt(0).toUpperCase()}${verdict.line.slice(1)}`;
}

function subtitle({ base, head, domain, mergeAt, schedules }: Report): string {
  const sides = `${codeText(base.title)} → ${codeText(head.title)}`;
  if (domain === undefined) return sides;
  const when = schedules.length === 0 ? '' : `, as if merged ${mergeAt.slice(0, 16).replace('T', ' ')} UTC`;
  return `${sides} in ${codeText(domain.namespace)}${when}`;
}

function footer({ tzdata, schedules, findings }: Report): string {
  const notices = findings.filter(({ level }) => level === 'notice').length;
  const parts = [
    'pipectl review',
    ...(schedules.length === 0 ? [] : [`time zones ${tzdata}`]),
    ...(notices === 0 ? [] : [countOf(notices, 'notice')]),
  ];
  return `<sub>${parts.join(' · ')}</sub>`;
}
