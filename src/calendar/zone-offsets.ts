import { MAX_ZONE_TABLES } from '../base/index.ts';

/**
 * The offsets of a zone around some span. Offset `i` (local time minus UTC, in ms) holds from instant `from[i]` until
 * before `from[i + 1]`. `from` begins with -Infinity, whose offset is the one that the next replaces, and ends with
 * Infinity, which has none; so every segment in the span has the one before and the one after it at its sides.
 */
export interface ZoneOffsets {
  readonly from: Float64Array;
  readonly offsetMs: Int32Array;
}

/** 2^39 ms, about 17 years: some 35 changes, each of which costs Temporal 10 µs to find. */
const SPAN_MS = 2 ** 39;
const NS_PER_MS = 1_000_000;
const UTC: ZoneOffsets = { from: Float64Array.of(-Infinity, Infinity), offsetMs: Int32Array.of(0) };

const tables = new Map<string, Map<number, ZoneOffsets>>();
let tableCount = 0;
// Most questions come in runs about one zone and one span.
let lastZone = '';
let lastSpan = 0;
let lastTable = UTC;

/** What is known of `zone` around `instant`. Throws RangeError for an unknown zone. */
export function zoneOffsets(zone: string, instant: number): ZoneOffsets {
  if (zone === 'UTC') return UTC;
  const span = Math.floor(instant / SPAN_MS);
  if (span === lastSpan && zone === lastZone) return lastTable;
  let spans = tables.get(zone);
  let table = spans?.get(span);
  if (table === undefined) {
    table = readSpan(zone, span * SPAN_MS, (span + 1) * SPAN_MS);
    if (tableCount >= MAX_ZONE_TABLES) {
      tables.clear();
      tableCount = 0;
      spans = undefined;
    }
    if (spans === undefined) {
      spans = new Map();
      tables.set(zone, spans);
    }
    spans.set(span, table);
    tableCount += 1;
  }
  lastZone = zone;
  lastSpan = span;
  lastTable = table;
  return table;
}

/** The index of the offset that holds at `instant`, which is in the table's span. */
export function offsetIndex({ from }: ZoneOffsets, instant: number): number {
  let low = 0;
  let high = from.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) <= instant) low = middle;
    else high = middle;
  }
  return low;
}

function readSpan(zone: string, begin: number, end: number): ZoneOffsets {
  const at = Temporal.Instant.fromEpochMilliseconds(begin).toZonedDateTimeISO(zone);
  // "previous" is strictly before, so ask from one nanosecond later: an instant at the change belongs to what follows.
  const previous = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  const from: number[] = [-Infinity];
  const offsets: number[] = [];
  if (previous !== null) {
    offsets.push(offsetOf(previous.subtract({ nanoseconds: 1 })));
    from.push(previous.epochMilliseconds);
  }
  offsets.push(offsetOf(at));
  for (let next = at.getTimeZoneTransition('next'); next !== null; next = next.getTimeZoneTransition('next')) {
    from.push(next.epochMilliseconds);
    offsets.push(offsetOf(next));
    if (next.epochMilliseconds >= end) break;
  }
  from.push(Infinity);
  return { from: Float64Array.from(from), offsetMs: Int32Array.from(offsets) };
}

function offsetOf(at: Temporal.ZonedDateTime): number {
  return at.offsetNanoseconds / NS_PER_MS;
}
