import { BugError, type Json, MAX_TRANSITIONS_PER_STEP, peekHeap, popHeap, type UnixMs } from '../base/index.ts';
import { type ExecutionError, isTerminalPhase, type MergePatch } from '../cluster/index.ts';
import { observeSignals, waitingText, wakeWaiting } from './answered-node.ts';
import { endChild, fireChildTimer, observeChild, startChildren, steerChildren } from './child-node.ts';
import { abortedError, begin, endExecution, setExecutionPhase } from './execution.ts';
import { fireExecutionTimer } from './execution-timeout.ts';
import { endingOf, frameOf, isBefore, nodeAt } from './frame.ts';
import { runInstants } from './instant-node.ts';
import { endMap } from './map-end.ts';
import { fireMapTimer, hasStartableSubtask, observeSubtask, startMaps } from './map-node.ts';
import { flushTouched } from './node-status.ts';
import type { PlanNode } from './plan.ts';
import { observeSubtaskLookup } from './reuse-map.ts';
import { observeCacheChange, observeLookup, runLookups } from './reuse-node.ts';
import { openRound, type Round } from './round.ts';
import { endSleep, wakeSleep } from './sleep-node.ts';
import {
  type AttemptObservation,
  type ChildObservation,
  type EngineState,
  type Frame,
  type Observation,
  type Settings,
  type StepResult,
  THE_EXECUTION,
  type Timer,
} from './state.ts';
import { endTask, fireTaskTimer, hasStartableTask, observeTask, startTasks } from './task-node.ts';
import { endFrame, fireWorkflowTimer, settleFrames, spreadEndings } from './workflow-node.ts';

/**
 * Moves one execution on by what was observed and by what time it is. Pure but for `state`, which is consumed and
 * handed back: when the delta and the effects could not be written, drop the state and `restore` it from the cluster.
 * Costs what changes: a node's transition its out-degree, an observation its node. Throws BugError on a state that
 * cannot be.
 */
export function step(
  state: EngineState,
  observations: readonly Observation[],
  now: UnixMs,
  settings: Settings,
): StepResult {
  const round = openRound(state, now, settings);
  if (!isTerminalPhase(state.phase)) {
    for (const observation of observations) observe(round, observation);
    fireTimers(round);
    settle(round);
    if (state.phase === 'Running') advance(round);
    settle(round);
  }
  flushTouched(round);
  state.lack = round.lack === undefined ? undefined : `waits for room: ${round.lack}`;
  tellWhy(round);
  return result(round);
}

/** Keeps status.message equal to why the execution waits. */
function tellWhy(round: Round): void {
  const { state, status } = round;
  const paused = state.desired === 'Paused' ? 'paused: nothing new starts' : undefined;
  const message = isTerminalPhase(state.phase) ? undefined : (paused ?? state.hold ?? waitingText(state) ?? state.lack);
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
      if (state.phase === 'Pending') setExecutionPhase(round, 'Queued');
      state.hold = observation.message;
      return;
    case 'Refuse':
      if (state.phase !== 'Pending' && state.phase !== 'Queued') return;
      endExecution(round, observation.phase, observation.error);
      return;
    case 'Desired':
      desire(round, observation);
      return;
    case 'Signals':
      observeSignals(round, observation.signals);
      return;
    case 'Child':
      observeChildOf(round, observation);
      return;
    case 'Attempt':
      observeAttempt(round, observation);
      return;
    case 'Lookup': {
      const frame = frameOf(state, observation.node);
      const node = nodeAt(state, frame, observation.node);
      if (node.kind === 'task') observeLookup(round, frame, node, observation);
      if (node.kind === 'map') observeSubtaskLookup(round, frame, node, observation);
      return;
    }
    case 'CacheChange':
      observeCacheChange(round, observation.key);
      return;
  }
}

function desire(round: Round, { desired, why }: Extract<Observation, { kind: 'Desired' }>): void {
  const { state } = round;
  const before = state.desired;
  // Nothing calls an abort back: attempts may be gone already.
  if (state.desired !== 'Aborted') state.desired = desired;
  if (state.desired !== before) steerChildren(round);
  if (desired === 'Aborted') state.abortedFor ??= why;
}

function observeAttempt(round: Round, observation: AttemptObservation): void {
  const frame = frameOf(round.state, observation.node);
  const node = nodeAt(round.state, frame, observation.node);
  const runsTask = node.kind === 'task' || node.kind === 'dynamic';
  if (runsTask && observation.index < 0) observeTask(round, frame, node, observation);
  if (node.kind === 'map' && observation.index >= 0) observeSubtask(round, frame, node, observation);
}

function observeChildOf(round: Round, observation: ChildObservation): void {
  const frame = frameOf(round.state, observation.node);
  const node = nodeAt(round.state, frame, observation.node);
  if (node.kind === 'launchPlan') observeChild(round, frame, node, observation);
}

function fireTimers(round: Round): void {
  const { timers } = round.state;
  for (let next = peekHeap(timers); next !== undefined && next.at <= round.now; next = peekHeap(timers)) {
    popHeap(timers);
    if (next.node === THE_EXECUTION) fireExecutionTimer(round, next);
    else fireTimer(round, next);
  }
}

function fireTimer(round: Round, timer: Timer): void {
  const frame = frameOf(round.state, timer.node);
  const node = nodeAt(round.state, frame, timer.node);
  if (isTerminalPhase(frame.phases[node.index] as string)) return;
  switch (node.kind) {
    case 'task':
      fireTaskTimer(round, frame, node, timer);
      return;
    case 'map':
      fireMapTimer(round, frame, node, timer);
      return;
    case 'workflow':
      fireWorkflowTimer(round, frame, node, { totalMs: node.totalMs ?? 0 });
      return;
    case 'dynamic':
      if (!round.state.open.has(timer.node)) fireTaskTimer(round, frame, node, timer);
      else if (timer.kind === 'total') fireWorkflowTimer(round, frame, node, node.task.closure.timeout);
      return;
    case 'launchPlan':
      fireChildTimer(round, frame, node, timer);
      return;
    case 'approve':
    case 'signal':
      wakeWaiting(round, frame, node);
      return;
    case 'sleep':
      wakeSleep(round, frame, node);
      return;
  }
}

function advance(round: Round): void {
  if (round.state.desired !== 'Running') return;
  runInstants(round);
  // What is found instead of being run may make others ready that take no time.
  while (runLookups(round) && round.settings.maxStreak > 1) runInstants(round);
  startTasks(round);
  startMaps(round);
  startChildren(round);
}

/** Ends what is not wanted any more, and what is over, until neither brings forth more of it. */
function settle(round: Round): void {
  const { state } = round;
  if (isTerminalPhase(state.phase)) return;
  if (state.desired === 'Aborted') endFrame(round, state.root, abortedError(state));
  while ((state.isStopping || state.quiet.length > 0) && !isTerminalPhase(state.phase)) {
    if (state.isStopping) stop(round);
    settleFrames(round);
  }
}

/** Ends what is live of frames of which nothing is wanted any more. Nothing of them starts after that. */
function stop(round: Round): void {
  const { state } = round;
  spreadEndings(round);
  const live = [...state.tasks.keys(), ...state.maps.keys(), ...state.children.keys(), ...state.open.keys()];
  // In an order that does not tell whether a worker was replaced.
  live.sort((a, b) => (isBefore(state, a, b) ? -1 : 1));
  for (const index of live) {
    const frame = frameOf(state, index);
    const node = nodeAt(state, frame, index);
    const ending = endingOf(frame);
    if (ending !== undefined && !isTerminalPhase(frame.phases[node.index] as string)) {
      endLive(round, frame, node, ending);
    }
  }
  state.isStopping = false;
}

function endLive(round: Round, frame: Frame, node: PlanNode, ending: ExecutionError): void {
  switch (node.kind) {
    case 'task':
    case 'dynamic':
      // What it has written runs in a frame of its own, which has been told.
      if (round.state.open.has(frame.base + node.index)) return;
      // Told so already, perhaps before a restart.
      if (round.state.tasks.get(frame.base + node.index)?.ending?.reason === ending.reason) return;
      endTask(round, frame, node, ending);
      return;
    case 'map':
    case 'computeMap':
      endMap(round, frame, node, ending);
      return;
    case 'launchPlan':
      endChild(round, frame, node, ending);
      return;
    case 'sleep':
    case 'approve':
    case 'signal':
      endSleep(round, frame, node, ending);
      return;
    case 'workflow':
      // Its own frame has been told.
      return;
    default:
      throw new BugError(`node "${node.id}" of ${round.state.execution.name} is live and cannot be ended`);
  }
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
    lookups: round.lookups,
    wakeAt: isOver ? undefined : peekHeap(state.timers)?.at,
    hasMore: !isOver && hasMore(round),
    lacksRoom: round.lack !== undefined,
    transitions: MAX_TRANSITIONS_PER_STEP - round.transitionsLeft,
  };
}

function hasMore(round: Round): boolean {
  const { state } = round;
  if (state.phase !== 'Running' || state.desired !== 'Running' || state.root.mode === 'End') return false;
  return (
    state.ready.instant.length > 0 ||
    state.ready.maps.length > 0 ||
    state.ready.children.length > 0 ||
    (state.reuse !== undefined && state.reuse.lookups.length > 0) ||
    hasStartableTask(round) ||
    hasStartableSubtask(round)
  );
}
