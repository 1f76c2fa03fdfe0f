import type { Oid } from './oid.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

/** What reading one object gave. Only `found` carries bytes. */
export type ReadResult =
  | { readonly kind: 'found'; readonly type: ObjectType; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  /** Larger than asked for; its bytes were not kept. */
  | { readonly kind: 'tooLarge'; readonly type: ObjectType; readonly sizeBytes: number };

/**
 * Reads objects of one repository by id. Calls may overlap and are answered in order.
 * Errors: WaitError when the source of objects ended (a pusher went away, a process died); StalledError('GitMissing').
 */
export interface ObjectReader {
  /**
   * The object, when it has at most `maxBytes` bytes. An `oid` that is not one is `missing`. Who knows by a tree that it
   * is a blob says so: one that a filter left out is then fetched.
   */
  read(oid: Oid, maxBytes: number, expected?: 'blob'): Promise<ReadResult>;
  /** Of a repository whose fetches leave blobs out: fetches at once those of these that are not there. */
  prefetch?(blobs: readonly Oid[]): Promise<void>;
}

/** Refs of a repository by full name (`refs/heads/main`), each with the id it points at. */
export type Refs = ReadonlyMap<string, Oid>;
