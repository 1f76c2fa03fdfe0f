import type { Platform, Pod } from '../../../src/cluster/index.ts';
import { createShardMap, type ShardMap } from '../../../src/control/shards/index.ts';
import { parseQuantity } from '../../../src/language/index.ts';
import { recoveryMs } from '../world/processes.ts';
import type { Commit } from '../world/store.ts';
import { type ExecutionFacts, type Facts, type Invariant, isOver, isTold, type PodFacts, podFactsOf } from './facts.ts';

type Quota = NonNullable<Platform['spec']['quotas']>[number];

/** What the platform that counts allowed from then on. */
interface Version {
  readonly since: number;
  readonly quotas: readonly Quota[];
}

interface Memory {
  readonly platforms: Map<string, readonly Quota[]>;
  readonly versions: Version[];
  /** By namespace: how many executions have begun, and attempts been started, so far. */
  readonly begun: Map<string, number>;
  /** Who waited with room left when it was last looked at, and what had begun by then. */
  waiting: Map<string, number>;
}

const memories = new WeakMap<Facts, Memory>();
const MINUTE = 60_000;
/** A platform is known everywhere after so long: what it no longer allows is not begun any more. */
const KNOWN_MS = 10 * MINUTE;
/** Over a network, what a process that has died had sent may still arrive; counts are as true as what is written. */
const SETTLED_MS = 5 * MINUTE;

function memoryOf(facts: Facts): Memory {
  const known = memories.get(facts) ?? { platforms: new Map(), versions: [], begun: new Map(), waiting: new Map() };
  memories.set(facts, known);
  return known;
}

/** 13: what executions of a namespace take together stays within its quota whenever something begins; and all get their turn. */
export const quotasHold: Invariant = {
  of: ['Execution', 'Pod', 'Platform'],
  before(facts, commit) {
    if (commit.kind !== 'status' || commit.key.kind !== 'Execution' || commit.patch.phase !== 'Running') return;
    const execution = facts.byKey.get(`${commit.key.namespace}/${commit.key.name}`);
    if (execution === undefined || execution.phase === 'Running' || isChild(execution)) return;
    // Of one that was poisoned a user may have said it, whom no quota holds back.
    if (facts.users.poisoned.has(execution.key)) return;
    const namespace = commit.key.namespace ?? '';
    begins(facts, namespace);
    const limit = limitOf(facts, namespace, ({ maxExecutions }) => maxExecutions);
    if (limit === Number.POSITIVE_INFINITY) return;
    const running = 1 + runningWith(facts, execution);
    if (running > limit)
      facts.violate(13, `${running} executions run in ${namespace}, where its quota allows ${limit}`);
  },
  after(facts, commit) {
    seePlatform(facts, commit);
    if (commit.kind !== 'put' || commit.object.kind !== 'Pod' || commit.before !== undefined) return;
    const pod = podFactsOf(commit.object as Pod);
    const execution = facts.executions.get(pod.execution);
    if (execution === undefined || execution.isDeleted) return;
    const namespace = commit.object.metadata.namespace ?? '';
    begins(facts, namespace);
    const live = liveWith(facts, execution, pod);
    if (live === undefined) return;
    judge(facts, namespace, 'attempts', live.length, ({ maxTasks }) => maxTasks);
    judge(facts, namespace, 'cores', total(live, 'cpu'), ({ cpu }) => amount(cpu));
    judge(facts, namespace, 'bytes', total(live, 'memory'), ({ memory }) => amount(memory));
  },
};

function judge(
  facts: Facts,
  namespace: string,
  what: string,
  taken: number,
  allowed: (quota: Quota) => number | undefined,
): void {
  const limit = limitOf(facts, namespace, allowed);
  // Sums of fractions.
  if (taken > limit + 1e-6) facts.violate(13, `${taken} ${what} live in ${namespace}, where its quota allows ${limit}`);
}

/** One engine serves all projects: of several platforms the first counts. */
function seePlatform(facts: Facts, commit: Commit): void {
  const isPut = commit.kind === 'put' && commit.object.kind === 'Platform';
  if (!isPut && (commit.kind !== 'delete' || commit.key.kind !== 'Platform')) return;
  const { platforms, versions } = memoryOf(facts);
  const { metadata, spec } = commit.object as Platform;
  const key = `${metadata.namespace}/${metadata.name}`;
  if (isPut) platforms.set(key, spec.quotas ?? []);
  else platforms.delete(key);
  const [first] = [...platforms.keys()].sort();
  const quotas = platforms.get(first ?? '') ?? [];
  versions.push({ since: facts.world.timeline.now, quotas });
}

/** The most that any of the platforms allows that somebody may still go by. */
function limitOf(facts: Facts, namespace: string, allowed: (quota: Quota) => number | undefined): number {
  const { versions } = memoryOf(facts);
  const from = facts.world.timeline.now - KNOWN_MS;
  let most = 0;
  for (let at = versions.length - 1; at >= 0; at--) {
    const { since, quotas } = versions[at] as Version;
    const quota = quotas.find((each) => fits(namespace, each));
    most = Math.max(most, (quota && allowed(quota)) ?? Number.POSITIVE_INFINITY);
    if (since < from) return most;
  }
  return Number.POSITIVE_INFINITY;
}

function fits(namespace: string, { project, domain }: Quota): boolean {
  if (project !== undefined && domain !== undefined) return namespace === `${project}-${domain}`;
  if (project !== undefined) return namespace.startsWith(`${project}-`);
  return domain === undefined || namespace.endsWith(`-${domain}`);
}

function amount(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseQuantity(text);
}

function total(pods: readonly PodFacts[], name: 'cpu' | 'memory'): number {
  return pods.reduce((sum, { resources }) => {
    return sum + (amount(resources?.requests?.[name] ?? resources?.limits?.[name]) ?? 0);
  }, 0);
}

function isChild({ spec }: ExecutionFacts): boolean {
  return spec.trigger.kind === 'execution';
}

const MAPS = new Map<number, ShardMap>();

/**
 * Whether another execution is counted by the same process: in one process all are, of several each counts what is its
 * own. Undefined: nobody can tell now.
 */
function countedWith({ world }: Facts, execution: ExecutionFacts): ((other: ExecutionFacts) => boolean) | undefined {
  if (world.plan.mode === 'embedded') return () => true;
  if (world.worstSkewMs > 0 || world.troubledUntil > world.timeline.now - SETTLED_MS) return undefined;
  const map = MAPS.get(world.shards) ?? createShardMap({ strategy: 'hash', shards: world.shards });
  MAPS.set(world.shards, map);
  const ownerOf = ({ key, shardKey }: ExecutionFacts): string => map.ownerOf(key.slice(0, key.indexOf('/')), shardKey);
  const owner = ownerOf(execution);
  return (other) => ownerOf(other) === owner;
}

/** Other executions that have begun and are not over, of those that are counted together; children are parts of their parents. */
function runningWith(facts: Facts, execution: ExecutionFacts): number {
  const isCounted = countedWith(facts, execution);
  return isCounted === undefined ? 0 : runningOf(facts, execution, isCounted);
}

function runningOf(facts: Facts, execution: ExecutionFacts, isCounted: (other: ExecutionFacts) => boolean): number {
  const namespace = execution.key.slice(0, execution.key.indexOf('/') + 1);
  let running = 0;
  for (const other of facts.byKey.values()) {
    if (other === execution || other.phase !== 'Running' || !other.key.startsWith(namespace) || isChild(other))
      continue;
    if (!facts.users.poisoned.has(other.key) && isCounted(other)) running++;
  }
  return running;
}

/** The attempts that live when this one begins. Where pods are written before the status, those that status tells of. */
function liveWith(facts: Facts, execution: ExecutionFacts, pod: PodFacts): readonly PodFacts[] | undefined {
  const isCounted = countedWith(facts, execution);
  if (isCounted === undefined) return undefined;
  const isEmbedded = facts.world.plan.mode === 'embedded';
  const namespace = execution.key.slice(0, execution.key.indexOf('/') + 1);
  const live = [pod];
  for (const other of facts.byKey.values()) {
    if (other.livePods.size === 0 || !other.key.startsWith(namespace) || isOver(other) || !isCounted(other)) continue;
    for (const each of other.livePods.values()) {
      if (each.uid !== pod.uid && isTold(other, each) && (isEmbedded || each.index < 0)) live.push(each);
    }
  }
  return live;
}

function begins(facts: Facts, namespace: string): void {
  const { begun } = memoryOf(facts);
  begun.set(namespace, (begun.get(namespace) ?? 0) + 1);
}

/** 13: nobody is left in line while there is room: looked at twice, with nothing begun in between. */
export const nobodyStarves: Invariant = {
  end(facts) {
    const memory = memoryOf(facts);
    const { waiting } = memory;
    memory.waiting = new Map();
    const { timeline, troubledUntil } = facts.world;
    const calmSince = timeline.now - recoveryMs(facts.world.plan.seed);
    const last = memory.versions.at(-1);
    if (troubledUntil > calmSince || last === undefined || last.since > calmSince) return;
    for (const execution of facts.byKey.values()) {
      if (isOver(execution) || (execution.spec.desired ?? 'Running') !== 'Running') continue;
      const namespace = execution.key.slice(0, execution.key.indexOf('/'));
      const quota = last.quotas.find((each) => fits(namespace, each));
      if (quota === undefined || !hasIdleRoom(facts, execution, quota)) continue;
      const begun = memory.begun.get(namespace) ?? 0;
      if (waiting.get(execution.uid) === begun)
        facts.violate(13, `${execution.key} waits with room left: ${execution.message}`);
      memory.waiting.set(execution.uid, begun);
    }
  },
};

/** Whether it waits for its quota, though some of it is certainly free. */
function hasIdleRoom(facts: Facts, execution: ExecutionFacts, { maxExecutions }: Quota): boolean {
  const { phase, message, key } = execution;
  if (phase === 'Queued' && message.startsWith('queued: the quota of')) {
    // Where nobody can tell which are counted together, all may be.
    const isCounted = countedWith(facts, execution) ?? (() => true);
    return runningOf(facts, execution, isCounted) < (maxExecutions ?? Number.POSITIVE_INFINITY);
  }
  if (phase !== 'Running' || !message.includes('waits for room')) return false;
  // Something of it goes on: a child, or an attempt that is to be tried again.
  for (const node of execution.nodes.values()) if (node.phase === 'Queued' || node.phase === 'Running') return false;
  const namespace = key.slice(0, key.indexOf('/') + 1);
  for (const other of facts.byKey.values()) {
    if (other.livePods.size > 0 && other.key.startsWith(namespace) && !isOver(other)) return false;
  }
  return true;
}
