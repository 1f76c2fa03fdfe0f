/**
 * reconciler: makes the active definitions of each domain equal to the commit that its ref names.
 * Owns the definition objects (Workflow, Task, LaunchPlan, Schedule, Platform, Policy) and `lastApplied` of Repository.status.
 * Must not compile or read git: it copies what registration stored. Keeps: nothing active refers to something that is
 * not; `lastApplied` is written last; a second pass over unchanged input writes nothing; executions are never touched.
 */
export { definitionObject, isEdited } from './definition.ts';
export { type PlanRequest, planCommit } from './domain.ts';
export { type Happening, recordEvent } from './events.ts';
export { createKeyQueue, type KeyQueue, type KeyQueueOptions } from './key-queue.ts';
export {
  type DesiredDefinition,
  type LiveDefinition,
  type Plan,
  type PlannedChange,
  planChanges,
  printPlan,
} from './plan.ts';
export { type Reconciler, type ReconcilerOptions, startReconciler } from './reconciler.ts';
export { summarisePlan } from './summarise-plan.ts';
export type { Settled } from './waiters.ts';
