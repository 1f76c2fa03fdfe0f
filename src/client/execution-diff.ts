import { canonicalJson, type Digest, instantMs, type Json } from '../base/index.ts';
import type { Execution, ExecutionError, NodePhase, NodeStatus } from '../cluster/index.ts';
import type { WorkflowClosure } from '../compiler/index.ts';

/** What differs between two executions. Lists hold only what differs, in order of name. */
export interface ExecutionDiff {
  readonly inputs: readonly ValueChange[];
  readonly version: VersionDiff;
  readonly phase: Sides<string>;
  /** From start to end; absent while it has not ended. */
  readonly durationMs: Sides<number>;
  readonly nodes: readonly NodeDiff[];
  /** Nodes of both that do not differ in phase, attempts, subtasks or outputs. */
  readonly sameNodes: number;
  readonly outputs: readonly ValueChange[];
  readonly error?: Sides<ExecutionError>;
}

/** One side is absent where there is nothing of it. */
export interface Sides<T> {
  readonly before?: T;
  readonly after?: T;
}

export interface ValueChange extends Sides<Json> {
  readonly name: string;
}

export interface VersionDiff {
  readonly commit: Sides<string>;
  readonly closure: Sides<Digest>;
  readonly workflow: Sides<string>;
  readonly launchPlan: Sides<string>;
  /** Tasks and inline workflows that the closures hold: other, added or removed. Absent when a closure is not at hand. */
  readonly definitions?: readonly { readonly kind: 'Task' | 'Workflow'; readonly name: string }[];
}

export interface NodeSide {
  readonly phase: NodePhase;
  readonly attempts?: number;
  readonly durationMs?: number;
  readonly subtasks?: { readonly size: number; readonly succeeded: number; readonly failed: number };
  readonly error?: ExecutionError;
}

export interface NodeDiff extends Sides<NodeSide> {
  /** Path of the node. */
  readonly node: string;
  readonly outputs: readonly ValueChange[];
}

/** An execution with the closure that it is pinned to, when that could be read. */
export interface ComparedExecution {
  readonly execution: Execution;
  readonly closure: WorkflowClosure | undefined;
}

/** Compares what two executions were given, what they ran, how it went and what came out. */
export function diffExecutions(before: ComparedExecution, after: ComparedExecution): ExecutionDiff {
  const [old, fresh] = [before.execution, after.execution];
  const nodes = diffNodes(old.status?.nodes ?? {}, fresh.status?.nodes ?? {});
  const [error, otherError] = [old.status?.error, fresh.status?.error];
  return {
    inputs: diffValues(old.spec.inputs, fresh.spec.inputs),
    version: diffVersions(before, after),
    phase: { before: old.status?.phase ?? 'Pending', after: fresh.status?.phase ?? 'Pending' },
    durationMs: sides(durationOf(old.status), durationOf(fresh.status)),
    nodes: nodes.filter(isOther),
    sameNodes: nodes.filter((node) => !isOther(node)).length,
    outputs: diffValues(outputsOf(old.status), outputsOf(fresh.status)),
    ...(canonicalJson(error as never) !== canonicalJson(otherError as never) && { error: sides(error, otherError) }),
  };
}

/** Whether inputs, versions, phases, nodes and outputs are all the same; times never are. */
export function isSame({ inputs, version, phase, nodes, outputs }: ExecutionDiff): boolean {
  const isVersionSame = version.closure.before === version.closure.after;
  return inputs.length + nodes.length + outputs.length === 0 && isVersionSame && phase.before === phase.after;
}

function diffVersions(before: ComparedExecution, after: ComparedExecution): VersionDiff {
  const [old, fresh] = [before.execution.spec, after.execution.spec];
  const definitions = diffDefinitions(before.closure, after.closure);
  return {
    commit: sides(old.commit, fresh.commit),
    closure: sides(old.closure, fresh.closure),
    workflow: sides(old.workflow, fresh.workflow),
    launchPlan: sides(old.launchPlan, fresh.launchPlan),
    ...(definitions !== undefined && { definitions }),
  };
}

type Definitions = NonNullable<VersionDiff['definitions']>;

function diffDefinitions(
  before: WorkflowClosure | undefined,
  after: WorkflowClosure | undefined,
): Definitions | undefined {
  if (before === undefined || after === undefined) return undefined;
  const found: Definitions[number][] = [];
  for (const [kind, part] of [['Workflow', 'workflows'] as const, ['Task', 'tasks'] as const]) {
    const [old = {}, fresh = {}] = [before[part], after[part]];
    const names = new Set<string>();
    for (const [digest, { name }] of Object.entries(old)) if (!Object.hasOwn(fresh, digest)) names.add(name);
    for (const [digest, { name }] of Object.entries(fresh)) if (!Object.hasOwn(old, digest)) names.add(name);
    found.push(...[...names].sort().map((name) => ({ kind, name })));
  }
  return found;
}

type Statuses = Readonly<Record<string, NodeStatus>>;

function diffNodes(before: Statuses, after: Statuses): readonly NodeDiff[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return paths.map((node) => {
    const old = Object.hasOwn(before, node) ? before[node] : undefined;
    const fresh = Object.hasOwn(after, node) ? after[node] : undefined;
    return {
      node,
      ...sides(old && sideOf(old), fresh && sideOf(fresh)),
      outputs: diffValues(outputsOf(old), outputsOf(fresh)),
    };
  });
}

function isOther({ before, after, outputs }: NodeDiff): boolean {
  if (before === undefined || after === undefined || outputs.length > 0) return true;
  const [{ durationMs: _, ...old }, { durationMs: __, ...fresh }] = [before, after];
  return canonicalJson(old as never) !== canonicalJson(fresh as never);
}

function sideOf(status: NodeStatus): NodeSide {
  const { phase, attempt, map, error } = status;
  const durationMs = durationOf(status);
  return {
    phase,
    ...(attempt !== undefined && { attempts: attempt }),
    ...(durationMs !== undefined && { durationMs }),
    ...(map !== undefined && { subtasks: { size: map.size, succeeded: map.succeeded, failed: map.failed } }),
    ...(error !== undefined && { error }),
  };
}

type Outcome = Pick<NodeStatus, 'outputs' | 'outputsText' | 'storedOutputs' | 'startedAt' | 'finishedAt'>;

function outputsOf(status: Outcome | undefined): Readonly<Record<string, Json>> {
  const { outputs = {}, outputsText, storedOutputs } = status ?? {};
  const inline = outputsText === undefined ? outputs : (JSON.parse(outputsText) as Record<string, Json>);
  // A value that is in the object store differs where its digest does.
  return storedOutputs === undefined ? inline : { ...inline, ...storedOutputs };
}

function durationOf(status: Outcome | undefined): number | undefined {
  const [start, end] = [instantMs(status?.startedAt), instantMs(status?.finishedAt)];
  return start === undefined || end === undefined ? undefined : end - start;
}

type Values = Readonly<Record<string, Json>>;

function diffValues(before: Values, after: Values): readonly ValueChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    const fresh = Object.hasOwn(after, name) ? after[name] : undefined;
    const isEqual = old !== undefined && fresh !== undefined && canonicalJson(old) === canonicalJson(fresh);
    return isEqual ? [] : [{ name, ...sides(old, fresh) }];
  });
}

function sides<T>(before: T | undefined, after: T | undefined): Sides<T> {
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}
