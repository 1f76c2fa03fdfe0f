/**
 * propeller: the state machine of an execution. `buildPlan` makes a closure ready to run, `restore` makes the state from
 * what the cluster says, `step` moves it on: a delta of status and effects, never an action.
 * Must not wait, read a clock or know where attempts run.
 * Keeps: terminal phases never change; a node starts only when its upstream succeeded or was skipped; attempt n+1 starts only when
 * attempt n is confirmed gone; limits of parallelism hold; a restored state goes on as the one that wrote the status.
 */
export { podName } from './attempt.ts';
export { batchEnds, batchMark } from './batch-results.ts';
export { buildPlan, launchPlansOf, nodeSlug } from './build-plan.ts';
export { indexOfPath } from './frame.ts';
export { inlineOutputs, readOutputs } from './outputs-status.ts';
export { type PastExecution, pastOf, writtenIn } from './past.ts';
export type { Plan, PlanNode, PlannedTask } from './plan.ts';
export { isAtRest } from './rest.ts';
export {
  type ExpectedAttempt,
  type ExpectedChild,
  type Produced,
  producedIn,
  type Restored,
  restore,
} from './restore.ts';
export type { Past } from './reuse.ts';
export { isSubtaskLive } from './reuse-map.ts';
export { type Room, type Usage, usageOf } from './room.ts';
export { type Standing, standingOfAttempt, standingOfChild } from './standing.ts';
export type {
  AttemptObservation,
  BatchMember,
  CacheEffect,
  ChildEffect,
  ChildObservation,
  Desired,
  Effect,
  EngineState,
  KeepResults,
  Lookup,
  LookupObservation,
  Observation,
  Settings,
  StepResult,
  Terminated,
} from './state.ts';
export { step } from './step.ts';
