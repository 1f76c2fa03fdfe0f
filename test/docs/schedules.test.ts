import { describe, expect, it } from 'vitest';
import { cronWords, parseCron, ticksBetween } from '../../src/calendar/index.ts';
import { zonedText } from '../../src/client/calendar/index.ts';
import { pageText } from './blocks.ts';

const PAGE = pageText('docs/schedules.md');

/** Cells of the table's rows below the heading row that begins so. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const lines = PAGE.split('\n');
  const at = lines.indexOf(heading);
  if (at < 0) throw new Error(`the page has no table ${heading}`);
  const end = lines.indexOf('', at);
  return lines.slice(at + 2, end).map((line) => {
    return line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'));
  });
}

function patternOf(cron: string) {
  const parsed = parseCron(cron);
  if (parsed.kind === 'error') throw new Error(`${cron}: ${parsed.message}`);
  return parsed.pattern;
}

describe('docs/schedules.md', () => {
  it.each(rowsOf('| Pattern | In words |'))('says of %s what it means', (cron, words) => {
    expect(cronWords(patternOf(cron as string))).toBe(words);
  });

  let night = '';
  const nights = rowsOf('| Zone and night | Pattern | Ticks |').map(([named, cron, ticks]) => {
    night = named === '' ? night : (named as string);
    return { night, cron: cron as string, ticks: ticks as string };
  });
  it.each(nights)('tells how $cron ticks in $night', ({ night: text, cron, ticks }) => {
    const [, timeZone = '', day = '', from, to] = /^(\S+) (\S+), (\S+) becomes (\S+)$/.exec(text) ?? [];
    const local = (hour: number): number =>
      Temporal.PlainDate.from(day).toZonedDateTime({ timeZone, plainTime: { hour } }).epochMilliseconds;
    const rule = { kind: 'cron', pattern: patternOf(cron), timeZone } as const;
    const found = ticksBetween(rule, local(1) - 1, local(4) - 1, 100).map((at) => zonedText(at, timeZone));
    expect(found.map(({ time, offset }) => time + offset).join(', ') || 'none').toBe(ticks);
    const change = Temporal.PlainDate.from(day).toZonedDateTime(timeZone).getTimeZoneTransition('next');
    expect(zonedText(change?.epochMilliseconds ?? 0, timeZone).time).toBe(to);
    const before = zonedText((change?.epochMilliseconds ?? 0) - 60_000, timeZone).time;
    expect(Temporal.PlainTime.from(before).add({ minutes: 1 }).toString({ smallestUnit: 'minute' })).toBe(from);
  });
});
