import {
  type Clock,
  createHeap,
  ENGINE_PARK_AFTER_MS,
  type Heap,
  type Log,
  PRIORITY_TURNS,
  peekHeap,
  popHeap,
  pushHeap,
  type Random,
  type UnixMs,
} from '../../base/index.ts';
import type { Cluster, Execution, ExecutionCost, ExecutionPhase } from '../../cluster/index.ts';
import type { EngineState, Observation, Settings, StepResult } from '../../propeller/index.ts';
import type { PodForm } from '../../runtime/index.ts';
import type { Children } from './children.ts';
import { type AttemptRef, type Entry, newEntry } from './entry.ts';
import type { Owned } from './ownership.ts';
import type { Paging } from './parking.ts';
import type { Plans } from './plans.ts';
import type { Quotas } from './quotas.ts';
import type { Relisting } from './relist.ts';
import type { Slots } from './slots.ts';

/** A step that is about to be made. */
export interface StepSeen {
  readonly execution: Execution;
  /** Another object than at the step before: it has been restored in between. */
  readonly state: EngineState;
  readonly observations: readonly Observation[];
  readonly now: UnixMs;
  readonly settings: Settings;
}

export interface PropellerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How attempts become pods for kubelets. Absent: as the node agent of one machine takes them. */
  readonly pods?: PodForm;
  /** Executions that are stepped and written at a time. Absent: DEFAULT_WORKERS. */
  readonly workers?: number;
  /** For executions that name none. Absent: DEFAULT_MAX_PARALLELISM. */
  readonly maxParallelism?: number;
  /** See Settings.maxStreak. Absent: a chain of `compute` nodes is one write. */
  readonly maxStreak?: number;
  /** The cluster holds no foreign pods, so they are watched without a selector: the store then keeps nothing for the watch. */
  readonly hasOnlyOwnPods?: boolean;
  /** How long an execution that has nothing to do stays in memory. Absent: ENGINE_PARK_AFTER_MS. */
  readonly parkAfterMs?: number;
  /** Parked executions that are due within so long are in memory, as their times. Absent: PARK_WINDOW_MS. */
  readonly parkWindowMs?: number;
  /** Shared by the shards of one process. Absent: its own, and there are none before `setQuotas`. */
  readonly quotas?: Quotas;
  /** Absent: it is alone and owns every execution. */
  readonly beginsWith?: 'nothing';
  /** Told after each round, for histograms. */
  readonly onRound?: (round: { readonly seconds: number; readonly transitions: number }) => void;
  /** Sees each step before it is made, and its result after: what was observed can be replayed. */
  readonly onStep?: (seen: StepSeen) => (result: StepResult) => void;
  /** Told of each execution whose end has just become durable. */
  readonly onEnded?: (ended: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string | undefined;
    readonly finishedAt: UnixMs;
    readonly workflow: string;
    readonly launchPlan: string | undefined;
    readonly phase: ExecutionPhase;
    readonly cost: ExecutionCost | undefined;
  }) => void;
}

/** Counters since the start, and what is now. */
export interface PropellerStats {
  readonly workers: number;
  readonly freeWorkers: number;
  readonly queueDepth: number;
  /** Executions held in memory; parked ones are not. */
  readonly hotExecutions: number;
  readonly rounds: number;
  /** Their lengths together. */
  readonly roundMs: number;
  readonly transitions: number;
  readonly writes: number;
  readonly conflicts: number;
  readonly failures: number;
  readonly quarantined: number;
}

/** What all parts of one propeller share. */
export interface Engine {
  readonly options: PropellerOptions;
  readonly plans: Plans;
  slots: Slots;
  readonly quotas: Quotas;
  owned: Owned;
  /** Entries with a round in flight that are no longer ours, and whom to tell when it is over. */
  readonly draining: Map<Entry, () => void>;
  /** Lists all executions anew. */
  listAgain: () => void;
  /** Whether the list that is being read, or was read last, began after one was last asked for. */
  isListedAnew: boolean;
  readonly entries: Map<string, Entry>;
  readonly children: Children;
  /** Ends the watches. */
  readonly ending: AbortController;
  /** Keys' turns, first come first served; each entry at most once. Those that have a priority are in `ranked` instead. */
  queue: Entry[];
  head: number;
  readonly ranked: Heap<Entry>;
  /** Turns asked for so far. */
  turn: number;
  workers: number;
  busy: number;
  maxParallelism: number;
  /** Outputs that are too large for a pod can go to an object store. */
  storesOutputs: boolean;
  readonly wakes: Heap<Wake>;
  readonly paging: Paging;
  readonly relisting: Relisting;
  /**
   * Executions of which pods or children may live that their status does not tell of, with the live attempts that were just listed;
   * undefined: whoever loads one lists its pods. See strays.ts.
   */
  readonly suspects: Map<string, AttemptRef[] | undefined>;
  /** Executions that wait for a cache entry, by namespace and key: told when it is filled here. */
  readonly cacheWaiters: Map<string, Set<string>>;
  cancelWake: (() => void) | undefined;
  cancelSweep: (() => void) | undefined;
  isStopped: boolean;
  readonly counters: {
    rounds: number;
    roundMs: number;
    transitions: number;
    writes: number;
    conflicts: number;
    failures: number;
    quarantined: number;
  };
  /** Runs one round of an entry that has a worker; must call `finishRound` once. */
  readonly run: (entry: Entry) => void;
  /** Called when the last round in flight is done. */
  onIdle: (() => void) | undefined;
}

export interface Wake {
  readonly at: UnixMs;
  readonly key: string;
  /** It waits for nothing but to try again. */
  readonly isRetry: boolean;
}

export function newRanked(): Heap<Entry> {
  return createHeap<Entry>((a, b) => a.turn < b.turn);
}

export function newWakes(): Heap<Wake> {
  return createHeap<Wake>((a, b) => a.at < b.at);
}

/** The entry of a key, made when it is parked or new. */
export function entryOf(engine: Engine, key: string): Entry {
  const known = engine.entries.get(key);
  if (known !== undefined) return known;
  const entry = newEntry(key, engine.options.clock.now());
  engine.entries.set(key, entry);
  armSweep(engine);
  return entry;
}

/** Gives the execution a turn. Many wakes before its turn are one. */
export function wake(engine: Engine, key: string): Entry {
  const entry = entryOf(engine, key);
  if (entry.isBusy) entry.isDirty = true;
  else if (!entry.isQueued) {
    enqueue(engine, entry);
    if (engine.busy < engine.workers) pump(engine);
  }
  return entry;
}

/** A point of priority is worth a number of turns, so whoever waits long enough comes before all that ask later. */
function enqueue(engine: Engine, entry: Entry): void {
  const priority = entry.execution?.spec.priority ?? 0;
  entry.isQueued = true;
  entry.turn = engine.turn++ - priority * PRIORITY_TURNS;
  if (priority === 0) engine.queue.push(entry);
  else pushHeap(engine.ranked, entry);
}

function dequeue(engine: Engine): Entry | undefined {
  const first = engine.queue[engine.head];
  const ranked = peekHeap(engine.ranked);
  if (ranked !== undefined && (first === undefined || ranked.turn < first.turn)) return popHeap(engine.ranked);
  if (first === undefined) return undefined;
  engine.head++;
  // The queue is an array that is read from its front: shed the read part now and then.
  if (engine.head > 1_024 && engine.head * 2 > engine.queue.length) {
    engine.queue = engine.queue.slice(engine.head);
    engine.head = 0;
  }
  return first;
}

/** Hands waiting executions to free workers. */
export function pump(engine: Engine): void {
  while (!engine.isStopped && engine.busy < engine.workers) {
    const entry = dequeue(engine);
    if (entry === undefined) return;
    entry.isQueued = false;
    // It was forgotten, or another took its name, while it waited.
    if (engine.entries.get(entry.key) !== entry) continue;
    entry.isBusy = true;
    engine.busy++;
    entry.roundStartedAt = engine.options.clock.now();
    engine.run(entry);
  }
}

/** The worker is free again; the execution gets another turn when it asked for one, or something happened to it. */
export function finishRound(engine: Engine, entry: Entry, wantsMore: boolean): void {
  engine.busy--;
  entry.isBusy = false;
  entry.lastRoundAt = engine.options.clock.now();
  if (engine.draining.size > 0) endDraining(engine, entry);
  if (engine.isStopped) {
    if (engine.busy === 0) engine.onIdle?.();
    return;
  }
  const isKnown = engine.entries.get(entry.key) === entry;
  if (
    isKnown &&
    (wantsMore || entry.isDirty || entry.inbox.length > 0 || entry.pods.length > 0 || entry.children.length > 0)
  ) {
    entry.isDirty = false;
    enqueue(engine, entry);
  }
  pump(engine);
}

function endDraining(engine: Engine, entry: Entry): void {
  const tell = engine.draining.get(entry);
  if (tell === undefined) return;
  engine.draining.delete(entry);
  if (engine.entries.get(entry.key) === entry) engine.entries.delete(entry.key);
  tell();
}

/** Gives the execution a turn at `at`, parked or not. */
export function wakeLater(engine: Engine, entry: Entry, at: UnixMs | undefined): void {
  if (at === undefined || entry.wakeAt === at) return;
  entry.wakeAt = at;
  wakeKey(engine, entry.key, at);
}

/** After a failure: `afterMs` from now, whatever the clock is set to meanwhile. */
export function retryLater(engine: Engine, entry: Entry, afterMs: number): void {
  const at = engine.options.clock.now() + afterMs;
  entry.wakeAt = at;
  wakeKey(engine, entry.key, at, true);
}

/** The same, and it need not be in memory. */
export function wakeKey(engine: Engine, key: string, at: UnixMs, isRetry = false): void {
  const next = peekHeap(engine.wakes);
  pushHeap(engine.wakes, { at, key, isRetry });
  if (next === undefined || at < next.at) armWake(engine);
}

function armWake(engine: Engine): void {
  engine.cancelWake?.();
  const next = peekHeap(engine.wakes);
  engine.cancelWake =
    next === undefined || engine.isStopped
      ? undefined
      : engine.options.clock.at(next.at, () => {
          const now = engine.options.clock.now();
          if (next.at > now + CLOCK_STEP_MS) wakeRetries(engine);
          for (let due = peekHeap(engine.wakes); due !== undefined && due.at <= now; due = peekHeap(engine.wakes)) {
            popHeap(engine.wakes);
            const entry = wake(engine, due.key);
            if (entry.wakeAt === due.at) entry.wakeAt = undefined;
          }
          armWake(engine);
        });
}

/** A timer is no earlier than that, unless the clock was set. */
const CLOCK_STEP_MS = 1_000;

/** The clock was set back since the timer was: who only waits to try again does not wait for that time to come again. */
function wakeRetries(engine: Engine): void {
  for (const { key, isRetry } of engine.wakes.items) if (isRetry) wake(engine, key);
}

/** Forgets executions that had nothing to do for a while. Their wake-ups stay. */
function armSweep(engine: Engine): void {
  if (engine.cancelSweep !== undefined || engine.isStopped) return;
  const { clock, parkAfterMs = ENGINE_PARK_AFTER_MS } = engine.options;
  engine.cancelSweep = clock.at(clock.now() + parkAfterMs, () => {
    engine.cancelSweep = undefined;
    const idleSince = clock.now() - parkAfterMs;
    for (const [key, entry] of engine.entries) {
      if (!entry.isBusy && !entry.isQueued && entry.lastRoundAt <= idleSince) engine.entries.delete(key);
    }
    if (engine.entries.size > 0) armSweep(engine);
  });
}

/** Forgets an execution that is over or gone, and wakes who waited for its place. */
export function drop(engine: Engine, entry: Entry): void {
  engine.entries.delete(entry.key);
  engine.children.parents.delete(entry.key);
  for (const next of engine.slots.release(entry.key)) wake(engine, next);
}
