import { type Digest, MAX_REUSABLE } from '../base/index.ts';
import type { Execution, NodeStatus } from '../cluster/index.ts';
import { cacheKey } from './cache-key.ts';
import { createScope, executionVariables, NO_OUTPUTS, type Scope, type Values } from './language.ts';
import { readOutputs } from './outputs-status.ts';
import type { ActionPlan, Plan, PlanNode, PlannedTask } from './plan.ts';

/** Outputs that need not be made again, and whose they are. */
export interface Reusable {
  readonly execution: string;
  /** Path of the node. */
  readonly node: string;
  readonly at: string | undefined;
  readonly outputs: Values;
}

/** What an earlier execution has done, by the key of what it was done from. */
export type Past = ReadonlyMap<Digest, Reusable>;

/** The key of a task and its inputs, as both the cache and a recovery mean it. */
export function keyOfTask({ closure }: PlannedTask, inputs: Values): Digest {
  return cacheKey(closure, inputs, closure.cache?.ignoreInputs);
}

/**
 * What can be taken from an execution that has ended: every task that gave outputs, in every workflow that it ran, but
 * for failure handlers. Costs its size once. The inputs of its nodes follow from what their upstream nodes gave.
 */
export function pastOf(plan: Plan, execution: Execution): Past {
  const past = new Map<Digest, Reusable>();
  const inputs = plan.readInputs(execution.spec.inputs);
  if (!inputs.ok) return past;
  const scope = createScope(inputs.values, { execution: executionVariables(execution) });
  const nodes = new Map(Object.entries(execution.status?.nodes ?? {}));
  collectFrame({ past, nodes, execution: execution.metadata.name }, plan, scope, '');
  return past;
}

interface Collecting {
  readonly past: Map<Digest, Reusable>;
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  readonly execution: string;
}

function collectFrame(collecting: Collecting, plan: Plan, scope: Scope, prefix: string): void {
  const { nodes } = collecting;
  const own = plan.nodes.slice(0, plan.size);
  // Outputs first: inputs are rendered from them.
  for (const { id } of own) {
    const status = nodes.get(prefix + id);
    if (status?.phase === 'Skipped') scope.outputs.set(id, NO_OUTPUTS);
    else if (status !== undefined && hasOutputs(status)) scope.outputs.set(id, readOutputs(status) ?? {});
  }
  for (const node of own) {
    const status = nodes.get(prefix + node.id);
    const action = status && takenAction(node, status);
    if (status !== undefined && action !== undefined) collectNode(collecting, plan, scope, action, prefix, status);
  }
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
  switch (node.kind) {
    case 'task': {
      const inputs = hasOutputs(status) ? node.with(scope) : undefined;
      const outputs = scope.outputs.get(node.id);
      if (inputs?.ok === true && outputs !== undefined) {
        keep(collecting, keyOfTask(node.task, inputs.values), path, status, outputs);
      }
      return;
    }
    case 'workflow': {
      const inner = plan.inline(node.workflow);
      const given = node.with(scope);
      const inputs = given.ok ? inner.readInputs(given.values) : given;
      if (inputs.ok) collectFrame(collecting, inner, createScope(inputs.values, scope.variables), `${path}/`);
      return;
    }
    default:
      return;
  }
}

function keep({ past, execution }: Collecting, key: Digest, node: string, status: NodeStatus, outputs: Values): void {
  if (past.size >= MAX_REUSABLE || past.has(key)) return;
  // What the earlier execution took from elsewhere is still whose it was.
  const { execution: owner = execution, node: own = node, at = status.finishedAt } = status.reused ?? {};
  past.set(key, { execution: owner, node: own, at, outputs });
}

function hasOutputs({ phase }: NodeStatus): boolean {
  return phase === 'Succeeded' || phase === 'Cached' || phase === 'Recovered';
}
