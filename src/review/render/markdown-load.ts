import type { LoadReview, Report } from '../report.ts';
import { countOf, deltaText, numberText } from '../words.ts';
import { codeText, inlineText } from './escape.ts';
import { heatRows } from './heat.ts';
import { block, details } from './markdown-parts.ts';
import { utcText } from './markdown-schedules.ts';

/** The week of the whole domain, when the change moves anything in it. */
export function loadSection({ load, schedules }: Report): string {
  if (load === undefined || schedules.length === 0) return '';
  const { peakBefore, peakAfter, totalBefore, totalAfter } = load;
  const summary = `Load of the week: ${numberText(totalBefore)} → ${numberText(totalAfter)} runs (${deltaText(totalAfter - totalBefore)}), peak ${numberText(peakBefore.count)} → ${numberText(peakAfter.count)} an hour`;
  const parts = [block(picture(load)), facts(load)];
  if (load.suggestion !== undefined) {
    const { spread, schedules: names, peakBefore: from, peakAfter: to } = load.suggestion;
    const named = names.slice(0, MAX_NAMED).map(codeText).join(', ');
    const more = names.length > MAX_NAMED ? ` and ${numberText(names.length - MAX_NAMED)} more` : '';
    parts.push(
      `**Suggested:** ${codeText(`spread: ${spread}`)} on ${named}${more}: ${numberText(from)} → ${numberText(to)} starts in the busiest minute.`,
    );
  }
  return details(summary, ...parts);
}

const MAX_NAMED = 8;

function picture(load: LoadReview): readonly string[] {
  const hours = '00    06    12    18      ';
  return [
    `UTC         before                     after`,
    `            ${hours} ${hours}`.trimEnd(),
    ...heatRows(load).map(({ day, before, after }) => `${day.padEnd(11)} ${before}   ${after}`.trimEnd()),
  ];
}

function facts(load: LoadReview): string {
  const { minuteBefore, minuteAfter, busiest, collisions, unknownDurations, broken } = load;
  const lines: string[] = [];
  if (minuteAfter.utc !== undefined) {
    const named = busiest.map(({ name, count }) => `${codeText(name)}${count === 1 ? '' : ` ${numberText(count)}`}`);
    const more = minuteAfter.count - busiest.reduce((sum, { count }) => sum + count, 0);
    const rest = more > 0 ? ` and ${numberText(more)} more` : '';
    lines.push(
      `Busiest minute: ${numberText(minuteBefore.count)} → ${numberText(minuteAfter.count)} starts, ${utcText(minuteAfter.utc)} UTC: ${named.join(', ')}${rest}`,
    );
  }
  for (const { limit, allowed, before, after, utc } of collisions) {
    lines.push(
      `**Over ${limit} (${numberText(allowed)})**: ${numberText(before)} → ${numberText(after)}, ${utcText(utc)} UTC`,
    );
  }
  if (collisions.length === 0) lines.push('Nothing goes over workers, rates or quotas that did not before');
  if (unknownDurations > 0)
    lines.push(`No history of ${countOf(unknownDurations, 'launch plan')} of changed schedules`);
  for (const { name, message } of broken.slice(0, MAX_NAMED))
    lines.push(`${codeText(name)} is left out: ${inlineText(message)}`);
  return lines.map((line) => `- ${line}`).join('\n');
}
