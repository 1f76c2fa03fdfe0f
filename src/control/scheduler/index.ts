/**
 * control/scheduler: active schedules → one execution per due tick.
 * Keeps: an execution's name follows from repository, schedule and tick, so none starts twice; a schedule's lastTick
 * moves on only together with the execution; a schedule that cannot run delays no other.
 * Must not compute calendars (that is `calendar`) nor run executions (that is the propeller).
 */
export { type DueTicks, dueTicks } from './due.ts';
export { spreadOffsetMs, tickExecutionName, tickRule } from './rule.ts';
export { type Scheduler, type SchedulerOptions, startScheduler } from './scheduler.ts';
