/**
 * cluster: the object API. Owns the kinds, the port through which every part reads and writes shared state,
 * and its errors. Adapters live below and are wired by `main/` only.
 * Keeps: a call resolves after its write is durable; watches see a change only after that.
 */
export * from './access.ts';
export * from './admission.ts';
export * from './age.ts';
export * from './archive.ts';
export * from './audit.ts';
export * from './backfill-kind.ts';
export * from './cache-entry.ts';
export * from './closure-text.ts';
export * from './columns.ts';
export * from './definitions.ts';
export * from './entity-index.ts';
export * from './errors.ts';
export * from './execution.ts';
export * from './execution-kind.ts';
export * from './field-selector.ts';
export * from './field-set.ts';
export * from './find-object.ts';
export * from './kinds.ts';
export * from './labels.ts';
export * from './lease.ts';
export * from './managed-fields.ts';
export * from './map-results.ts';
export * from './merge-patch.ts';
export * from './notification-kind.ts';
export * from './object.ts';
export * from './phases.ts';
export * from './plan-summary.ts';
export * from './platforms.ts';
export * from './pod.ts';
export * from './port.ts';
export * from './reflector.ts';
export * from './repository.ts';
export * from './repository-spec.ts';
export * from './roles.ts';
export * from './schedule-kind.ts';
export * from './secret.ts';
export * from './selector.ts';
export * from './shard-kind.ts';
export * from './signals.ts';
export * from './steering.ts';
export * from './stencil.ts';
export * from './token-kind.ts';
export * from './versions.ts';
export * from './with-archive.ts';
