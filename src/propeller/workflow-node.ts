import { BugError, type Json, MAX_VALUE_BYTES } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { TOTAL_TIMEOUT, timeoutError } from './attempt.ts';
import { closeRoot } from './execution.ts';
import { addFrame, endingOf, isQuiet, nodeAt, pathOf } from './frame.ts';
import { converter, createScope, type Rendered, type Values } from './language.ts';
import { openNode } from './open-node.ts';
import type { Plan, PlanNode, WorkflowPlan } from './plan.ts';
import { addTimer, endNode, failAtOnce, failFrame, failNode, makeReady, type Round, succeedNode } from './round.ts';
import { scopeOf } from './scope.ts';
import { valueBytes } from './size.ts';
import type { EngineState, Frame, OpenState } from './state.ts';

/** Why all of an execution ends whose own time is over. What it ran is aborted by it, and not tried again. */
export const EXECUTION_TIMEOUT = 'ExecutionTimeout';

/** Opens the frame of a workflow that is run inline. */
export function openWorkflow(round: Round, frame: Frame, node: WorkflowPlan): void {
  const { state, now } = round;
  const plan = frame.plan.inline(node.workflow);
  const inputs = workflowInputs(state, frame, node, plan);
  if (!inputs.ok) {
    failAtOnce(round, frame, node, { reason: 'InvalidInputs', message: inputs.message });
    return;
  }
  const open = openNode(round, frame, node);
  if (node.totalMs !== undefined) {
    addTimer(round, { at: now + node.totalMs, kind: 'total', node: frame.base + node.index, index: -1, attempt: 0 });
  }
  openFrame(state, frame, node, open, plan, inputs.values);
}

/** The inputs of a workflow that is run inline. They follow from what its node reads, so a restored frame has the same. */
export function workflowInputs(state: EngineState, frame: Frame, node: WorkflowPlan, plan: Plan): Rendered {
  const rendered = node.with(scopeOf(state, frame, node));
  return rendered.ok ? plan.readInputs(rendered.values) : rendered;
}

/** Opens a frame under its owner and makes its first nodes ready. */
export function openFrame(
  state: EngineState,
  parent: Frame,
  owner: PlanNode,
  open: OpenState,
  plan: Plan,
  inputs: Extract<Rendered, { ok: true }>['values'],
): Frame {
  const { execution } = parent.scope.variables;
  const frame = addFrame(state, plan, createScope(inputs, { execution: execution ?? {} }), parent, owner);
  open.frame = frame;
  for (const root of plan.roots) makeReady(state, frame, root);
  if (isQuiet(frame)) state.quiet.push(frame);
  return frame;
}

/** Ends the frames of which nothing is live and nothing is to come. What they give makes others ready, or ends them too. */
export function settleFrames(round: Round): void {
  const { quiet } = round.state;
  for (let frame = quiet.pop(); frame !== undefined; frame = quiet.pop()) {
    if (!frame.isClosed && isQuiet(frame)) settleFrame(round, frame);
  }
}

function settleFrame(round: Round, frame: Frame): void {
  switch (frame.mode) {
    case 'Run':
      if (frame.error === undefined) giveOutputs(round, frame);
      else handleFailure(round, frame);
      return;
    case 'Fail':
      handleFailure(round, frame);
      return;
    case 'Handle':
      failOwner(round, frame);
      return;
    case 'End':
      endOwner(round, frame);
      return;
  }
}

function giveOutputs(round: Round, frame: Frame): void {
  const outputs = frame.plan.outputs(frame.scope);
  const error = outputs.ok ? tooLarge(frame, outputs.values) : { reason: 'InvalidOutputs', message: outputs.message };
  if (!outputs.ok || error !== undefined) {
    const { reason, message } = error as ExecutionError;
    failFrame(round, frame, { reason, message: `outputs of the workflow: ${message}` });
    handleFailure(round, frame);
    return;
  }
  const owner = close(round, frame);
  if (owner === undefined) closeRoot(round, 'Succeeded', undefined, outputs.values);
  else succeedNode(round, owner.frame, owner.node, declared(owner.node, outputs.values, frame.plan.outputTypes));
}

/** A produced workflow may have more outputs than its node declares. */
function declared(node: PlanNode, values: Values, produced: Readonly<Record<string, string>>): Values {
  if (node.kind !== 'dynamic') return values;
  const kept: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const name in node.outputs) kept[name] = Object.hasOwn(values, name) ? (values[name] as Json) : null;
  return converter(produced, node.outputs)?.(kept) ?? kept;
}

function tooLarge({ parent }: Frame, values: Parameters<typeof valueBytes>[0]): ExecutionError | undefined {
  if (parent === undefined || valueBytes(values) <= MAX_VALUE_BYTES) return undefined;
  return { reason: 'OutputsTooLarge', message: `they have more than ${MAX_VALUE_BYTES} bytes as JSON` };
}

/** The workflow failed and nothing of it runs: its failure handler is next, where it has one. */
function handleFailure(round: Round, frame: Frame): void {
  if (frame.plan.nodes.length === frame.plan.size) {
    failOwner(round, frame);
    return;
  }
  frame.mode = 'Handle';
  round.state.ready.instant.push(frame.base + frame.plan.size);
}

function failOwner(round: Round, frame: Frame): void {
  const { error } = frame;
  if (error === undefined) throw new BugError(`a workflow of ${round.state.execution.name} failed without an error`);
  const owner = close(round, frame);
  if (owner === undefined) closeRoot(round, 'Failed', error);
  else failNode(round, owner.frame, owner.node, 'Failed', error);
}

function endOwner(round: Round, frame: Frame): void {
  const { ending } = frame;
  if (ending === undefined) throw new BugError(`a workflow of ${round.state.execution.name} ended without a reason`);
  const owner = close(round, frame);
  if (owner === undefined) {
    if (ending.reason === EXECUTION_TIMEOUT) closeRoot(round, 'TimedOut', ending);
    else closeRoot(round, 'Aborted', frame.error ?? ending);
    return;
  }
  const open = round.state.open.get(frame.owner);
  if (open !== undefined) open.error = frame.error ?? ending;
  if (ending.reason === TOTAL_TIMEOUT) {
    if (open !== undefined) open.error = ending;
    failNode(round, owner.frame, owner.node, 'TimedOut', ending);
  } else endNode(round, owner.frame, owner.node, 'Aborted');
}

/** Nothing of the frame happens any more. Gives the node that ran it; of the root there is none. */
function close(round: Round, frame: Frame): { readonly frame: Frame; readonly node: PlanNode } | undefined {
  const { state } = round;
  frame.isClosed = true;
  const { parent, owner } = frame;
  if (parent === undefined) return undefined;
  const node = nodeAt(state, parent, owner);
  round.touched.add(owner);
  round.closed.push(frame);
  state.framesByPath.delete(pathOf(parent, node));
  return { frame: parent, node };
}

/** The node's time is over: all that it runs is ended. */
export function fireWorkflowTimer(
  round: Round,
  frame: Frame,
  node: PlanNode,
  timeout: Parameters<typeof timeoutError>[1],
): void {
  const open = round.state.open.get(frame.base + node.index);
  if (open?.frame !== undefined) endFrame(round, open.frame, timeoutError('total', timeout));
}

/** Nothing of the frame is wanted any more. A second reason replaces the first. */
export function endFrame(round: Round, frame: Frame, ending: ExecutionError): void {
  const { state } = round;
  if (frame.mode === 'End' && frame.ending?.reason === ending.reason) return;
  frame.mode = 'End';
  frame.ending = ending;
  state.isStopping = true;
  const owner = state.open.get(frame.owner);
  if (owner !== undefined) {
    owner.ending = ending;
    round.touched.add(frame.owner);
  }
  if (isQuiet(frame)) state.quiet.push(frame);
}

/** Hands the end of a frame down to those that its nodes have opened. */
export function spreadEndings(round: Round): void {
  const { state } = round;
  // Parents stand before their children.
  for (const frame of state.frames) {
    if (frame.isClosed || frame.parent === undefined) continue;
    const ending = endingOf(frame.parent);
    if (ending !== undefined) endFrame(round, frame, ending);
  }
}
