/**
 * object-store: tries whether the object store that the Platform names can be used, at the start, when it changes and from
 * time to time. Owns Platform.status, where the condition ObjectStoreReady tells.
 * Must not keep values there, nor hold up any other loop.
 * Keeps: a try that is not cut off leaves nothing behind in the store; one that tells nothing new writes no status; no secret
 * is in a status or a log.
 */
export { type ObjectStoreCheckOptions, type ObjectStoreChecks, startObjectStoreChecks } from './checks.ts';
export { type AccessKeys, readKeys } from './keys.ts';
