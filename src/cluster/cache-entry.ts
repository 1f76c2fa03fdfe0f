import type { KubeObject } from './object.ts';

/** Which node of which execution. */
export interface CacheOrigin {
  readonly execution: string;
  readonly uid: string;
  /** Path of the node: ids joined by `/`. */
  readonly node: string;
  /** Of the subtask of a map. */
  readonly index?: number;
}

/**
 * Outputs of a task by what it did them from. Named by its key, a SHA-256; it lives where its executions do. An entry
 * without outputs is a reservation: its holder is computing them.
 */
export interface CacheEntry extends KubeObject {
  readonly kind: 'CacheEntry';
  readonly spec: {
    readonly task: string;
    readonly workflow: string;
    readonly commit: string;
    /** JSON text of the outputs, so that nulls in them survive merge patches. */
    readonly outputs?: string;
    /** JSON text of those that are in the object store, name → BlobRef; `outputs` lacks them. */
    readonly storedOutputs?: string;
    readonly madeBy?: CacheOrigin;
    readonly madeAt?: string;
    /** Absent: it is good for ever. */
    readonly expiresAt?: string;
    /** Holds as long as the holder's node has not ended. */
    readonly reservation?: CacheOrigin & { readonly since: string };
  };
}
