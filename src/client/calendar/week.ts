import { MAX_COUNTED_TICKS, type UnixMs } from '../../base/index.ts';
import { countBetween, nextTick, type TickRule, tickRuleOf } from '../../calendar/index.ts';
import type { PlannedSchedule } from './schedules.ts';

export const HOURS = 24;
const DAYS = 7;
/** Clocks are moved by whole quarters of an hour everywhere today. */
const QUARTER_MS = 900_000;

/** How many ticks the hours of seven days have. */
export interface CalendarWeek {
  readonly timeZone: string;
  /** The local days, as `2026-01-05`. */
  readonly days: readonly string[];
  /** Ticks of each hour of each day. */
  readonly counts: readonly (readonly number[])[];
  /** Hours that the clocks leave out, and those that they show twice, as `day * 24 + hour`. */
  readonly missing: ReadonlySet<number>;
  readonly doubled: ReadonlySet<number>;
  readonly total: number;
  readonly max: number;
  /** Schedules that tick in these days, and all that are active. */
  readonly ticking: number;
  readonly active: number;
  /** The hours with the most ticks, busiest first. */
  readonly busiest: readonly BusyHour[];
  /** Schedules that cannot be shown, with the reason. */
  readonly broken: readonly { readonly name: string; readonly message: string }[];
}

export interface BusyHour {
  readonly day: number;
  readonly hour: number;
  readonly count: number;
  /** Most ticks first; the others are not named. */
  readonly schedules: readonly { readonly name: string; readonly count: number }[];
}

/** A stretch of time that is one hour of the wall; an hour that comes twice has two. */
interface Slot {
  readonly cell: number;
  readonly from: UnixMs;
  readonly until: UnixMs;
}

const SHOWN_HOURS = 5;
const SHOWN_SCHEDULES = 3;

/** The load of seven local days, the first of which is the day of `from`. Schedules that do not tick are left aside. */
export function calendarWeek(schedules: readonly PlannedSchedule[], timeZone: string, from: UnixMs): CalendarWeek {
  const { days, slots } = slotsOf(timeZone, from);
  const active = schedules.filter(({ isActive }) => isActive);
  const rules: { readonly name: string; readonly rule: TickRule }[] = [];
  const broken: { readonly name: string; readonly message: string }[] = [];
  for (const { name, namespace, fields } of active) {
    const told = namespace === undefined ? name : `${namespace}/${name}`;
    const made = tickRuleOf(fields);
    if (made.kind === 'ok') rules.push({ name: told, rule: made.rule });
    else broken.push({ name: told, message: made.message });
  }
  const cells = new Float64Array(DAYS * HOURS);
  let ticking = 0;
  for (const { rule } of rules) if (addTicks(rule, slots, cells)) ticking += 1;
  const lengths = new Float64Array(DAYS * HOURS);
  for (const slot of slots) lengths[slot.cell]! += slot.until - slot.from;
  const having = (test: (ms: number) => boolean) => new Set([...lengths.keys()].filter((cell) => test(lengths[cell]!)));
  return {
    timeZone,
    days,
    counts: days.map((_, day) => [...cells.subarray(day * HOURS, (day + 1) * HOURS)]),
    missing: having((ms) => ms === 0),
    doubled: having((ms) => ms > 4 * QUARTER_MS),
    total: cells.reduce((sum, count) => sum + count, 0),
    max: Math.max(...cells),
    ticking,
    active: active.length,
    busiest: busiestHours(cells, rules, slots),
    broken,
  };
}

/** The hours of seven days from the local day of an instant on, each quarter of an hour shown to the zone's clock. */
function slotsOf(
  timeZone: string,
  from: UnixMs,
): { readonly days: readonly string[]; readonly slots: readonly Slot[] } {
  const first = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone).toPlainDate();
  const dates = Array.from({ length: DAYS }, (_, i) => first.add({ days: i }));
  const begin = first.toZonedDateTime(timeZone).epochMilliseconds;
  const end = first.add({ days: DAYS }).toZonedDateTime(timeZone).epochMilliseconds;
  const slots: { cell: number; from: UnixMs; until: UnixMs }[] = [];
  for (let at = begin; at < end; at += QUARTER_MS) {
    const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
    const cell = first.until(wall.toPlainDate()).days * HOURS + wall.hour;
    const last = slots.at(-1);
    if (last?.cell === cell) last.until = at + QUARTER_MS;
    else slots.push({ cell, from: at, until: at + QUARTER_MS });
  }
  return { days: dates.map((date) => date.toString()), slots };
}

/** Adds the ticks of a rule to the cells; whether there were any. Stretches without ticks are passed over at once. */
function addTicks(rule: TickRule, slots: readonly Slot[], cells: Float64Array): boolean {
  let isTicking = false;
  let next: number | undefined = -Infinity;
  for (const { cell, from, until } of slots) {
    if (next === undefined || next >= until) continue;
    if (next < from) next = nextTick(rule, from - 1);
    if (next === undefined || next >= until) continue;
    cells[cell]! += countBetween(rule, from - 1, until - 1, MAX_COUNTED_TICKS);
    isTicking = true;
    next = from;
  }
  return isTicking;
}

function busiestHours(
  cells: Float64Array,
  rules: readonly { readonly name: string; readonly rule: TickRule }[],
  slots: readonly Slot[],
): readonly BusyHour[] {
  const order = [...cells.keys()].filter((cell) => cells[cell]! > 0);
  order.sort((a, b) => cells[b]! - cells[a]! || a - b);
  return order.slice(0, SHOWN_HOURS).map((cell) => {
    const own = slots.filter((slot) => slot.cell === cell);
    const counts = rules.map(({ name, rule }) => ({
      name,
      count: own.reduce((sum, { from, until }) => sum + countBetween(rule, from - 1, until - 1, MAX_COUNTED_TICKS), 0),
    }));
    const top = counts.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
    return {
      day: Math.floor(cell / HOURS),
      hour: cell % HOURS,
      count: cells[cell]!,
      schedules: top.slice(0, SHOWN_SCHEDULES),
    };
  });
}

/** Load is shown in so many levels, besides none. */
const LEVELS = 4;

/**
 * The highest count of each level, lightest first: they grow by a factor, since an hour at night often has a hundred times
 * what others have. Fewer levels when there are fewer different counts.
 */
export function levelBounds({ max }: Pick<CalendarWeek, 'max'>): readonly number[] {
  const bounds = Array.from({ length: LEVELS }, (_, i) => Math.floor(max ** ((i + 1) / LEVELS) + 1e-9));
  return [...new Set(bounds)].filter((bound) => bound > 0);
}

/** The level of a count: 0 for none. */
export function levelOf(week: Pick<CalendarWeek, 'max'>, count: number): number {
  return count === 0 ? 0 : levelBounds(week).findIndex((bound) => count <= bound) + 1;
}
