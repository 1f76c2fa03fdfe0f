import { MAX_INLINE_DEPTH, MAX_INLINE_NODES } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { compileProduced, type ProducedResult } from '../compiler/index.ts';
import { cut } from './attempt.ts';
import { buildPlan } from './build-plan.ts';
import { pathOf } from './frame.ts';
import type { Values } from './language.ts';
import { openNode } from './open-node.ts';
import type { DynamicPlan } from './plan.ts';
import type { Round } from './round.ts';
import type { Frame } from './state.ts';
import { openFrame } from './workflow-node.ts';

/** Problems of a produced workflow that its node's error tells; the rest is counted. */
const MAX_TOLD_PROBLEMS = 5;

/**
 * Compiles the workflow that the node's task has written and opens its frame. The closure is stored with the same write
 * that says so. Returns why it cannot be run, if it cannot.
 */
export function openProduced(
  round: Round,
  frame: Frame,
  node: DynamicPlan,
  outputs: Values,
): ExecutionError | undefined {
  const { state } = round;
  const name = node.task.closure.name;
  const tooDeep = depthProblem(frame);
  if (tooDeep !== undefined) return tooDeep;
  const spec = outputs.workflow ?? null;
  const made = compileProduced({ name, spec, tasks: node.tasks, outputs: node.outputs });
  if (made.kind === 'error') return invalid(made);
  const { closure, digest, text } = made;
  if (state.nodeCount + closure.nodes.length > MAX_INLINE_NODES) {
    const message = `with the ${closure.nodes.length} nodes that it wrote the execution would have more than ${MAX_INLINE_NODES}`;
    return { reason: 'TooManyNodes', message };
  }
  const plan = buildPlan(digest, closure);
  const inputs = plan.readInputs({});
  if (!inputs.ok) return { reason: 'InvalidWorkflow', message: inputs.message };
  round.effects.push({ kind: 'StoreClosure', path: pathOf(frame, node), name, digest, text });
  const open = openNode(round, frame, node);
  open.closure = digest;
  openFrame(state, frame, node, open, plan, inputs.values);
  return undefined;
}

/** A produced workflow may produce others, but not for ever. */
function depthProblem({ depth, prefix }: Frame): ExecutionError | undefined {
  if (depth < MAX_INLINE_DEPTH) return undefined;
  const message = `workflows run in each other ${MAX_INLINE_DEPTH} deep at ${prefix}; no more are possible`;
  return { reason: 'TooDeep', message };
}

function invalid({ problems }: Extract<ProducedResult, { kind: 'error' }>): ExecutionError {
  const told = problems.slice(0, MAX_TOLD_PROBLEMS).join('\n');
  const more = problems.length - MAX_TOLD_PROBLEMS;
  const rest = more > 0 ? `\nand ${more} more` : '';
  return { reason: 'InvalidWorkflow', message: cut(`the workflow that it wrote cannot be run: ${told}${rest}`) };
}
