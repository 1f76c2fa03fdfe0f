/**
 * control/propeller: the workers that run executions. They watch executions and pods, step each execution by the pure
 * engine, and write its delta and its pods as one batch.
 * Must not hold an execution in memory that has nothing to do, nor decide anything that `src/propeller` decides.
 * Keeps: one round of an execution at a time; a round goes on only when the one before is durable; after any failure
 * the state is loaded anew; an execution that cannot be run ends with an error and delays no other.
 */
export type { PropellerOptions, PropellerStats, StepSeen } from './engine.ts';
export { type OneShard, type OneShardOptions, startOneShard } from './one-shard.ts';
export { followPlatform, type PlatformOptions } from './platform.ts';
export { podOf } from './pod.ts';
export { type Propeller, startPropeller } from './propeller.ts';
export type { QuotaReport } from './quotas.ts';
export { reportShards } from './shard-report.ts';
export { type Propellers, type PropellersOptions, startPropellers } from './shards.ts';
