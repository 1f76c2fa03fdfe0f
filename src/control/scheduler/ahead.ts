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
  /** Live ticks that are due up to here have been looked at. */
  until: UnixMs;
}

interface Ready {
  readonly schedule: string;
  readonly tick: UnixMs;
  readonly start: Start;
  readonly write: CreateWrite;
}

export function createAhead(): Ahead {
  return { ready: new Map(), until: Number.NEGATIVE_INFINITY };
}

/** The write that creates the execution of a tick. */
export function creationOf({ ready }: Ahead, { entry, tick }: DueTick, start: Start): CreateWrite {
  const known = ready.get(entry.id);
  if (known === undefined) return start(entry.name, tick);
  ready.delete(entry.id);
  const isIt = known.start === start && known.tick === tick && known.schedule === entry.name;
  return isIt ? known.write : start(entry.name, tick);
}

/** When ticks are to be looked at that are due later; Infinity: those that there are have been. */
export function lookAheadAt({ ahead, lanes, settings }: Running, now: UnixMs): UnixMs {
  const first = lanes.live.firstAt();
  if (first <= Math.max(now, ahead.until) || settings.suspended === true) return Number.POSITIVE_INFINITY;
  return Math.max(now, first - TICKS_AHEAD_MS);
}

/** Prepares the ticks that are due within a second of the next one, where they are many. Never rejects. */
export async function lookAhead(term: Running): Promise<void> {
  const { ahead, lanes, options, ending } = term;
  const { live } = lanes;
  ahead.ready.clear();
  ahead.until = live.firstAt() + SPAN_MS;
  const { until } = ahead;
  const ids = live.dueUntil(until, MAX_TICKS_AHEAD);
  if (ids.length < (options.aheadFrom ?? MANY)) return;
  for (let at = 0; at < ids.length; at += TICKS_PER_LOOK_AHEAD) {
    // What is due now goes first.
    while (live.firstAt() <= options.clock.now()) await pause(options.clock, AGAIN_MS, ending.signal);
    if (term.isOver || ahead.until !== until || options.clock.now() > until) return;
    try {
      await prepareSome(term, ids.subarray(at, at + TICKS_PER_LOOK_AHEAD), until);
    } catch {
      // The cluster does not answer: whoever needs it when they are due will say so.
      return;
    }
    await pause(options.clock, 0, ending.signal);
  }
}

/** Ticks that are due within so much after the next one are prepared with it. */
const SPAN_MS = 1_000;
/** Fewer than these are written at once anyway. */
const MANY = 100;
const AGAIN_MS = 10;

async function prepareSome({ ahead, lanes, roster, launcher }: Running, ids: Int32Array, until: UnixMs): Promise<void> {
  const launches = new Set<DueTick['entry']['launch']>();
  for (const id of ids) {
    const entry = roster.at(id);
    if (entry !== undefined) launches.add(entry.launch);
  }
  const starts = await launcher.starts(launches);
  for (const id of ids) {
    const entry = roster.at(id);
    const due = lanes.live.at(id);
    const start = entry && starts.get(entry.launch);
    if (entry === undefined || due > until || entry.isSuspended || typeof start !== 'function') continue;
    // What comes after it is found faster then.
    nextDue(entry.spans, due);
    const [tick, other] = ticksAt(entry.spans, due);
    if (tick === undefined || other !== undefined) continue;
    ahead.ready.set(id, { schedule: entry.name, tick, start, write: start(entry.name, tick) });
  }
}
