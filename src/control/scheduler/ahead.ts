import { MAX_TICKS_AHEAD, TICKS_AHEAD_MS, TICKS_PER_LOOK_AHEAD, type UnixMs } from '../../base/index.ts';
import type { DueTick } from './collect.ts';
import type { CreateWrite, Start } from './launcher.ts';
import { pause } from './take-over.ts';
import type { Running } from './term.ts';
import { nextDue, ticksAt } from './tick-spans.ts';

/**
 * Writes of ticks that are due soon, put together while nothing is due: of ten thousand at one instant that is most of the
 * work. They decide nothing. One whose schedule, plan or tick is another by then is put together anew.
 */
export interface Ahead {
  /** By the number of the schedule. */
  readonly ready: Map<number, Ready>;
  /** When the last of them is due. */
  lastDue: UnixMs;
  /** When to look again for ticks that are due soon. */
  lookAt: UnixMs;
}

interface Ready {
  readonly schedule: string;
  readonly tick: UnixMs;
  readonly due: UnixMs;
  readonly start: Start;
  readonly write: CreateWrite;
}

export function createAhead(): Ahead {
  return { ready: new Map(), lastDue: Number.NEGATIVE_INFINITY, lookAt: Number.NEGATIVE_INFINITY };
}

/** The write that creates the execution of a tick. */
export function creationOf({ ready }: Ahead, { entry, tick }: DueTick, start: Start): CreateWrite {
  // Left there until all are due: taking out one by one costs as much as finding it.
  const known = ready.get(entry.id);
  const isIt = known?.start === start && known.tick === tick && known.schedule === entry.name;
  return isIt ? known.write : start(entry.name, tick);
}

/** When to look for ticks that are due soon; Infinity: there are none, too few, or some are due now. */
export function lookAheadAt({ ahead, lanes, settings, options }: Running, now: UnixMs): UnixMs {
  const { live } = lanes;
  const first = live.firstAt();
  if (first <= now || live.size() < (options.aheadFrom ?? MANY) || settings.suspended === true) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.max(now, ahead.lookAt, first - TICKS_AHEAD_MS);
}

/** The ticks after so many are those of other instants: they are looked for soon. */
export function noteTaken({ ahead, options }: Running, ticks: number): void {
  if (ticks >= (options.aheadFrom ?? MANY)) ahead.lookAt = Number.NEGATIVE_INFINITY;
}

/** Lets go what no tick is waiting for any more. */
export function letGo({ ready, lastDue }: Ahead, settledUntil: UnixMs): void {
  if (ready.size > 0 && lastDue <= settledUntil) ready.clear();
}

/** Prepares the ticks that are due soon, where they are many. Never rejects. */
export async function lookAhead(term: Running): Promise<void> {
  const { ahead, lanes, options, ending } = term;
  const { live } = lanes;
  const now = options.clock.now();
  const until = now + TICKS_AHEAD_MS;
  ahead.lookAt = now + TICKS_AHEAD_MS / 2;
  for (const [id, { due }] of ahead.ready) if (due <= now) ahead.ready.delete(id);
  const ids = live.dueUntil(until, MAX_TICKS_AHEAD).filter((id) => !ahead.ready.has(id));
  const many = options.aheadFrom ?? MANY;
  if (ids.length < many) return;
  const before = ahead.ready.size;
  for (let at = 0; at < ids.length && ahead.ready.size < MAX_TICKS_AHEAD; at += TICKS_PER_LOOK_AHEAD) {
    // What is due now goes first.
    while (!term.isOver && live.firstAt() <= options.clock.now()) await pause(options.clock, AGAIN_MS, ending.signal);
    if (term.isOver || options.clock.now() > until) return;
    try {
      await prepareSome(term, ids.subarray(at, at + TICKS_PER_LOOK_AHEAD), until);
    } catch {
      // The cluster does not answer: whoever needs it when they are due will say so.
      return;
    }
    await pause(options.clock, 0, ending.signal);
  }
  const isQuiet = term.turning === undefined && live.firstAt() > options.clock.now() + QUIET_MS;
  if (ahead.ready.size - before >= VERY_MANY * many && isQuiet) options.onPrepared?.();
}

/** Fewer than these are written at once anyway. */
const MANY = 100;
const AGAIN_MS = 10;
/** What so many times as many leave on the heap is worth a collection, which takes less than this. */
const VERY_MANY = 20;
const QUIET_MS = 100;

async function prepareSome(
  { ahead, lanes, roster, launcher, options }: Running,
  ids: Int32Array,
  until: UnixMs,
): Promise<void> {
  const launches = new Set<DueTick['entry']['launch']>();
  for (const id of ids) {
    const entry = roster.at(id);
    if (entry !== undefined) launches.add(entry.launch);
  }
  const starts = await launcher.starts(launches);
  const writes: CreateWrite[] = [];
  for (const id of ids) {
    const entry = roster.at(id);
    const due = lanes.live.at(id);
    const start = entry && starts.get(entry.launch);
    if (entry === undefined || due > until || entry.isSuspended || typeof start !== 'function') continue;
    // What comes after it is found faster then.
    nextDue(entry.spans, due);
    const [tick, other] = ticksAt(entry.spans, due);
    if (tick === undefined || other !== undefined) continue;
    ahead.lastDue = Math.max(ahead.lastDue, due);
    const write = start(entry.name, tick);
    writes.push(write);
    ahead.ready.set(id, { schedule: entry.name, tick, due, start, write });
  }
  options.cluster.prepare?.(writes);
}
