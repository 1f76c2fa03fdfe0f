import type { LoadReview } from '../report.ts';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const BARS = '▁▂▃▄▅▆▇█';
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** A day of the week's load: its hours of UTC before and after, `·` for none and a blank where the week does not reach. */
export interface HeatRow {
  /** `Mon 01-05`. */
  readonly day: string;
  readonly before: string;
  readonly after: string;
}

/** The hours of the week as bars, both sides by the same measure. */
export function heatRows(load: LoadReview): readonly HeatRow[] {
  const from = Date.parse(load.from);
  const max = Math.max(1, load.peakBefore.count, load.peakAfter.count);
  const rows = new Map<string, { before: string[]; after: string[] }>();
  for (let hour = 0; hour < load.after.length; hour += 1) {
    const at = new Date(from + hour * HOUR_MS);
    const day = `${WEEKDAYS[at.getUTCDay()]} ${at.toISOString().slice(5, 10)}`;
    const row = rows.get(day) ?? { before: blank(), after: blank() };
    row.before[at.getUTCHours()] = barOf(load.before[hour] ?? 0, max);
    row.after[at.getUTCHours()] = barOf(load.after[hour] ?? 0, max);
    rows.set(day, row);
  }
  return [...rows].map(([day, { before, after }]) => ({ day, before: before.join(''), after: after.join('') }));
}

function blank(): string[] {
  return new Array<string>(HOURS).fill(' ');
}

function barOf(count: number, max: number): string {
  return count === 0 ? '·' : (BARS[Math.ceil((count / max) * BARS.length) - 1] as string);
}
