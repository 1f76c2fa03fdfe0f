/**
 * sources: follows repositories that others serve. Polls each in its own time, fetches what changed into a quarantine and
 * has it decided as a push would be. Owns `source` and the condition SourceReady of Repository.status.
 * Must not compile, nor touch definitions or domains: registration and reconciler do.
 * Keeps: no remote holds up another; a rejected commit moves no ref; a poll without news writes nothing; hints, however
 * many, only bring the next poll forward; no credentials reach a status, a log or a file.
 */
export { openRemote } from './credentials.ts';
export { type Follower, type Followers, followRepositories, newFollower } from './followers.ts';
export { createLanes, type Lanes } from './lanes.ts';
export { type LayOutOptions, layOutSources } from './lay-out-sources.ts';
export { findRepository, patchRepository } from './repository-status.ts';
export { backoffMs, intervalMs, isFarthest } from './schedule.ts';
export { createSourceObjects, type SourceObjectsOptions } from './source-objects.ts';
export { createSources, type Sources, type SourcesOptions, type SourcesStats } from './sources.ts';
