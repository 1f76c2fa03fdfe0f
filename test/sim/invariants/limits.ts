import type { Execution, Lease, Pod } from '../../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../../src/compiler/closure.ts';
import type { PropellerStats } from '../../../src/control/propeller/index.ts';
import { contentOf } from './content.ts';
import { type ExecutionFacts, type Facts, type Invariant, isOver, podFactsOf } from './facts.ts';

/** The most that any generated Platform allows. */
const MOST_PARALLEL = 25;

/** 13: tasks at a time per execution, subtasks at a time per map. */
export const parallelismHolds: Invariant = {
  of: ['Pod'],
  after(facts, commit) {
    if (commit.kind !== 'put' || commit.object.kind !== 'Pod' || commit.before !== undefined) return;
    const pod = podFactsOf(commit.object as Pod);
    const execution = facts.executions.get(pod.execution);
    if (execution === undefined || execution.isDeleted) return;
    let live = 0;
    for (const other of execution.livePods.values()) {
      if (pod.index < 0 ? other.index < 0 : other.node === pod.node) live++;
    }
    const limit =
      pod.index < 0
        ? (execution.spec.maxParallelism ?? MOST_PARALLEL)
        : concurrencyOf(facts, execution.spec.closure, pod.node);
    if (live > limit) facts.violate(13, `${live} attempts of ${execution.key} live at a time, not ${limit}`);
  },
};

function concurrencyOf(facts: Facts, closure: string, id: string): number {
  const content = contentOf(facts.world.store, closure) as WorkflowClosure | undefined;
  const node = content?.nodes.find((each) => each.id === id);
  return node?.kind === 'map' ? (node.concurrency ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

/** 13: executions of one launch plan at a time, when one of them begins: later versions of the plan may allow more. */
export const concurrencyHolds: Invariant = {
  of: ['Execution'],
  before(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || commit.patch.phase !== 'Running') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    const { concurrency, launchPlan } = execution?.spec ?? {};
    if (execution === undefined || concurrency === undefined || execution.phase === 'Running') return;
    let running = 1;
    for (const other of facts.byKey.values()) {
      const { spec, phase, key } = other;
      if (phase !== 'Running' || spec.launchPlan !== launchPlan || spec.concurrency === undefined) continue;
      if (key.startsWith(`${commit.key.namespace}/`)) running++;
    }
    if (running > concurrency.limit) {
      facts.violate(13, `${running} executions of ${launchPlan} run at a time, not ${concurrency.limit}`);
    }
  },
};

const CALM_MS = 40 * 60_000;
/** Who waited for a place of its launch plan when some were free, by uid, and how many of that plan had begun by then. */
const inLine = new WeakMap<Facts, ReadonlyMap<string, number>>();

/** 13: nobody is left in line for a launch plan that has a place free: looked at twice, with nothing begun in between. */
export const linesMove: Invariant = {
  end(facts) {
    const before = inLine.get(facts);
    const waiting = new Map<string, number>();
    inLine.set(facts, waiting);
    if (facts.world.troubledUntil > facts.world.timeline.now - CALM_MS) return;
    for (const execution of facts.byKey.values()) {
      const { concurrency, desired = 'Running' } = execution.spec;
      if (concurrency === undefined || desired !== 'Running' || execution.phase !== 'Queued') continue;
      if (!execution.message.startsWith('queued: launch plan')) continue;
      const [taken, begun, least] = placesOf(facts, execution);
      // Who is ahead may be of a version of the plan that allows fewer, and holds up those behind it.
      if (taken >= least) continue;
      if (before?.get(execution.uid) === begun) {
        facts.violate(13, `${execution.key} is in line, and ${taken} of ${concurrency.limit} places are taken`);
      }
      waiting.set(execution.uid, begun);
    }
  },
};

/**
 * Of the launch plan of an execution: places that are taken, also by those whom a quota holds back, how many have begun so
 * far, and the fewest places that one in line knows of.
 */
function placesOf(facts: Facts, { key, spec }: ExecutionFacts): readonly [taken: number, begun: number, least: number] {
  const namespace = key.slice(0, key.indexOf('/') + 1);
  let taken = 0;
  let begun = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const other of facts.executions.values()) {
    if (other.spec.launchPlan !== spec.launchPlan || !other.key.startsWith(namespace)) continue;
    if (other.phase !== 'Queued' && other.phase !== 'Pending') begun++;
    if (other.spec.concurrency === undefined || isOver(other)) continue;
    const isInLine = other.phase === 'Queued' && other.message.startsWith('queued: launch plan');
    if (isInLine) least = Math.min(least, other.spec.concurrency.limit);
    else taken++;
  }
  return [taken, begun, least];
}

/** Queues do not grow and shrink from one write to the next: of so many instants one is looked at. */
const QUEUES_OF = 8;

/** 18: what the engines keep in memory is bounded by what lives. */
export const queuesAreBounded: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || facts.world.timeline.events % QUEUES_OF !== 0) return;
    const most = facts.executions.size;
    for (const stats of enginesOf(facts)) {
      if (stats.queueDepth > most) facts.violate(18, `${stats.queueDepth} turns wait for ${most} executions`);
      if (stats.freeWorkers > stats.workers)
        facts.violate(18, `${stats.freeWorkers} of ${stats.workers} workers are free`);
    }
  },
  end(facts) {
    for (const { workers, freeWorkers, hotExecutions } of enginesOf(facts)) {
      if (freeWorkers !== workers) facts.violate(18, `${workers - freeWorkers} workers are stuck`);
      if (hotExecutions > 0) facts.violate(18, `${hotExecutions} executions are kept in memory at rest`);
    }
  },
};

function enginesOf({ world }: Facts): readonly PropellerStats[] {
  return [...world.processes.values()].flatMap(({ stats }) => stats());
}

/** By uid of the execution: its owners in their order, each with the division of keys under which it wrote last. */
const histories = new WeakMap<Facts, Map<string, Map<string, number>>>();

/** 5: an execution has one owner at a time, and none that was replaced writes again before keys are divided anew. */
export const ownersFollowEachOther: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution') return;
    const { shard } = commit.patch as { shard?: { id?: string; epoch?: number } | null };
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (shard === undefined || shard === null || execution === undefined) return;
    const all = histories.get(facts) ?? new Map<string, Map<string, number>>();
    histories.set(facts, all);
    const history = all.get(execution.uid) ?? new Map<string, number>();
    all.set(execution.uid, history);
    const last = [...history.keys()].at(-1) ?? '@0';
    const [lastId, lastEpoch] = last.split('@');
    const owner = `${shard.id ?? lastId}@${shard.epoch ?? lastEpoch}`;
    const { divisions } = facts.world;
    // Whose clock was set may take a lease before its time: then only what is written is fenced, not who writes.
    if (last !== owner && history.get(owner) === divisions && facts.world.worstSkewMs === 0) {
      facts.violate(5, `${owner} writes ${execution.key} again after ${last}`);
    }
    history.delete(owner);
    history.set(owner, divisions);
  },
};

/** By owner, which is a shard and an epoch: the process that has it. */
const writers = new WeakMap<Facts, Map<string, string>>();

/** 5: whoever writes an execution is whom its status names as its owner: else it did not know what another had written. */
export const ownersAreTrue: Invariant = {
  of: ['Execution'],
  after(facts, commit) {
    const { by } = commit;
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || by?.startsWith('propeller') !== true) return;
    const key = `${commit.key.namespace}/${commit.key.name}`;
    // One process alone needs no lease, and names none; and what cannot be run is ended by whoever finds it so.
    if (facts.world.plan.mode === 'embedded' || facts.users.poisoned.has(key)) return;
    const { shard } = (facts.world.store.find(commit.key) as Execution | undefined)?.status ?? {};
    if (shard === undefined) return;
    const known = writers.get(facts) ?? new Map<string, string>();
    writers.set(facts, known);
    const owner = `${shard.id}@${shard.epoch}`;
    const writer = known.get(owner) ?? by;
    known.set(owner, writer);
    if (writer !== by) facts.violate(5, `${by} writes ${key}, which is that of ${owner}, ${writer}`);
  },
};

/** The epoch of each shard's lease, and since when. */
const epochs = new WeakMap<Facts, Map<string, { readonly epoch: number; readonly since: number }>>();
/** What was under way when a lease was lost may arrive so much later over a slow network. */
const ARRIVING_MS = 5 * 60_000;

/** 5: whoever lost its lease begins nothing more, also of what another has not touched yet. */
export const losersAreSilent: Invariant = {
  of: ['Execution', 'Lease'],
  after(facts, commit) {
    const leases = epochs.get(facts) ?? new Map<string, { readonly epoch: number; readonly since: number }>();
    epochs.set(facts, leases);
    const { now } = facts.world.timeline;
    if (commit.kind === 'put' && commit.object.kind === 'Lease') {
      const { metadata, spec } = commit.object as Lease;
      const epoch = spec.leaseTransitions ?? 0;
      if (leases.get(metadata.name)?.epoch !== epoch) leases.set(metadata.name, { epoch, since: now });
    }
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || facts.world.worstSkewMs > 0) return;
    const { shard } = commit.patch as { shard?: { id?: string; epoch?: number } | null };
    const lease = leases.get(`pipectl-${shard?.id}`);
    if (shard?.epoch === undefined || lease === undefined || shard.epoch >= lease.epoch) return;
    if (lease.since < now - ARRIVING_MS) {
      facts.violate(
        5,
        `${shard.id} begins ${commit.key.name} in epoch ${shard.epoch}, long after ${lease.epoch} began`,
      );
    }
  },
};
