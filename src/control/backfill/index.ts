/**
 * control/backfill: ticks of a schedule's past → one execution for each, so many at a time.
 * Owns the status of Backfill objects. Executions have the names of their ticks, so a backfill and the scheduler never start
 * one twice, and what exists, archived or not, is passed over.
 * Keeps: how far it is moves on only with the executions, in one write, so it is carried on after any crash; when it ticks
 * is the schedule as it was at its begin. Must not run executions, nor know of watermarks of the scheduler.
 */
export { type Backfills, type BackfillsOptions, startBackfills } from './backfills.ts';
