import type { BlobRef, UnixMs } from '../base/index.ts';
import type { HistoryQuery } from './archive.ts';
import type { KubeObject, MergePatch, ObjectKey } from './object.ts';
import type { Stenciled } from './stencil.ts';

export interface ListOptions {
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Kubernetes syntax: `a=b,c!=d,e in (f,g),!h`. */
  readonly labelSelector?: string;
  /** Kubernetes syntax over selectable fields: `metadata.name=x,status.phase!=Failed`. */
  readonly fieldSelector?: string;
  /** At most so many items; the rest follows with `continueToken`. */
  readonly limit?: number;
  readonly continueToken?: string;
  /**
   * Asks for executions that are over and have left the live objects, or for their attempts' pods, instead of live ones.
   * A cluster without an archive answers as if this were absent; so whoever joins both tells them apart by uid.
   */
  readonly archived?: HistoryQuery;
  /**
   * Of the executions that are parked (ExecutionStatus.parked) only those that are due before `before`; given `from`, none
   * but those that are due between the two. A hint: an adapter may answer as if it were absent, and one that follows it says so.
   */
  readonly due?: { readonly from?: UnixMs; readonly before: UnixMs };
}

export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly items: readonly T[];
  /** Watch from here to miss nothing after this list. */
  readonly resourceVersion: string;
  readonly continueToken?: string;
  /** What is parked was left out, as `ListOptions.due` asked. */
  readonly leavesOutParked?: true;
}

export interface WatchOptions extends Omit<ListOptions, 'limit' | 'continueToken' | 'archived' | 'due'> {
  /** Events after this version. Absent: from now on. */
  readonly resourceVersion?: string;
  /** Leaves out changes of status alone, for the status' own writer. A hint: an adapter may send them all the same. */
  readonly ignoreStatusChanges?: boolean;
  readonly signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** No change of an object: only says how far this watch has seen. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/** Preconditions of a write; a mismatch rejects with ConflictError. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/**
 * One write. `create`, `update` and `apply` carry whole objects, `patch` and `patchStatus` only what changes.
 * `fieldManager` says who writes, where fields have owners.
 */
export type Write =
  | { readonly op: 'create'; readonly object: KubeObject; readonly fieldManager?: string }
  /** Creates the `wholeObject` of `like`: of many that are alike an adapter may write what sets each apart. `key` is its own. */
  | { readonly op: 'createAlike'; readonly key: ObjectKey; readonly like: Stenciled }
  /** Replaces everything but status; `metadata.resourceVersion` must be the one that was read. */
  | { readonly op: 'update'; readonly object: KubeObject; readonly fieldManager?: string }
  | ApplyWrite
  | {
      readonly op: 'patch';
      readonly key: ObjectKey;
      readonly patch: MergePatch;
      readonly if?: Preconditions;
      readonly fieldManager?: string;
    }
  /** `patch` is merged into `status`. A delta: names the few fields that changed. */
  | { readonly op: 'patchStatus'; readonly key: ObjectKey; readonly patch: MergePatch; readonly if?: Preconditions }
  | { readonly op: 'delete'; readonly key: ObjectKey; readonly if?: Preconditions };

/**
 * Server-side apply: creates, or sets the fields that `object` names and owns them from then on, and removes those that
 * this manager named before, names no more, and nobody else owns.
 */
export interface ApplyWrite {
  readonly op: 'apply';
  readonly object: KubeObject;
  readonly fieldManager: string;
  /** Takes fields that others own. Absent: FieldConflictError when one of them would change. */
  readonly force?: boolean;
  /** Of the live object; none may be missing then. A version may stand in the object's metadata as well. */
  readonly if?: Preconditions;
}

export interface WriteOptions {
  /**
   * Nothing is written: the writes are checked, and answered as they would be. Where a batch is one request for each
   * write, each by itself.
   */
  readonly dryRun?: boolean;
  /** The caller does not look at the answer: resolves with an empty list, which saves putting the objects together. */
  readonly discard?: boolean;
  /** The caller looks at the versions only: answers may lack all but kind, name and `metadata.resourceVersion`. */
  readonly versions?: boolean;
  /** The same of the last write alone: the answers of all others may be missing. */
  readonly lastVersion?: boolean;
}

export interface LogOptions {
  readonly container?: string;
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceMs?: number;
  readonly timestamps?: boolean;
  readonly previous?: boolean;
  readonly signal?: AbortSignal;
}

export type WatchCounts = Map<string, WatchCount>;

/** Since the start. */
export interface WatchCount {
  /** Lists of everything: the first of each watch, those after a break, and those that check it. */
  lists: number;
  /** Differences that only a list showed though the watch had passed them: events that were lost. */
  corrections: number;
  /** Breaks of the watch, or of its lists, that its reader was told of. */
  interruptions: number;
}

/** The counts of a kind; of a cluster without any they go nowhere. */
export function watchCountOf({ watchCounts }: Pick<Cluster, 'watchCounts'>, kind: string): WatchCount {
  const known = watchCounts?.get(kind);
  if (known !== undefined) return known;
  const count: WatchCount = { lists: 0, corrections: 0, interruptions: 0 };
  watchCounts?.set(kind, count);
  return count;
}

/**
 * The only way any part reads or writes shared state. Two adapters: embedded and Kubernetes.
 * A call resolves only after its write is durable; a watch sees a change only after that.
 * Errors: NotFoundError, AlreadyExistsError, ConflictError (409), ExpiredError (410, from watch: list again),
 * InvalidError (422), WaitError (429, 5xx, connection lost).
 */
export interface Cluster {
  get<T extends KubeObject>(key: ObjectKey): Promise<T>;
  list<T extends KubeObject>(kind: string, options?: ListOptions): Promise<ObjectList<T>>;
  /** Batches of events in order; a batch is what had been committed when the reader came back. */
  watch<T extends KubeObject>(kind: string, options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>;

  /**
   * Writes in order and returns the objects as stored (for delete: as last seen). Embedded: one durable record,
   * all or nothing. Kubernetes: one request each, stopping at the first refusal; so order a batch such that
   * its last write makes the others visible, and each can be repeated.
   */
  write(writes: readonly Write[], options?: WriteOptions): Promise<readonly KubeObject[]>;
  /**
   * Tells of creations that are likely to be written within seconds, so that an adapter may put together what it can: nobody
   * sees anything of it, and nothing is promised. Those that are not written are forgotten.
   */
  prepare?(writes: readonly Write[]): void;
  /** Present: a batch that is refused, or whose writer dies, may have been written in part. Absent: never. */
  readonly writesOneByOne?: true;

  /** Counts of those who watch, by kind; absent where watches lose nothing. */
  readonly watchCounts?: WatchCounts;

  /** The log of a pod's container, as written. */
  podLogs(key: ObjectKey, options?: LogOptions): AsyncIterable<Uint8Array>;
  /** The JSON text of an output of an execution that is in the object store. Absent: there is none of them here. */
  storedOutput?(key: ObjectKey, output: StoredOutput): AsyncIterable<Uint8Array>;
}

export interface StoredOutput {
  /** Path of the node; absent: the execution's own. */
  readonly node?: string;
  readonly name: string;
  /** As the status has it. */
  readonly ref: BlobRef;
  readonly signal?: AbortSignal;
}

/** The single-write forms of `Cluster.write`, for callers that change one object. */
export async function createObject<T extends KubeObject>(cluster: Cluster, object: T): Promise<T> {
  return first<T>(await cluster.write([{ op: 'create', object }]));
}

export async function updateObject<T extends KubeObject>(cluster: Cluster, object: T): Promise<T> {
  return first<T>(await cluster.write([{ op: 'update', object }]));
}

export async function patchObject<T extends KubeObject>(
  cluster: Cluster,
  key: ObjectKey,
  patch: MergePatch,
  preconditions?: Preconditions,
): Promise<T> {
  return first<T>(await cluster.write([{ op: 'patch', key, patch, ...(preconditions && { if: preconditions }) }]));
}

export async function patchStatus<T extends KubeObject>(
  cluster: Cluster,
  key: ObjectKey,
  patch: MergePatch,
  preconditions?: Preconditions,
): Promise<T> {
  return first<T>(
    await cluster.write([{ op: 'patchStatus', key, patch, ...(preconditions && { if: preconditions }) }]),
  );
}

export async function deleteObject(cluster: Cluster, key: ObjectKey, preconditions?: Preconditions): Promise<void> {
  await cluster.write([{ op: 'delete', key, ...(preconditions && { if: preconditions }) }]);
}

function first<T extends KubeObject>(written: readonly KubeObject[]): T {
  return written[0] as T;
}
