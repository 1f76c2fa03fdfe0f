import { type Digest, MAX_REUSABLE } from '../base/index.ts';
import {
  type Execution,
  joinResults,
  type KeptResults,
  keepsResults,
  type MapStatus,
  type NodeStatus,
} from '../cluster/index.ts';
import { createScope, executionVariables, NO_OUTPUTS, type Scope, type Values } from './language.ts';
import { decodeChunk } from './map-chunks.ts';
import { renderMap } from './map-open.ts';
import { SUBTASK, subtaskPhase } from './map-state.ts';
import { readOutputs } from './outputs-status.ts';
import type { ActionPlan, MapPlan, Plan, PlanNode } from './plan.ts';
import type { Produced } from './restore.ts';
import { keyOfTask, keyOfWait, type Past, type Reusable } from './reuse.ts';
import { subtaskInputs } from './reuse-map.ts';

/** An execution that has ended, and what of it stands elsewhere. */
export interface PastExecution {
  readonly execution: Execution;
  readonly plan: Plan;
  /** Outputs of subtasks that are kept beside its status. */
  readonly kept: KeptResults;
  /** Plans of the workflows that its tasks have written: of those that `writtenIn` names. */
  readonly produced: Produced;
}

/** Digests of all workflows that tasks of an execution have written. */
export function writtenIn({ status }: Execution): readonly Digest[] {
  return Object.values(status?.nodes ?? {}).flatMap(({ closure }) => (closure === undefined ? [] : [closure]));
}

/**
 * What can be taken from an execution: everything that has outputs and took time, in every workflow that it ran, but for
 * failure handlers. Costs its size once. The inputs of its nodes follow from what their upstream nodes gave.
 */
export function pastOf({ execution, plan, kept, produced }: PastExecution): Past {
  const past = new Map<Digest, Reusable>();
  const inputs = plan.readInputs(execution.spec.inputs);
  if (!inputs.ok) return past;
  const scope = createScope(inputs.values, { execution: executionVariables(execution) });
  const nodes = new Map(Object.entries(execution.status?.nodes ?? {}));
  collectFrame({ past, nodes, kept, produced, execution: execution.metadata.name }, plan, scope, '');
  return past;
}

interface Collecting {
  readonly past: Map<Digest, Reusable>;
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  readonly kept: KeptResults;
  readonly produced: Produced;
  readonly execution: string;
}

function collectFrame(collecting: Collecting, plan: Plan, scope: Scope, prefix: string): void {
  const { nodes } = collecting;
  const own = plan.nodes.slice(0, plan.size);
  // Outputs first: inputs are rendered from them.
  for (const node of own) {
    const status = nodes.get(prefix + node.id);
    if (status?.phase === 'Skipped') scope.outputs.set(node.id, NO_OUTPUTS);
    else if (status !== undefined && hasOutputs(status)) {
      scope.outputs.set(node.id, outputsOf(collecting, node, prefix, status));
    }
  }
  for (const node of own) {
    const status = nodes.get(prefix + node.id);
    const action = status && takenAction(node, status);
    if (status !== undefined && action !== undefined) collectNode(collecting, plan, scope, action, prefix, status);
  }
}

function outputsOf({ kept }: Collecting, node: PlanNode, prefix: string, status: NodeStatus): Values {
  const action = takenAction(node, status);
  const isKept = status.map !== undefined && keepsResults(status);
  if (!isKept || (action?.kind !== 'map' && action?.kind !== 'computeMap')) return readOutputs(status) ?? {};
  return joinResults(action.names, status.map?.size ?? 0, kept.get(prefix + node.id) ?? new Map()) as Values;
}

/** What a node did: of a switch, the action of the branch that it took. */
function takenAction(node: PlanNode, { branch }: NodeStatus): ActionPlan | undefined {
  if (node.kind !== 'switch') return node;
  if (branch === undefined) return undefined;
  return branch === 'else' ? node.otherwise : node.branches[branch]?.action;
}

function collectNode(
  collecting: Collecting,
  plan: Plan,
  scope: Scope,
  node: ActionPlan,
  prefix: string,
  status: NodeStatus,
): void {
  const path = prefix + node.id;
  const outputs = hasOutputs(status) ? scope.outputs.get(node.id) : undefined;
  switch (node.kind) {
    case 'task': {
      const inputs = outputs && node.with(scope);
      if (inputs?.ok === true) keep(collecting, keyOfTask(node.task, inputs.values), path, status, outputs);
      return;
    }
    case 'map':
      collectMap(collecting, scope, node, path, status);
      return;
    case 'launchPlan':
    case 'approve':
    case 'signal':
      // What held because nobody answered in time is to be asked again.
      if (status.decision?.isDefault !== true) keep(collecting, keyOfWait(node, path, scope), path, status, outputs);
      return;
    case 'workflow': {
      const inner = plan.inline(node.workflow);
      const given = node.with(scope);
      const inputs = given.ok ? inner.readInputs(given.values) : given;
      if (inputs.ok) collectFrame(collecting, inner, createScope(inputs.values, scope.variables), `${path}/`);
      return;
    }
    case 'dynamic': {
      const inner = status.closure === undefined ? undefined : collecting.produced.get(status.closure);
      const inputs = inner?.readInputs({});
      if (inner === undefined || inputs?.ok !== true) return;
      collectFrame(collecting, inner, createScope(inputs.values, scope.variables), `${path}/`);
      return;
    }
    default:
      return;
  }
}

/** Each subtask that succeeded, also of a map that failed. */
function collectMap(collecting: Collecting, scope: Scope, node: MapPlan, path: string, status: NodeStatus): void {
  const map = status.map === undefined ? undefined : renderMap(node, scope, 0);
  if (status.map === undefined || map === undefined || 'reason' in map || map.size !== status.map.size) return;
  for (const [chunk, text] of Object.entries(status.map.chunks ?? {})) decodeChunk(map, Number(chunk), text);
  const inputsAt = subtaskInputs(node, scope, map);
  const lists = scope.outputs.get(node.id);
  const kept = collecting.kept.get(path);
  for (let index = 0; index < map.size; index++) {
    if (subtaskPhase(map, index) !== SUBTASK.succeeded) continue;
    const outputs = resultOf(status.map, index) ?? kept?.get(index) ?? elementOf(node, lists, index);
    const inputs = outputs && inputsAt(index);
    if (inputs?.ok === true) keep(collecting, keyOfTask(node.task, inputs.values), path, status, outputs);
  }
}

function resultOf({ results = {} }: MapStatus, index: number): Values | undefined {
  return Object.hasOwn(results, index) ? results[index]?.[0] : undefined;
}

function elementOf({ names }: MapPlan, lists: Values | undefined, index: number): Values | undefined {
  if (lists === undefined) return names.length === 0 ? NO_OUTPUTS : undefined;
  const outputs: Record<string, Values[string]> = Object.create(null);
  for (const name of names) {
    const list = lists[name];
    outputs[name] = Array.isArray(list) ? (list[index] ?? null) : null;
  }
  return outputs;
}

function keep(
  { past, execution }: Collecting,
  key: Digest | undefined,
  node: string,
  status: NodeStatus,
  outputs: Values | undefined,
): void {
  if (key === undefined || outputs === undefined || past.size >= MAX_REUSABLE || past.has(key)) return;
  // What the earlier execution took from elsewhere is still whose it was.
  const { execution: owner = execution, node: own = node, at = status.finishedAt } = status.reused ?? {};
  past.set(key, { execution: owner, node: own, at, outputs });
}

function hasOutputs({ phase }: NodeStatus): boolean {
  return phase === 'Succeeded' || phase === 'Cached' || phase === 'Recovered';
}
