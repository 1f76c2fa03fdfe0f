/**
 * Windows by the clock on the wall, ascending and apart, as pairs: [from, to, from, to, …] in milliseconds as if the
 * local date and time were UTC. `from` belongs to its window, `to` does not.
 */
export type WallWindows = Float64Array;

/** One entry of `exclude`, as closures and objects hold it. */
export type ExcludedTime =
  /** Local date and time (`2026-12-24T18:00`) until before another, or a day: `from` begins with it, `to` ends with it. */
  | { readonly from: string; readonly to: string }
  /** Local days, `2026-12-25`, in any order. */
  | { readonly dates: readonly string[] };

export type ExclusionResult =
  | { readonly kind: 'ok'; readonly windows: WallWindows }
  | { readonly kind: 'error'; readonly message: string };

const DAY_MS = 86_400_000;
const WALL_TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** A local date, or date and time (`2026-12-24`, `2026-12-24T18:00`), as if it were UTC; undefined for what is none. */
export function wallTimeOf(text: string): number | undefined {
  const parts = WALL_TIME.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [number, ...number[]];
  if ((year ?? 0) < 1000 || (hour || 0) > 23 || (minute || 0) > 59 || (second || 0) > 59) return undefined;
  const midnight = Date.UTC(year as number, (month as number) - 1, day);
  // 30 February would quietly be 2 March.
  if (new Date(midnight).toISOString().slice(0, 10) !== text.slice(0, 10)) return undefined;
  return midnight + (((hour || 0) * 60 + (minute || 0)) * 60 + (second || 0)) * 1000;
}

/** All that is excluded, joined where it touches. An error for a time that does not exist, and for an empty window. */
export function wallWindowsOf(items: readonly ExcludedTime[]): ExclusionResult {
  const windows: [from: number, to: number][] = [];
  for (const item of items) {
    if ('dates' in item) {
      for (const date of item.dates) {
        const day = date.length === 10 ? wallTimeOf(date) : undefined;
        if (day === undefined) return { kind: 'error', message: `"${date}" is not a day such as 2026-12-25` };
        windows.push([day, day + DAY_MS]);
      }
      continue;
    }
    const [from, to] = [wallTimeOf(item.from), windowEnd(item.to)];
    if (from === undefined || to === undefined) {
      const text = from === undefined ? item.from : item.to;
      return { kind: 'error', message: `"${text}" is not a local time such as 2026-12-24T18:00` };
    }
    if (from >= to) return { kind: 'error', message: `the window from ${item.from} to ${item.to} is empty` };
    windows.push([from, to]);
  }
  return { kind: 'ok', windows: joined(windows) };
}

function windowEnd(text: string): number | undefined {
  const time = wallTimeOf(text);
  return time !== undefined && text.length === 10 ? time + DAY_MS : time;
}

function joined(windows: readonly (readonly [number, number])[]): WallWindows {
  const flat: number[] = [];
  for (const [from, to] of windows.toSorted((a, b) => a[0] - b[0])) {
    const end = flat.at(-1);
    if (end !== undefined && from <= end) flat[flat.length - 1] = Math.max(end, to);
    else flat.push(from, to);
  }
  return Float64Array.from(flat);
}

/** How far the local time of an instant may be off from what another offset of the zone would make of it: from -12 to +14 hours. */
const OFFSETS_MS = 2 * DAY_MS;

/**
 * How far to go on, in ms, from a moment that shows this wall time: 0 when it is not excluded. Never beyond a time at which a
 * window may be over, whatever the zone's clocks do in it; `isNear` then says that they may matter.
 */
export function excludedFor(windows: WallWindows, wall: number): { readonly ms: number; readonly isNear: boolean } {
  let [low, high] = [0, windows.length >> 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle * 2] as number) <= wall) low = middle + 1;
    else high = middle;
  }
  const from = windows[low * 2 - 2] as number;
  const end = windows[low * 2 - 1] as number;
  if (low === 0 || wall >= end) return NOT_EXCLUDED;
  const isDeepInside = wall - from >= OFFSETS_MS && end - wall > OFFSETS_MS;
  return isDeepInside ? { ms: end - wall - OFFSETS_MS, isNear: false } : { ms: end - wall, isNear: true };
}

const NOT_EXCLUDED = { ms: 0, isNear: false } as const;
