import type { BlobRefs, Digest, UnixMs } from '../base/index.ts';
import type { CacheOrigin } from '../cluster/index.ts';
import type { PlannedTask } from './plan.ts';
import type { Past } from './reuse.ts';

/** What the execution knows of outputs that need not be made again. */
export interface ReuseState {
  /** What the execution takes from another one; undefined: it recovers from none. */
  readonly past: Past | undefined;
  /** Tasks whose outputs are to be looked for before they start. */
  readonly lookups: number[];
  /** Tasks that asked the cache, or hold or wait for an entry of it, by node. */
  readonly claims: Map<number, CacheClaim>;
  /** Entries that tasks of this execution reserve: key → node, and index of the subtask or -1. */
  readonly reserving: Map<Digest, { readonly node: number; readonly index: number }>;
}

/** What a task has to do with the cache. */
export interface CacheClaim {
  readonly key: Digest;
  /** The entry is to be reserved when the task starts; `version`: of the one that is there, to be replaced. */
  readonly reserve: { readonly version: string | undefined } | undefined;
  readonly isWaiting: boolean;
}

/** What is to be read from the cache before the next step, and told to it. */
export interface Lookup {
  readonly node: number;
  readonly path: string;
  /** Index of a subtask; -1: the node is a task. */
  readonly index: number;
  readonly key: Digest;
  /** Entries filled longer ago do not count. */
  readonly ttlMs: number | undefined;
  /** Whether it waits for who computes the entry. */
  readonly serialize: boolean;
}

/** The answer to a lookup. */
export interface LookupObservation {
  readonly kind: 'Lookup';
  readonly node: number;
  readonly index: number;
  readonly key: Digest;
  readonly found: /** `outputs` as JSON text. `version`: as in Miss, should they not fit. */
    | {
        readonly kind: 'Hit';
        readonly outputs: string;
        readonly storedOutputs?: BlobRefs;
        readonly by: CacheOrigin;
        readonly at: string | undefined;
        readonly version: string | undefined;
      }
    /** `version`: of an entry that is there and good for nothing. */
    | { readonly kind: 'Miss'; readonly version: string | undefined }
    /** Somebody else computes it. */
    | { readonly kind: 'Held'; readonly by: CacheOrigin };
}

/** Effects on cache entries. */
export type CacheEffect =
  /** The entry is to be this node's to fill, or else nothing of the step may happen: another holds it. */
  | (EntryPlace & { readonly kind: 'ReserveEntry'; readonly version: string | undefined })
  | (EntryPlace & {
      readonly kind: 'FillEntry';
      readonly outputs: string;
      readonly storedOutputs?: BlobRefs;
      readonly ttlMs: number | undefined;
    })
  /** The node that held the entry ended without filling it: nothing to write, others go on. */
  | { readonly kind: 'ReleaseEntry'; readonly key: Digest };

interface EntryPlace {
  readonly at: UnixMs;
  readonly node: number;
  readonly path: string;
  readonly index: number;
  readonly task: PlannedTask;
  readonly key: Digest;
}
