import { instantMs, MAX_SINGLE_POD_READS, sha256 } from '../../base/index.ts';
import {
  ANNOTATION,
  API_VERSION,
  type Execution,
  findObject,
  isTerminalPhase,
  LABEL,
  labelValue,
  launchSettings,
  newExecution,
  type ObjectKey,
  type Write,
} from '../../cluster/index.ts';
import {
  type ChildEffect,
  type ChildObservation,
  type EngineState,
  indexOfPath,
  inlineOutputs,
  type Observation,
  type Restored,
} from '../../propeller/index.ts';
import { type Engine, entryOf, wake } from './engine.ts';
import type { Entry } from './entry.ts';
import { follow } from './watches.ts';

/** What the engine knows of executions that run child executions. Empty while there are none. */
export interface Children {
  /** Keys of executions with live children: they are to hear of them. */
  readonly parents: Set<string>;
  /** Key of a live child → its phase, as its parent was told. */
  readonly told: Map<string, string>;
  /** Follows children; begins with the first of them. */
  following: Promise<void> | undefined;
}

export function newChildren(): Children {
  return { parents: new Set(), told: new Map(), following: undefined };
}

/** What a child looks like to its parent. */
export interface SeenChild {
  readonly name: string;
  readonly path: string;
  readonly seen: ChildObservation['seen'];
}

/** What is to be written for a child. Repeated, a create meets the child itself, and a patch changes nothing. */
export function childWrite(parent: Execution, effect: ChildEffect): Write {
  if (effect.kind === 'StartChild') return { op: 'create', object: childOf(parent, effect) };
  const { name, desired, why } = effect;
  const annotations = {
    ...(why !== undefined && { [ANNOTATION.abort]: why }),
    ...(desired === 'Paused' && { [ANNOTATION.pausedWith]: parent.metadata.name }),
    ...(desired === 'Running' && { [ANNOTATION.pausedWith]: null }),
  };
  const key = { kind: 'Execution', namespace: parent.metadata.namespace ?? '', name };
  return { op: 'patch', key, patch: { metadata: { annotations }, spec: { desired } } };
}

function childOf(parent: Execution, effect: Extract<ChildEffect, { kind: 'StartChild' }>): Execution {
  const { metadata, spec } = parent;
  const { launchPlan } = effect.plan;
  const depth = (spec.trigger.kind === 'execution' ? spec.trigger.depth : 0) + 1;
  const child = newExecution({
    namespace: metadata.namespace ?? '',
    name: effect.name,
    repository: spec.repository,
    commit: spec.commit,
    workflow: launchPlan.workflow.name,
    closure: launchPlan.workflow.closure,
    launchPlan: launchPlan.name,
    inputs: effect.inputs,
    trigger: { kind: 'execution', execution: metadata.name, node: effect.path, depth },
    ...(spec.priority !== undefined && { priority: spec.priority }),
    ...launchSettings(launchPlan),
    ...(spec.cache !== undefined && { cache: spec.cache }),
  });
  const identity = [metadata.uid, effect.path, effect.attempt, effect.plan.digest, JSON.stringify(effect.inputs)];
  return {
    ...child,
    metadata: {
      ...child.metadata,
      annotations: { [ANNOTATION.digest]: sha256(identity.join('\n')) },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Execution', name: metadata.name, uid: metadata.uid ?? '', controller: true },
      ],
    },
  };
}

/** What was seen of children, as observations of the nodes that run them. */
export function childObservations(state: EngineState, seen: readonly SeenChild[]): Observation[] {
  return seen.flatMap(({ name, path, seen }): Observation[] => {
    const node = indexOfPath(state, path);
    return node === undefined ? [] : [{ kind: 'Child', node, name, seen }];
  });
}

/** Looks for the children that status says are live. */
export async function lookForChildren(
  engine: Engine,
  { metadata }: Execution,
  { children }: Restored,
): Promise<Observation[]> {
  if (children.length === 0) return [];
  const { cluster } = engine.options;
  const { namespace = '', name } = metadata;
  const found = new Map<string, Execution>();
  if (children.length <= MAX_SINGLE_POD_READS) {
    for (const child of children) {
      const execution = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name: child.name });
      if (execution !== undefined) found.set(child.name, execution);
    }
  } else {
    const labelSelector = `${LABEL.parent}=${labelValue(name)}`;
    const { items } = await cluster.list<Execution>('Execution', { namespace, labelSelector });
    for (const execution of items) found.set(execution.metadata.name, execution);
    // One that is over may have left the live objects: by its name it is found all the same.
    for (const child of children) {
      if (found.has(child.name)) continue;
      const execution = await findObject<Execution>(cluster, { kind: 'Execution', namespace, name: child.name });
      if (execution !== undefined) found.set(child.name, execution);
    }
  }
  return children.map(({ node, name: childName }): Observation => {
    const execution = found.get(childName);
    const seen = execution === undefined ? ({ kind: 'Gone' } as const) : seenOf(execution);
    return { kind: 'Child', node, name: childName, seen };
  });
}

function seenOf({ metadata, spec, status }: Execution): ChildObservation['seen'] {
  const phase = status?.phase ?? 'Pending';
  if (status !== undefined && isTerminalPhase(phase)) {
    const { error } = status;
    const { storedOutputs } = status;
    const outputs = { outputs: inlineOutputs(status) ?? {}, ...(storedOutputs && { storedOutputs }) };
    return { kind: 'Ended', phase, ...outputs, ...(error !== undefined && { error }) };
  }
  const startedAt = instantMs(status?.startedAt);
  return {
    kind: 'Live',
    phase,
    ...(startedAt !== undefined && { startedAt }),
    desired: spec.desired ?? 'Running',
    isPausedWith: metadata.annotations?.[ANNOTATION.pausedWith] !== undefined,
  };
}

/** The name that a child was to have: it is the child when the digests agree, else another execution. */
export function seenByName(wanted: Execution, found: Execution): SeenChild[] {
  const { trigger } = wanted.spec;
  if (trigger.kind !== 'execution') return [];
  const isSame = wanted.metadata.annotations?.[ANNOTATION.digest] === found.metadata.annotations?.[ANNOTATION.digest];
  return [{ name: wanted.metadata.name, path: trigger.node, seen: isSame ? seenOf(found) : { kind: 'Taken' } }];
}

/** The children of an execution that are not over. */
export async function liveChildrenOf(
  engine: Engine,
  { namespace, name }: Pick<ObjectKey, 'namespace' | 'name'>,
): Promise<readonly Execution[]> {
  const labelSelector = `${LABEL.parent}=${labelValue(name)}`;
  const scope = namespace === undefined ? {} : { namespace };
  const { items } = await engine.options.cluster.list<Execution>('Execution', { ...scope, labelSelector });
  return items.filter(({ status }) => !isTerminalPhase(status?.phase ?? 'Pending'));
}

/** Ends a child that its parent cannot end by itself. */
export function childAbort({ metadata }: Execution, why: string): Write {
  const { namespace, name } = metadata;
  const key = { kind: 'Execution', ...(namespace !== undefined && { namespace }), name };
  const patch = { metadata: { annotations: { [ANNOTATION.abort]: why } }, spec: { desired: 'Aborted' } };
  return { op: 'patch', key, patch };
}

/** The execution has live children from now on, or has none any more. Costs nothing for those that never had. */
export function keepChildrenInSight(engine: Engine, entry: Entry, state: EngineState): void {
  const { children } = engine;
  if (state.children.size === 0) {
    if (children.following !== undefined) children.parents.delete(entry.key);
    return;
  }
  children.parents.add(entry.key);
  children.following ??= followChildren(engine);
}

function followChildren(engine: Engine): Promise<void> {
  const { cluster, clock, random, log } = engine.options;
  return follow<Execution>(
    { cluster, clock, random, log, kind: 'Execution', labelSelector: LABEL.parent, fieldSelector: NONE },
    {
      listed: () => undefined,
      // What happened to children before the watch began is read again with their parents.
      synced: () => {
        for (const key of engine.children.parents) {
          entryOf(engine, key).isStale = true;
          wake(engine, key);
        }
      },
      changed: (child) => tellParent(engine, child, false),
      gone: (child) => tellParent(engine, child, true),
    },
    engine.ending.signal,
  );
}

/** Nothing is listed: the watch alone counts. */
const NONE = 'status.phase=None';

function tellParent(engine: Engine, child: Execution, isGone: boolean): void {
  const { namespace = '', name } = child.metadata;
  const { trigger } = child.spec;
  if (trigger.kind !== 'execution') return;
  const parent = `${namespace}/${trigger.execution}`;
  const key = `${namespace}/${name}`;
  const { told, parents } = engine.children;
  const phase = child.status?.phase ?? 'Pending';
  const isOver = isGone || isTerminalPhase(phase);
  if (!parents.has(parent) || (!isOver && told.get(key) === phase)) return;
  if (isOver) told.delete(key);
  else told.set(key, phase);
  // One that had ended was only put away.
  const isLost = isGone && !isTerminalPhase(phase);
  const seen = isLost ? ({ kind: 'Gone' } as const) : withoutDesired(seenOf(child));
  entryOf(engine, parent).children.push({ name, path: trigger.node, seen });
  wake(engine, parent);
}

/** What a watch says is desired may be older than what the parent has asked for since. */
function withoutDesired(seen: ChildObservation['seen']): ChildObservation['seen'] {
  if (seen.kind !== 'Live') return seen;
  const { desired: _, isPausedWith: __, ...rest } = seen;
  return rest;
}
