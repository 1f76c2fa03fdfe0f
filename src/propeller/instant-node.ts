import { instantText, type Json, MAX_VALUE_BYTES, pushHeap } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { startWaiting } from './answered-node.ts';
import { frameOf, mayStart, nodeAt, pathOf } from './frame.ts';
import { type FieldsRenderer, type Scope, unnamed } from './language.ts';
import { outputsStatus } from './outputs-status.ts';
import type { ActionPlan, ComputePlan, PlanNode, SwitchPlan } from './plan.ts';
import { recoverWait } from './reuse-node.ts';
import { failAtOnce, type Round, readyTask, skipNode, succeedNode, writeNode } from './round.ts';
import { scopeOf } from './scope.ts';
import { valueBytes } from './size.ts';
import { startSleep } from './sleep-node.ts';
import type { Frame } from './state.ts';
import { openWorkflow, settleFrames } from './workflow-node.ts';

/**
 * Runs the ready nodes that take no time, then those that became ready by that, `maxStreak` waves deep: a wave's results
 * are durable before the next step's waves begin. Conditions and branches are seen here too, for nodes of all kinds.
 */
export function runInstants(round: Round): void {
  const { state, settings } = round;
  for (let streak = 0; streak < settings.maxStreak && state.phase === 'Running'; streak++) {
    const wave = state.ready.instant;
    if (wave.length === 0) return;
    state.ready.instant = [];
    for (let i = 0; i < wave.length; i++) {
      if (round.transitionsLeft <= 0 || round.workLeft <= 0) {
        // What this step has no room for comes first in the next one, before what it made ready.
        state.ready.instant = [...wave.slice(i), ...state.ready.instant];
        return;
      }
      const number = wave[i] as number;
      const frame = frameOf(state, number);
      const node = nodeAt(state, frame, number);
      if (!mayStart(frame, node) || frame.phases[node.index] !== 'Pending') continue;
      const { meter } = frame.scope;
      const before = meter.steps;
      runInstant(round, frame, node);
      round.workLeft -= meter.steps - before;
    }
    settleFrames(round);
  }
}

function runInstant(round: Round, frame: Frame, node: PlanNode): void {
  if (frame.doomed?.has(node.index)) {
    skipNode(round, frame, node);
    return;
  }
  if (node.when !== undefined) {
    const held = holds(node.when, scopeOf(round.state, frame, node));
    if (typeof held !== 'boolean') {
      failAtOnce(round, frame, node, { ...held, message: `when: ${held.message}` });
      return;
    }
    if (!held) {
      skipNode(round, frame, node);
      return;
    }
  }
  if (node.kind === 'switch') takeBranch(round, frame, node);
  else startAction(round, frame, node);
}

/** Whether a condition holds, or why that cannot be told. */
function holds(condition: FieldsRenderer, scope: Scope): boolean | ExecutionError {
  const rendered = condition(scope);
  return rendered.ok ? rendered.values.value === true : { reason: 'ExpressionFailed', message: unnamed(rendered) };
}

function takeBranch(round: Round, frame: Frame, node: SwitchPlan): void {
  const taken = chooseBranch(frame, node);
  if (taken === undefined) {
    // No branch and no else: there is nothing to do, and that is done.
    succeedNode(round, frame, node, {});
    writeNode(round, pathOf(frame, node), { phase: 'Succeeded', finishedAt: instantText(round.now), outputs: {} });
    return;
  }
  if ('reason' in taken) {
    failAtOnce(round, frame, node, taken);
    return;
  }
  round.state.taken.set(frame.base + node.index, taken);
  startAction(round, frame, taken);
}

function chooseBranch(frame: Frame, node: SwitchPlan): ActionPlan | ExecutionError | undefined {
  for (const [branch, { holds: condition, action }] of node.branches.entries()) {
    const held = holds(condition, frame.scope);
    if (typeof held !== 'boolean') return { ...held, message: `condition of branch ${branch}: ${held.message}` };
    if (held) return action;
  }
  return node.otherwise;
}

function startAction(round: Round, frame: Frame, node: ActionPlan): void {
  const { state } = round;
  switch (node.kind) {
    case 'compute':
      runCompute(round, frame, node);
      return;
    case 'task':
      readyTask(state, frame, node);
      return;
    case 'dynamic':
      pushHeap(state.ready.tasks, frame.base + node.index);
      return;
    case 'map':
    case 'computeMap':
      state.ready.maps.push(frame.base + node.index);
      return;
    case 'workflow':
      openWorkflow(round, frame, node);
      return;
    case 'launchPlan':
      if (!recoverWait(round, frame, node)) state.ready.children.push(frame.base + node.index);
      return;
    case 'approve':
    case 'signal':
      if (!recoverWait(round, frame, node)) startWaiting(round, frame, node);
      return;
    case 'sleep':
      startSleep(round, frame, node);
      return;
    case 'fail': {
      const rendered = node.message(frame.scope);
      const reason = rendered.ok ? 'FailedByBranch' : 'ExpressionFailed';
      const message = rendered.ok ? String(rendered.values.value) : unnamed(rendered);
      failAtOnce(round, frame, node, { reason, message });
      return;
    }
  }
}

function runCompute(round: Round, frame: Frame, node: ComputePlan): void {
  const rendered = node.values(frame.scope);
  const error = rendered.ok ? tooLarge(rendered.values) : { reason: 'ExpressionFailed', message: rendered.message };
  if (!rendered.ok || error !== undefined) {
    failAtOnce(round, frame, node, error as ExecutionError);
    return;
  }
  succeedNode(round, frame, node, rendered.values);
  const finishedAt = instantText(round.now);
  const outputs = outputsStatus(node.convert === undefined ? rendered.values : node.convert(rendered.values));
  const status =
    node.branch === undefined
      ? { phase: 'Succeeded', finishedAt, ...outputs }
      : { phase: 'Succeeded', branch: node.branch, finishedAt, ...outputs };
  writeNode(round, pathOf(frame, node), status as Json);
}

function tooLarge(values: Readonly<Record<string, Json>>): ExecutionError | undefined {
  if (valueBytes(values) <= MAX_VALUE_BYTES) return undefined;
  return { reason: 'OutputsTooLarge', message: `its values have more than ${MAX_VALUE_BYTES} bytes as JSON` };
}
