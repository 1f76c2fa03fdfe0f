import { DEFAULT_MAX_PARALLELISM, DEFAULT_WORKERS } from '../../compiler/index.ts';
import type { Ownership } from '../shards/index.ts';
import { newChildren } from './children.ts';
import { type Engine, newRanked, newWakes, type PropellerOptions, type PropellerStats, pump, wake } from './engine.ts';
import { followAll } from './news.ts';
import { type Owned, setOwned } from './ownership.ts';
import { newPaging } from './parking.ts';
import { createPlans } from './plans.ts';
import { createQuotas, type Quota, type QuotaReport } from './quotas.ts';
import { newRelisting } from './relist.ts';
import { runRound } from './round.ts';
import { createSlots } from './slots.ts';

export interface Propeller {
  /** Changes the number of workers at once; rounds in flight finish. */
  setWorkers(workers: number): void;
  /** Applies to executions that name none, from their next round on, which is now. */
  setMaxParallelism(maxParallelism: number): void;
  /** Whether there is an object store for outputs that are too large for a pod; counts for attempts that start from now on. */
  setStoresOutputs(storesOutputs: boolean): void;
  /** Works on these executions alone, and as what others wrote allows. Resolves when it works on no others. */
  own(ownership: Ownership | undefined): Promise<void>;
  /** Works on every execution, with no other beside it. */
  ownAll(): Promise<void>;
  /** What executions may take at a time, from their next round on, which is now. */
  setQuotas(quotas: readonly Quota[]): void;
  /** How namespaces stand against their quotas. */
  quotas(): readonly QuotaReport[];
  stats(): PropellerStats;
  /** Takes no more work; resolves when the rounds in flight are durable. */
  stop(): Promise<void>;
}

/** Runs every execution of the cluster that is not over, from now until it is stopped. */
export function startPropeller(options: PropellerOptions): Propeller {
  const engine = newEngine(options);
  // What runs of that which is to be its own counts for all shards, and nobody else counts it.
  if (options.beginsWith === 'nothing') engine.quotas.counting(engine);
  let following: readonly Promise<void>[] = options.beginsWith === 'nothing' ? [] : followAll(engine);
  /** What has become ours is in no watch: a list brings it. One that fails is repeated by whoever follows. */
  const take = async (owned: Owned): Promise<void> => {
    await setOwned(engine, owned);
    if (owned === undefined || engine.isStopped) return;
    if (following.length === 0) following = followAll(engine);
    else countAgain(engine);
  };
  return {
    setWorkers(workers) {
      engine.workers = Math.max(1, workers);
      pump(engine);
    },
    setMaxParallelism(maxParallelism) {
      engine.maxParallelism = maxParallelism;
      for (const key of [...engine.entries.keys()]) wake(engine, key);
    },
    setStoresOutputs(storesOutputs) {
      // No kubelet puts anything there.
      engine.storesOutputs = storesOutputs && options.pods === undefined;
    },
    own: take,
    ownAll: () => take('all'),
    setQuotas(quotas) {
      engine.quotas.set(quotas);
      // What runs where there was no quota before is not counted yet.
      if (following.length > 0) countAgain(engine);
    },
    quotas: () => engine.quotas.report(),
    stats: () => statsOf(engine),
    async stop() {
      engine.ending.abort();
      engine.isStopped = true;
      engine.quotas.counted(engine);
      engine.cancelWake?.();
      engine.cancelSweep?.();
      engine.paging.cancel?.();
      engine.relisting.cancel?.();
      await Promise.all([...following, engine.children.following]);
      if (engine.busy > 0) {
        await new Promise<void>((resolve) => {
          engine.onIdle = resolve;
        });
      }
    },
  };
}

/** Lists all executions once more; what runs of them counts against quotas only then. */
function countAgain(engine: Engine): void {
  engine.isListedAnew = false;
  engine.quotas.counting(engine);
  engine.listAgain();
}

function newEngine(options: PropellerOptions): Engine {
  const engine: Engine = {
    options,
    plans: createPlans(options.cluster),
    slots: createSlots(),
    quotas: options.quotas ?? createQuotas(),
    owned: options.beginsWith === 'nothing' ? undefined : 'all',
    draining: new Map(),
    listAgain: () => undefined,
    isListedAnew: false,
    entries: new Map(),
    children: newChildren(),
    ending: new AbortController(),
    queue: [],
    head: 0,
    ranked: newRanked(),
    turn: 0,
    workers: Math.max(1, options.workers ?? DEFAULT_WORKERS),
    busy: 0,
    maxParallelism: options.maxParallelism ?? DEFAULT_MAX_PARALLELISM,
    storesOutputs: false,
    wakes: newWakes(),
    paging: newPaging(),
    relisting: newRelisting(),
    suspects: new Map(),
    cacheWaiters: new Map(),
    cancelWake: undefined,
    cancelSweep: undefined,
    isStopped: false,
    counters: { rounds: 0, roundMs: 0, transitions: 0, writes: 0, conflicts: 0, failures: 0, quarantined: 0 },
    run: (entry) => runRound(engine, entry),
    onIdle: undefined,
  };
  return engine;
}

function statsOf(engine: Engine): PropellerStats {
  return {
    workers: engine.workers,
    freeWorkers: Math.max(0, engine.workers - engine.busy),
    queueDepth: engine.queue.length - engine.head + engine.ranked.items.length,
    hotExecutions: engine.entries.size,
    ...engine.counters,
  };
}
