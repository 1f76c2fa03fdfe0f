import {
  MAX_CATCH_UP_SPANS,
  MAX_SCHEDULE_RETRY_MS,
  MISSED_AFTER_MS,
  SCHEDULE_RETRY_MS,
  type UnixMs,
} from '../../base/index.ts';
import { createDueHeap, type DueHeap } from './due-heap.ts';
import { createMissedLine, type MissedLine } from './missed-line.ts';
import { freshSince, type ScheduleEntry } from './schedule-entry.ts';
import { catchUpFrom, nextDue } from './tick-spans.ts';

/**
 * Missed ticks, due in (from, until], of which those up to `settledUntil` have been made up for. Later ones may have been, too,
 * of schedules with few: who goes on with the gap after a restart finds their executions by name.
 */
export interface Gap {
  readonly from: UnixMs;
  settledUntil: UnixMs;
  readonly until: UnixMs;
}

/** A schedule whose ticks are settled only up to `since`, whatever those of others are. */
export interface Laggard {
  since: UnixMs;
  /** Why it does not go on, as its status is to tell; undefined: only for a while, and nobody need know. */
  reason: { readonly reason: string; readonly message: string } | undefined;
  tries: number;
  /** The reason as it was last told, and since when. */
  told: { readonly text: string; readonly at: UnixMs } | undefined;
  /** Its missed ticks are counted up to here. */
  countedUntil: UnixMs;
  /** `since` and reason as its status has them, as text; undefined: it does not say that it is behind. */
  noted: string | undefined;
}

/**
 * What is due next, in three lanes: ticks as they come; missed ticks, which are made up for without holding up the first;
 * and schedules that are behind by themselves. Every tick that is due up to `settledUntil` is settled, or in one of the
 * other lanes. Times are due times: tick and spread.
 */
export interface Lanes {
  settledUntil: UnixMs;
  /** What happened to schedules before is known, and in its lane. Of what came later, ticks may have been passed over. */
  heardUntil: UnixMs;
  /** Live ticks due up to here are left to the gaps. */
  skipUntil: UnixMs;
  readonly live: DueHeap;
  /** The first is being made up for; its ticks are in `missed`. */
  readonly gaps: Gap[];
  readonly missed: MissedLine;
  /** Missed ticks of schedules from this number on are not in line yet; undefined: all are. */
  arranging: number | undefined;
  readonly laggards: Map<number, Laggard>;
  /** When each of them is tried again. */
  readonly retries: DueHeap;
  /** Up to where missed ticks are counted of schedules of which the batch at hand has some; they may fall behind with them. */
  readonly counted: Map<number, UnixMs>;
  /** Laggards of which there is news that their status may have to tell. */
  readonly changed: Set<number>;
}

export function createLanes(settledUntil: UnixMs, gaps: readonly Gap[], heardUntil = settledUntil): Lanes {
  return {
    settledUntil,
    heardUntil,
    skipUntil: Number.NEGATIVE_INFINITY,
    live: createDueHeap(),
    gaps: [...gaps],
    missed: createMissedLine(),
    arranging: undefined,
    laggards: new Map(),
    retries: createDueHeap(),
    counted: new Map(),
    changed: new Set(),
  };
}

/** Puts a schedule that is new, or has changed, where it belongs. Throws what its rule throws. */
export function place(lanes: Lanes, entry: ScheduleEntry, now: UnixMs): void {
  const laggard = lanes.laggards.get(entry.id);
  const since = laggard?.since ?? entry.owedSince;
  const until = since ?? lanes.settledUntil;
  // It may have changed just before what is settled by now, and its ticks since then are looked at again.
  const settled = freshSince(entry, until, lanes.heardUntil) ?? until;
  if (since !== undefined || entry.problem !== undefined) {
    fallBehind(lanes, entry, settled, laggard?.reason, now);
    return;
  }
  lanes.live.remove(entry.id);
  const due = nextDue(entry.spans, settled);
  // It may be older than what is missed, too, and by a clock that was set back still to come: so its own watermark tells what
  // becomes of those.
  if (due !== undefined && due <= lanes.settledUntil) {
    fallBehind(lanes, entry, settled, undefined, now);
    return;
  }
  if (due !== undefined) lanes.live.set(entry.id, due);
  const [gap] = lanes.gaps;
  if (gap !== undefined) placeMissed(lanes, entry, gap);
}

/** Puts its missed ticks in line, as far as its policy has them made up for. */
export function placeMissed(lanes: Lanes, entry: ScheduleEntry, gap: Gap): void {
  lanes.missed.remove(entry.id);
  if (lanes.laggards.has(entry.id)) return;
  const first = nextDue(entry.spans, gap.settledUntil);
  if (first === undefined || first > gap.until) return;
  const from = catchUpFrom(entry.spans, entry.launch.catchUp, gap.from, gap.until);
  const due = from <= gap.settledUntil ? first : nextDue(entry.spans, from);
  if (due !== undefined && due <= gap.until) lanes.missed.put(entry.id, due);
}

export function forget(lanes: Lanes, id: number): void {
  lanes.live.remove(id);
  lanes.missed.remove(id);
  lanes.retries.remove(id);
  lanes.laggards.delete(id);
  lanes.changed.delete(id);
}

/** From now on the schedule goes by its own watermark, and is looked at again at `retryAt`. */
export function fallBehind(
  lanes: Lanes,
  { id, owedSince, isConditionSet }: ScheduleEntry,
  since: UnixMs,
  reason: Laggard['reason'],
  retryAt: UnixMs,
): Laggard {
  const known = lanes.laggards.get(id);
  const isBehind = known !== undefined || owedSince !== undefined;
  const settled = Math.min(since, lanes.missed.at(id) - 1, isBehind ? since : settledInGaps(lanes, id));
  lanes.live.remove(id);
  lanes.missed.remove(id);
  const noted = owedSince === undefined && !isConditionSet ? undefined : '';
  const laggard = known ?? {
    since: settled,
    reason,
    tries: 0,
    told: undefined,
    countedUntil: Math.max(countedInGap(lanes, id), lanes.counted.get(id) ?? Number.NEGATIVE_INFINITY),
    noted,
  };
  laggard.since = Math.min(laggard.since, settled);
  laggard.reason = reason;
  lanes.laggards.set(id, laggard);
  if (retryAt === Number.POSITIVE_INFINITY) lanes.retries.remove(id);
  else lanes.retries.set(id, retryAt);
  lanes.changed.add(id);
  return laggard;
}

/** Up to where its missed ticks are settled that are not in line yet, and which it takes along; Infinity: there are none. */
function settledInGaps({ gaps, arranging }: Lanes, id: number): UnixMs {
  const [gap, later] = gaps;
  if (gap === undefined) return Number.POSITIVE_INFINITY;
  if (arranging !== undefined && id >= arranging) return gap.settledUntil;
  return later?.from ?? Number.POSITIVE_INFINITY;
}

/** Up to where its missed ticks have been counted, when they were put in line. */
function countedInGap({ gaps: [gap], arranging }: Lanes, id: number): UnixMs {
  const isCounted = gap !== undefined && (arranging === undefined || id < arranging);
  return isCounted ? gap.until : Number.NEGATIVE_INFINITY;
}

/** It has caught up: it goes with the others again. */
export function goOn(lanes: Lanes, entry: ScheduleEntry, settled: UnixMs): void {
  lanes.laggards.delete(entry.id);
  lanes.retries.remove(entry.id);
  const due = nextDue(entry.spans, settled);
  if (due !== undefined) lanes.live.set(entry.id, due);
}

/** When a schedule that failed so many times in a row is tried again. */
export function retryTime(now: UnixMs, tries: number): UnixMs {
  return now + Math.min(SCHEDULE_RETRY_MS * 2 ** Math.min(tries, 20), MAX_SCHEDULE_RETRY_MS);
}

/** Leaves what is older than a minute to the catch-up policies. Answers whether there is a new gap. */
export function openGap(lanes: Lanes, now: UnixMs): boolean {
  const until = now - MISSED_AFTER_MS;
  const { live, gaps, settledUntil } = lanes;
  if (settledUntil >= until) return false;
  lanes.settledUntil = until;
  if (live.firstAt() > until) return false;
  lanes.skipUntil = until;
  const last = gaps.at(-1);
  if (gaps.length > 1 && last !== undefined && gaps.length >= MAX_CATCH_UP_SPANS) {
    gaps[gaps.length - 1] = { from: last.from, settledUntil: last.settledUntil, until };
  } else gaps.push({ from: settledUntil, settledUntil, until });
  return true;
}

/** When something is to be done next; Infinity: never. */
export function nextTurnAt(lanes: Lanes): UnixMs {
  const { live, missed, retries } = lanes;
  return Math.min(live.firstAt(), missed.oldestAt(), retries.firstAt());
}
