/**
 * control/retention: moves executions that are over to the archive, and lets go of pods, logs, events and archived executions
 * past the policy, and of revisions, closures and blobs that nothing refers to, so that everything stays bounded.
 * Must not touch anything that is not over. Keeps: an execution is written to the archive, durably, before it leaves
 * the live objects; nothing goes before RETENTION_MIN_AGE_MS; of everything the newest stay.
 */
export {
  type BlobStats,
  type BlobSweep,
  type BlobSweepLimits,
  type BlobSweepOptions,
  type BlobUse,
  createBlobSweep,
  createBlobUse,
} from './blobs.ts';
export { staleCacheEntries } from './cache-entries.ts';
export type { Collected, CollectionLimits, CollectOptions } from './collect.ts';
export { type Collection, type CollectionOptions, startCollection } from './collection.ts';
export { type FollowRetentionOptions, followRetentionPolicy, retentionPolicy } from './follow-policy.ts';
export { DEFAULT_RETENTION, type Ended, expired, type KeepLimits, type RetentionPolicy } from './policy.ts';
export { type Retention, type RetentionOptions, startRetention } from './retention.ts';
