import {
  MAX_CATCH_UP_TICKS,
  MAX_TICKS_PER_LAGGARD,
  MISSED_AFTER_MS,
  SCHEDULES_PER_TURN,
  type UnixMs,
} from '../../base/index.ts';
import { fallBehind, forget, type Laggard, type Lanes } from './lanes.ts';
import type { RateWindow } from './rate.ts';
import type { Roster } from './roster.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import { catchUpFrom, countDue, nextDue, ticksAt } from './tick-spans.ts';

/** A tick that is to be settled now. */
export interface DueTick {
  readonly entry: ScheduleEntry;
  readonly tick: UnixMs;
  readonly due: UnixMs;
  readonly lane: 'live' | 'missed' | 'behind';
}

export interface CollectOptions {
  readonly lanes: Lanes;
  readonly roster: Roster;
  readonly now: UnixMs;
  /** Ticks that may be taken: of all lanes, of the live one, and of the other two. */
  readonly room: number;
  readonly liveRoom: number;
  readonly missedRoom: number;
  /** The missed ticks of all schedules are in line. */
  readonly isGapArranged: boolean;
  /** Of schedules that have a rate limit. */
  readonly windowOf: (entry: ScheduleEntry) => RateWindow | undefined;
  /** Told how many ticks of a schedule that is behind were missed. */
  readonly missed: (entry: ScheduleEntry, count: number) => void;
}

/** Why a suspended schedule does not tick, as its status tells it. */
export const SUSPENDED: NonNullable<Laggard['reason']> = {
  reason: 'Suspended',
  message: 'suspended; its ticks wait until it is resumed',
};

/**
 * Takes what is due out of its lanes, live ticks before all others, and moves the watermarks past it: who collects must
 * settle it. What cannot be settled now falls behind. Work is bounded, and goes on at the next call.
 */
export function collect(options: CollectOptions): DueTick[] {
  const ticks: DueTick[] = [];
  options.lanes.counted.clear();
  collectLive(options, ticks);
  const { missedRoom, isGapArranged, lanes } = options;
  const live = ticks.length;
  // Neither schedules that are behind nor missed ticks of all take all the room that there is for both.
  const share = isGapArranged && lanes.gaps.length > 0 ? Math.ceil(missedRoom / 2) : missedRoom;
  collectBehind({ ...options, missedRoom: share }, ticks);
  if (isGapArranged) collectMissed({ ...options, missedRoom: missedRoom - (ticks.length - live) }, ticks);
  return ticks;
}

function collectLive({ lanes, roster, now, room, liveRoom, windowOf }: CollectOptions, ticks: DueTick[]): void {
  const { live } = lanes;
  const most = Math.min(room, liveRoom);
  for (let looked = 0; looked < SCHEDULES_PER_TURN && ticks.length < most && live.firstAt() <= now; looked++) {
    const due = live.firstAt();
    const entry = roster.at(live.first()) as ScheduleEntry;
    if (due <= lanes.skipUntil) moveOn(lanes, entry, lanes.skipUntil);
    else if (entry.isSuspended) fallBehind(lanes, entry, due - 1, SUSPENDED, Number.POSITIVE_INFINITY);
    else if (takeTicks(lanes, entry, due, now, 'live', windowOf(entry), ticks)) moveOn(lanes, entry, due);
  }
  const settled = live.firstAt() <= now ? live.firstAt() - 1 : now;
  if (settled > lanes.settledUntil) lanes.settledUntil = settled;
}

function moveOn({ live }: Lanes, { id, spans }: ScheduleEntry, settled: UnixMs): void {
  const due = nextDue(spans, settled);
  if (due === undefined) live.remove(id);
  else live.set(id, due);
}

/** False: its rate limit holds it up, and it has fallen behind. */
function takeTicks(
  lanes: Lanes,
  entry: ScheduleEntry,
  due: UnixMs,
  now: UnixMs,
  lane: DueTick['lane'],
  window: RateWindow | undefined,
  ticks: DueTick[],
): boolean {
  const readyAt = window?.take(now);
  if (readyAt !== undefined) {
    fallBehind(lanes, entry, due - 1, undefined, readyAt);
    return false;
  }
  for (const tick of ticksAt(entry.spans, due)) ticks.push({ entry, tick, due, lane });
  return true;
}

/** Missed ticks of all schedules: of each its oldest first, and of each one in turn. */
function collectMissed({ lanes, roster, now, room, missedRoom, windowOf }: CollectOptions, ticks: DueTick[]): void {
  const { missed, gaps } = lanes;
  const [gap] = gaps;
  if (gap === undefined) return;
  const most = Math.min(room, ticks.length + missedRoom);
  while (ticks.length < most && missed.size() > 0) {
    const entry = roster.at(missed.first()) as ScheduleEntry;
    const due = missed.at(entry.id);
    if (entry.isSuspended) fallBehind(lanes, entry, due - 1, SUSPENDED, Number.POSITIVE_INFINITY);
    else if (takeTicks(lanes, entry, due, now, 'missed', windowOf(entry), ticks)) {
      lanes.counted.set(entry.id, gap.until);
      const next = nextDue(entry.spans, due);
      missed.took(entry.id, next === undefined || next > gap.until ? undefined : next);
    }
  }
  if (missed.size() === 0) gaps.shift();
  else gap.settledUntil = Math.max(gap.settledUntil, missed.oldestAt() - 1);
}

function collectBehind(options: CollectOptions, ticks: DueTick[]): void {
  const { lanes, roster, now, room } = options;
  const { retries, laggards } = lanes;
  const most = Math.min(room, ticks.length + options.missedRoom);
  for (let looked = 0; looked < room && ticks.length < most && retries.firstAt() <= now; looked++) {
    const id = retries.first();
    const entry = roster.at(id);
    const laggard = laggards.get(id);
    retries.remove(id);
    lanes.changed.add(id);
    if (entry === undefined || laggard === undefined) forget(lanes, id);
    else if (entry.problem !== undefined) laggard.reason = entry.problem;
    else if (entry.isSuspended) laggard.reason = SUSPENDED;
    else makeUp(options, entry, laggard, ticks, most);
  }
}

/**
 * Ticks that the schedule owes up to where all others are, when they are due: a clock that was ahead once may have settled more.
 * It goes with the others again once none is left.
 */
function makeUp(
  { lanes, now, windowOf, missed }: CollectOptions,
  entry: ScheduleEntry,
  laggard: Laggard,
  ticks: DueTick[],
  room: number,
): void {
  const { spans, launch } = entry;
  const until = Math.min(lanes.settledUntil, now);
  const missedUntil = Math.min(until, Math.max(laggard.since, now - MISSED_AFTER_MS));
  const countedUntil = Math.max(laggard.since, laggard.countedUntil);
  missed(entry, countDue(spans, countedUntil, missedUntil, MAX_CATCH_UP_TICKS));
  laggard.countedUntil = missedUntil;
  lanes.counted.set(entry.id, missedUntil);
  let due = nextDue(spans, catchUpFrom(spans, launch.catchUp, laggard.since, missedUntil));
  const most = Math.min(room, ticks.length + MAX_TICKS_PER_LAGGARD);
  while (due !== undefined && due <= until && ticks.length < most) {
    if (!takeTicks(lanes, entry, due, now, 'behind', windowOf(entry), ticks)) {
      laggard.since = due - 1;
      return;
    }
    due = nextDue(spans, due);
  }
  laggard.reason = undefined;
  if (due === undefined || due > lanes.settledUntil) laggard.since = Number.POSITIVE_INFINITY;
  else {
    laggard.since = due - 1;
    lanes.retries.set(entry.id, Math.max(due, now));
  }
}
