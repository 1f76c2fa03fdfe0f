import {
  type Clock,
  createHeap,
  type Heap,
  instantMs,
  instantText,
  type Log,
  MAX_TICKS_IN_FLIGHT,
  MAX_TIMER_MS,
  peekHeap,
  popHeap,
  pushHeap,
  type Random,
  SCHEDULE_RETRY_MS,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import { nextTick, type TickRule } from '../../calendar/index.ts';
import {
  type CatchUp,
  type Cluster,
  type ObjectKey,
  patchStatus,
  reflect,
  type Schedule,
} from '../../cluster/index.ts';
import { dueTicks } from './due.ts';
import { spreadOffsetMs, tickRule } from './rule.ts';
import { runTick } from './run-tick.ts';

export interface SchedulerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Scheduler {
  readonly counters: SchedulerCounters;
  /** Resolves when no tick is in the making. */
  stop(): Promise<void>;
}

export interface SchedulerCounters {
  /** Schedules that are active. */
  active: number;
  /** Executions started by ticks. */
  started: number;
  /** Attempts to start a tick's execution that failed; the tick is tried again. */
  failed: number;
  /** Between a tick and its durable execution, of the last one started. */
  lastLatenessMs: number;
}

/** What the loop remembers of a schedule; the object itself is read again when a tick is due. */
interface Entry {
  readonly key: ObjectKey;
  readonly generation: number;
  readonly rule: TickRule;
  readonly offsetMs: number;
  readonly catchUp: CatchUp;
  /** Ticks up to here are settled. */
  base: UnixMs;
  isRunning: boolean;
}

interface Alarm {
  readonly at: UnixMs;
  readonly id: string;
  readonly entry: Entry;
}

interface Loop extends SchedulerOptions {
  readonly entries: Map<string, Entry>;
  readonly alarms: Heap<Alarm>;
  readonly counters: SchedulerCounters;
  readonly running: Set<Promise<void>>;
  cancelTimer: () => void;
  isStopped: boolean;
}

/** Starts the loop. It ends with `stop`; errors of one schedule stay with that schedule. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const stop = new AbortController();
  const loop: Loop = {
    ...options,
    entries: new Map(),
    alarms: createHeap<Alarm>((a, b) => a.at < b.at),
    counters: { active: 0, started: 0, failed: 0, lastLatenessMs: 0 },
    running: new Set(),
    cancelTimer: () => {},
    isStopped: false,
  };
  const reflector = reflect<Schedule>(
    options.cluster,
    'Schedule',
    options,
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'set') put(loop, change.object);
          else remove(loop, change.key);
        }
      },
    },
    stop.signal,
  );
  return {
    counters: loop.counters,
    stop: async () => {
      loop.isStopped = true;
      loop.cancelTimer();
      stop.abort();
      await Promise.allSettled([reflector.done, ...loop.running]);
    },
  };
}

function put(loop: Loop, schedule: Schedule): void {
  const key: ObjectKey = {
    kind: 'Schedule',
    namespace: schedule.metadata.namespace as string,
    name: schedule.metadata.name,
  };
  const id = `${key.namespace}/${key.name}`;
  const known = loop.entries.get(id);
  const generation = schedule.metadata.generation ?? 1;
  if (!schedule.spec.active) {
    remove(loop, key);
    return;
  }
  // Our own status writes come back here: they change no rule and no base.
  if (known?.generation === generation) return;
  try {
    const entry = entryOf(loop, schedule, key, generation);
    loop.entries.set(id, entry);
    loop.counters.active = loop.entries.size;
    arm(loop, id, entry, loop.clock.now());
  } catch (error) {
    if (!(error instanceof StalledError)) throw error;
    loop.log.write('error', 'schedule cannot tick', { schedule: id, reason: error.message });
  }
}

function entryOf(loop: Loop, schedule: Schedule, key: ObjectKey, generation: number): Entry {
  const { status, spec, metadata } = schedule;
  const lastTick = instantMs(status?.lastTick) ?? -Infinity;
  let activeSince = instantMs(status?.activeSince) ?? instantMs(metadata.creationTimestamp) ?? loop.clock.now();
  if (generation > 1 && status?.observedGeneration !== generation) {
    // A changed schedule owes nothing from before the change: its past belongs to the version before.
    activeSince = loop.clock.now();
    void track(loop, recordChange(loop, key, generation, activeSince));
  }
  return {
    key,
    generation,
    rule: tickRule(schedule),
    offsetMs: spreadOffsetMs(schedule),
    catchUp: spec.catchUp,
    base: Math.max(lastTick, activeSince),
    isRunning: false,
  };
}

async function recordChange(loop: Loop, key: ObjectKey, generation: number, since: UnixMs): Promise<void> {
  try {
    await patchStatus(loop.cluster, key, { observedGeneration: generation, activeSince: instantText(since) });
  } catch (error) {
    loop.log.write('warn', 'could not record when a schedule changed', { schedule: key.name, error: String(error) });
  }
}

function remove(loop: Loop, key: ObjectKey): void {
  loop.entries.delete(`${key.namespace}/${key.name}`);
  loop.counters.active = loop.entries.size;
}

/** Sets the entry's next alarm. Alarms of replaced entries stay in the heap and are dropped when they ring. */
function arm(loop: Loop, id: string, entry: Entry, earliest: UnixMs): void {
  const tick = nextTick(entry.rule, entry.base);
  if (tick === undefined) return;
  pushHeap(loop.alarms, { at: Math.max(tick + entry.offsetMs, earliest), id, entry });
  setTimer(loop);
}

function setTimer(loop: Loop): void {
  loop.cancelTimer();
  const first = peekHeap(loop.alarms);
  if (first === undefined || loop.isStopped || loop.running.size >= MAX_TICKS_IN_FLIGHT) return;
  loop.cancelTimer = loop.clock.at(Math.min(first.at, loop.clock.now() + MAX_TIMER_MS), () => ring(loop));
}

function ring(loop: Loop): void {
  const now = loop.clock.now();
  for (;;) {
    const first = peekHeap(loop.alarms);
    if (first === undefined || first.at > now || loop.running.size >= MAX_TICKS_IN_FLIGHT || loop.isStopped) break;
    popHeap(loop.alarms);
    if (loop.entries.get(first.id) !== first.entry || first.entry.isRunning) continue;
    void track(loop, settle(loop, first.id, first.entry));
  }
  setTimer(loop);
}

async function track(loop: Loop, work: Promise<void>): Promise<void> {
  loop.running.add(work);
  await work;
  loop.running.delete(work);
  setTimer(loop);
}

/** Runs what the schedule owes, oldest first, one after the other; gives way to others after each tick. */
async function settle(loop: Loop, id: string, entry: Entry): Promise<void> {
  entry.isRunning = true;
  const now = loop.clock.now();
  let earliest = now;
  try {
    const due = dueTicks(entry.rule, entry.catchUp, entry.base, now - entry.offsetMs);
    const tick = due.ticks[0];
    if (tick === undefined) entry.base = Math.max(entry.base, due.settledUntil);
    else {
      await runTick(loop.cluster, entry.key, tick, loop.clock.now());
      entry.base = tick;
      loop.counters.started += 1;
      loop.counters.lastLatenessMs = loop.clock.now() - tick - entry.offsetMs;
    }
  } catch (error) {
    // The tick stays owed. Others are not delayed: this schedule alone waits.
    loop.counters.failed += 1;
    earliest = now + SCHEDULE_RETRY_MS;
    loop.log.write('warn', 'a tick could not start its execution', { schedule: id, error: String(error) });
  }
  entry.isRunning = false;
  if (loop.entries.get(id) === entry && !loop.isStopped) arm(loop, id, entry, earliest);
}
