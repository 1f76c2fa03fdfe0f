import type { Json } from '../../../src/base/index.ts';
import {
  ANNOTATION,
  type Container,
  type Execution,
  isTerminalPhase,
  LABEL,
  mergePatch,
  type NodeStatus,
  type Pod,
  shardKey,
} from '../../../src/cluster/index.ts';
import type { Users } from '../workload/users.ts';
import type { Commit } from '../world/store.ts';
import type { World } from '../world/world.ts';

/** An execution as the commits so far made it. */
export interface ExecutionFacts {
  readonly key: string;
  readonly uid: string;
  spec: Execution['spec'];
  phase: string;
  message: string;
  readonly nodes: Map<string, NodeStatus>;
  outputs: Json | undefined;
  /** Pods that may have a process, by name. */
  readonly livePods: Map<string, PodFacts>;
  /** Highest attempt of each node and subtask. */
  readonly attempts: Map<string, number>;
  /** The engine has told an attempt to end because of an abort. */
  isAborting: boolean;
  /** When something happened to it that its status must tell of, and does not yet. */
  unansweredSince: number | undefined;
  /** Of its shard. */
  readonly shardKey: number;
  /** When it was last written, or a pod of it was. */
  changedAt: number;
  /** Attempts that ended by the task's own doing, of each node. */
  readonly ownFailures: Map<string, number>;
  /** Pods whose start no status has told of yet. */
  unjudged: (PodFacts & { readonly inputs: string })[];
  isDeleted: boolean;
}

export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly execution: string;
  readonly node: string;
  readonly index: number;
  readonly attempt: number;
  readonly digest: string;
  readonly resources: Container['resources'];
  /** The engine has asked it to end. */
  isAborted: boolean;
}

/** What the world showed so far, kept up with each commit. Invariants read it; nothing of the world does. */
export interface Facts {
  readonly world: World;
  readonly users: Users;
  /** By uid. */
  readonly executions: Map<string, ExecutionFacts>;
  /** `namespace/name` → the execution that has the name now. */
  readonly byKey: Map<string, ExecutionFacts>;
  readonly podsByUid: Map<string, PodFacts>;
  /** Executions, as `namespace/name`, that were deleted before a watermark was past their tick: they may come again. */
  readonly erased: Set<string>;
  readonly violate: (invariant: number, text: string) => void;
}

/** Looks at one commit, before and after `facts` have taken it in. */
export interface Invariant {
  /** Kinds whose commits it looks at; absent: all. */
  readonly of?: readonly string[];
  readonly before?: (facts: Facts, commit: Commit) => void;
  readonly after?: (facts: Facts, commit: Commit) => void;
  /** Once all is calm and everything had time to come to rest. */
  readonly end?: (facts: Facts) => void;
}

export function createFacts(world: World, users: Users, violate: Facts['violate']): Facts {
  return { world, users, executions: new Map(), byKey: new Map(), podsByUid: new Map(), erased: new Set(), violate };
}

export function takeIn(facts: Facts, commit: Commit): void {
  const kind = commit.kind === 'put' ? commit.object.kind : commit.key.kind;
  if (kind === 'Execution') takeExecution(facts, commit);
  else if (kind === 'Pod') takePod(facts, commit);
}

function takeExecution({ executions, byKey, world }: Facts, commit: Commit): void {
  const { now } = world.timeline;
  if (commit.kind === 'put') {
    const { metadata, spec } = commit.object as Execution;
    const key = `${metadata.namespace}/${metadata.name}`;
    const uid = metadata.uid as string;
    const known = executions.get(uid);
    if (known !== undefined) {
      if (spec.desired === 'Aborted' && known.spec.desired !== 'Aborted') known.unansweredSince ??= now;
      known.spec = spec;
      known.changedAt = now;
      return;
    }
    const facts: ExecutionFacts = {
      key,
      uid,
      spec,
      phase: 'Pending',
      message: '',
      nodes: new Map(),
      outputs: undefined,
      livePods: new Map(),
      attempts: new Map(),
      isAborting: false,
      unansweredSince: now,
      changedAt: now,
      ownFailures: new Map(),
      unjudged: [],
      shardKey: Number(metadata.labels?.[LABEL.shardKey] ?? shardKey(metadata.namespace ?? '', metadata.name)),
      isDeleted: false,
    };
    executions.set(uid, facts);
    byKey.set(key, facts);
    return;
  }
  const key = `${commit.key.namespace}/${commit.key.name}`;
  const execution = byKey.get(key);
  if (execution === undefined) return;
  if (commit.kind === 'delete') {
    execution.isDeleted = true;
    byKey.delete(key);
    return;
  }
  const { phase, nodes, outputs, message } = commit.patch;
  execution.changedAt = now;
  if (phase !== undefined || nodes !== undefined) execution.unansweredSince = undefined;
  if (message !== undefined) execution.message = String(message ?? '');
  if (typeof phase === 'string') execution.phase = phase;
  if (outputs !== undefined) execution.outputs = outputs;
  for (const [id, patch] of Object.entries((nodes ?? {}) as Record<string, Json>)) {
    const before = execution.nodes.get(id) as Json | undefined;
    execution.nodes.set(id, mergePatch(before ?? {}, patch) as unknown as NodeStatus);
    const ending = (patch as { ending?: { reason?: string } } | null)?.ending;
    if (ending?.reason === 'Aborted') execution.isAborting = true;
  }
}

function takePod(facts: Facts, commit: Commit): void {
  const { executions, podsByUid, byKey } = facts;
  if (commit.kind === 'put') {
    const pod = podFactsOf(commit.object as Pod);
    podsByUid.set(pod.uid, pod);
    const execution = executions.get(pod.execution);
    const isLive = commit.before === undefined || execution?.livePods.has(pod.name) === true;
    if (isLive) execution?.livePods.set(pod.name, pod);
    execution?.attempts.set(placeOf(pod), pod.attempt);
    return;
  }
  const key = `${commit.key.namespace}`;
  const isOver = commit.kind === 'delete' || commit.patch.phase === 'Succeeded' || commit.patch.phase === 'Failed';
  if (!isOver) return;
  for (const execution of executionsOfPod(byKey, key, commit.key.name)) endPod(facts, execution, commit);
}

/** An attempt has ended: that is for its execution's status to tell, when that knows of the attempt. */
function endPod({ world }: Facts, execution: ExecutionFacts, commit: Exclude<Commit, { kind: 'put' }>): void {
  const pod = execution.livePods.get(commit.key.name);
  if (pod === undefined) return;
  execution.livePods.delete(pod.name);
  execution.changedAt = world.timeline.now;
  if (isTold(execution, pod)) execution.unansweredSince ??= world.timeline.now;
  if (commit.kind !== 'status' || endOf(commit.patch) === 'System') return;
  const place = placeOf(pod);
  execution.ownFailures.set(place, (execution.ownFailures.get(place) ?? 0) + 1);
}

/** Whether the execution's status names this attempt, or the map that it is of. */
export function isTold({ nodes }: ExecutionFacts, { node, attempt, index }: PodFacts): boolean {
  const status = nodes.get(node);
  return status !== undefined && (index >= 0 || (status.attempt ?? 0) >= attempt);
}

/** Whose doing the end of a pod was: what exits with an error, gives bad outputs or is too slow has done so itself. */
function endOf(patch: Json): 'Own' | 'System' {
  const { containerStatuses = [] } = patch as unknown as NonNullable<Pod['status']>;
  const reason = containerStatuses[0]?.state?.terminated?.reason ?? '';
  return reason === 'Lost' || reason === '' ? 'System' : 'Own';
}

/** Pod names begin with their execution's, so only few are looked at. */
function* executionsOfPod(byKey: Facts['byKey'], namespace: string, pod: string): Generator<ExecutionFacts> {
  for (let cut = pod.lastIndexOf('-'); cut > 0; cut = pod.lastIndexOf('-', cut - 1)) {
    const execution = byKey.get(`${namespace}/${pod.slice(0, cut)}`);
    if (execution !== undefined) yield execution;
  }
}

export function podFactsOf({ metadata, spec }: Pod): PodFacts {
  const { name, uid = '', labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  return {
    name,
    uid,
    execution: ownerReferences[0]?.uid ?? '',
    node: annotations['pipectl.dev/node'] ?? labels['pipectl.dev/node'] ?? '',
    index: Number(annotations['pipectl.dev/map-index'] ?? -1),
    attempt: Number(labels['pipectl.dev/attempt']),
    digest: annotations['pipectl.dev/digest'] ?? '',
    resources: spec.containers[0]?.resources,
    isAborted: annotations[ANNOTATION.abort] !== undefined,
  };
}

export function placeOf({ node, index }: Pick<PodFacts, 'node' | 'index'>): string {
  return `${node}[${index}]`;
}

export function isOver(execution: ExecutionFacts): boolean {
  return execution.isDeleted || isTerminalPhase(execution.phase as never);
}
