import {
  BugError,
  instantText,
  type Json,
  MAX_TRANSITIONS_PER_STEP,
  peekHeap,
  popHeap,
  type UnixMs,
} from '../base/index.ts';
import { type ExecutionError, type ExecutionPhase, isTerminalPhase, type MergePatch } from '../cluster/index.ts';
import { cut } from './attempt.ts';
import { runComputes } from './compute-node.ts';
import { endMap, fireMapTimer, hasStartableSubtask, observeSubtask, startMaps } from './map-node.ts';
import { outputsStatus } from './outputs-status.ts';
import type { MapPlan, Plan, TaskPlan } from './plan.ts';
import { flushTouched, makeReady, openRound, planNode, type Round } from './round.ts';
import type { AttemptObservation, EngineState, Observation, Settings, StepResult } from './state.ts';
import { endTask, fireTaskTimer, hasStartableTask, observeTask, startTasks } from './task-node.ts';

/**
 * Moves one execution on by what was observed and by what time it is. Pure but for `state`, which is consumed and
 * handed back: when the delta and the effects could not be written, drop the state and `restore` it from the cluster.
 * Costs what changes: a node's transition its out-degree, an observation its node. Throws BugError on a state that
 * cannot be.
 */
export function step(
  plan: Plan,
  state: EngineState,
  observations: readonly Observation[],
  now: UnixMs,
  settings: Settings,
): StepResult {
  const round = openRound(plan, state, now, settings);
  if (!isTerminalPhase(state.phase)) {
    for (const observation of observations) observe(round, observation);
    fireTimers(round);
    if (state.phase === 'Running') advance(round);
    if (!isTerminalPhase(state.phase)) stop(round);
    if (!isTerminalPhase(state.phase)) finish(round);
  }
  flushTouched(round);
  tellWhy(round);
  return result(round);
}

/** Keeps status.message equal to why the execution waits. */
function tellWhy(round: Round): void {
  const { state, status } = round;
  const paused = state.desired === 'Paused' ? 'paused: nothing new starts' : undefined;
  const message = isTerminalPhase(state.phase) ? undefined : (paused ?? state.hold);
  if (message === state.message) return;
  state.message = message;
  status.message = message ?? null;
  status.phase = state.phase;
}

function observe(round: Round, observation: Observation): void {
  const { state } = round;
  switch (observation.kind) {
    case 'Admit':
      if (state.phase === 'Pending' || state.phase === 'Queued') begin(round);
      return;
    case 'Hold':
      if (state.phase !== 'Pending' && state.phase !== 'Queued') return;
      if (state.phase === 'Pending') setPhase(round, 'Queued');
      state.hold = observation.message;
      return;
    case 'Refuse':
      if (state.phase !== 'Pending' && state.phase !== 'Queued') return;
      endExecution(round, observation.phase, observation.error);
      return;
    case 'Desired':
      desire(round, observation);
      return;
    case 'Attempt':
      observeAttempt(round, observation);
      return;
  }
}

function begin(round: Round): void {
  const { state, plan, now } = round;
  state.hold = undefined;
  setPhase(round, 'Running');
  state.startedAt = now;
  round.status.startedAt = instantText(now);
  round.status.nodeCount = plan.nodes.length;
  for (const root of plan.roots) makeReady(plan, state, root);
}

function desire(round: Round, { desired, why }: Extract<Observation, { kind: 'Desired' }>): void {
  const { state } = round;
  // Nothing calls an abort back: attempts may be gone already.
  if (state.desired !== 'Aborted') state.desired = desired;
  if (desired === 'Aborted') state.abortedFor ??= why;
}

function observeAttempt(round: Round, observation: AttemptObservation): void {
  const node = planNode(round, observation.node);
  if (node.kind === 'task' && observation.index < 0) observeTask(round, node, observation);
  if (node.kind === 'map' && observation.index >= 0) observeSubtask(round, node, observation);
}

function fireTimers(round: Round): void {
  const { timers } = round.state;
  for (let next = peekHeap(timers); next !== undefined && next.at <= round.now; next = peekHeap(timers)) {
    popHeap(timers);
    const node = planNode(round, next.node);
    if (isTerminalPhase(round.state.phases[next.node] as string)) continue;
    if (node.kind === 'task') fireTaskTimer(round, node, next);
    if (node.kind === 'map') fireMapTimer(round, node, next);
  }
}

function advance(round: Round): void {
  if (round.state.desired !== 'Running') return;
  runComputes(round);
  startTasks(round);
  startMaps(round);
}

const SIBLING_FAILED: ExecutionError = {
  reason: 'SiblingFailed',
  message: 'another node failed and the workflow fails immediately',
};

function aborted({ abortedFor }: EngineState): ExecutionError {
  const why = abortedFor === undefined ? '' : `: ${abortedFor}`;
  return { reason: 'Aborted', message: cut(`the execution was aborted${why}`) };
}

/** Ends what is live once nothing of the execution is wanted any more. */
function stop(round: Round): void {
  const { state } = round;
  if (state.desired === 'Aborted' && state.mode !== 'Abort') state.mode = 'Abort';
  if (state.mode === 'Run') return;
  const ending = state.mode === 'Abort' ? aborted(state) : SIBLING_FAILED;
  for (const [index, task] of state.tasks) {
    if (isTerminalPhase(state.phases[index] as string) || task.ending?.reason === ending.reason) continue;
    endTask(round, planNode(round, index) as TaskPlan, ending);
  }
  for (const index of state.maps.keys()) {
    if (!isTerminalPhase(state.phases[index] as string)) endMap(round, planNode(round, index) as MapPlan, ending);
  }
}

/** Ends the execution when nothing of it is live and nothing of it is to come. */
function finish(round: Round): void {
  const { state, plan } = round;
  if (state.mode !== 'Run') {
    for (const index of [...state.tasks.keys(), ...state.maps.keys()]) {
      if (!isTerminalPhase(state.phases[index] as string)) return;
    }
    const isAborted = state.mode === 'Abort';
    endExecution(round, isAborted ? 'Aborted' : 'Failed', state.error ?? (isAborted ? aborted(state) : undefined));
    return;
  }
  if (state.phase !== 'Running' || state.unfinished > 0) return;
  if (state.error !== undefined) {
    endExecution(round, 'Failed', state.error);
    return;
  }
  const outputs = plan.outputs(state.scope);
  if (!outputs.ok) {
    endExecution(round, 'Failed', { reason: 'InvalidOutputs', message: `outputs of the workflow: ${outputs.message}` });
    return;
  }
  Object.assign(round.status, outputsStatus(outputs.values));
  endExecution(round, 'Succeeded', undefined);
}

function endExecution(round: Round, phase: ExecutionPhase, error: ExecutionError | undefined): void {
  const { state, now } = round;
  setPhase(round, phase);
  round.status.finishedAt = instantText(now);
  if (error !== undefined) {
    state.error = error;
    round.status.error = { ...error };
  }
}

function setPhase(round: Round, phase: ExecutionPhase): void {
  const { state } = round;
  if (isTerminalPhase(state.phase)) {
    throw new BugError(`execution ${state.execution.name} would go from ${state.phase} to ${phase}`);
  }
  state.phase = phase;
  round.status.phase = phase;
}

function result(round: Round): StepResult {
  const { state, effects, status } = round;
  if (round.hasNodes) status.nodes = round.nodes as Json;
  const isOver = isTerminalPhase(state.phase);
  let isChanged = round.hasNodes;
  for (const _ in status) {
    isChanged = true;
    break;
  }
  return {
    state,
    delta: isChanged ? (status as MergePatch) : undefined,
    effects,
    wakeAt: isOver ? undefined : peekHeap(state.timers)?.at,
    hasMore: !isOver && hasMore(round),
    transitions: MAX_TRANSITIONS_PER_STEP - round.transitionsLeft,
  };
}

function hasMore(round: Round): boolean {
  const { state } = round;
  if (state.phase !== 'Running' || state.desired !== 'Running' || state.mode !== 'Run') return false;
  return (
    state.ready.compute.length > 0 ||
    state.ready.maps.length > 0 ||
    hasStartableTask(round) ||
    hasStartableSubtask(round)
  );
}
