/**
 * control/scheduler: active schedules → one execution per due tick.
 * Keeps: an execution's name follows from repository, schedule and tick, so none starts twice; how far ticks are settled
 * moves on only with their executions, in one write, and never back; of two schedulers the writes of one are refused;
 * a schedule that cannot run, missed ticks and those that overlap delay no other.
 * Must not compute calendars (that is `calendar`) nor run executions (that is the propeller).
 */
export { tickExecutionName } from './launcher.ts';
export { tickRule } from './schedule-entry.ts';
export { type Scheduler, type SchedulerOptions, type SchedulerStats, startScheduler } from './scheduler.ts';
export type { SchedulerCounters } from './term.ts';
