/**
 * control/retention: deletes executions and pods that finished long ago or are too many, so that a store stays bounded.
 * Must not touch anything that is not finished. Keeps: nothing goes before RETENTION.minAgeMs, and the newest stay.
 */
export { expired, type Finished, type RetentionLimits } from './expired.ts';
export { type Retention, type RetentionOptions, startRetention } from './retention.ts';
