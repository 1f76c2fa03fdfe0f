import {
  type Clock,
  type Log,
  type Random,
  REFLECTOR_PAGE_SIZE,
  RELIST_INTERVAL_MS,
  RELIST_OBJECTS,
  type UnixMs,
  WATCH_BACKOFF,
  WaitError,
} from '../base/index.ts';
import { ExpiredError } from './errors.ts';
import { type FieldTerm, matchesFields, parseFieldSelector } from './field-selector.ts';
import { findObject } from './find-object.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import { type Cluster, type ListOptions, type WatchEvent, watchCountOf } from './port.ts';
import { isPassed } from './versions.ts';

export interface ReflectOptions extends Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** Time between lists that check the watch; absent: RELIST_INTERVAL_MS. */
  readonly relistMs?: number;
  /**
   * Field selector of what a list is to bring. All others are told when they change and then forgotten, so that what
   * is over and only kept costs neither a start nor memory.
   */
  readonly listOnly?: string;
}

/** One difference between what was told before and what is now. */
export type Change<T extends KubeObject> =
  | { readonly type: 'set'; readonly object: T }
  /** `last` is the object as the watch saw it go; absent when a list merely lacked it. */
  | { readonly type: 'gone'; readonly key: ObjectKey; readonly last?: T };

export interface ReflectHandlers<T extends KubeObject> {
  /** Changes in the order of their versions. Must not throw; what it starts is its own to await. */
  changed(changes: readonly Change<T>[]): void;
  /** The first list has been told whole. */
  synced?(): void;
  /** A list has been told whole: of what changed before `since`, when it was asked for, nothing is unknown any more. */
  listed?(since: UnixMs): void;
  /** The cluster cannot be watched now; called again with undefined when it can. */
  interrupted?(error: Error | undefined): void;
}

export interface Reflector {
  /** Resolves when the signal aborts; rejects only when a handler throws. */
  readonly done: Promise<void>;
  stats(): ReflectorStats;
}

export interface ReflectorStats {
  readonly objects: number;
  readonly lists: number;
  /** Differences that only a list showed though the watch had passed them: events that were lost. */
  readonly corrections: number;
}

interface State<T extends KubeObject> {
  readonly cluster: Cluster;
  readonly kind: string;
  readonly options: ReflectOptions;
  readonly handlers: ReflectHandlers<T>;
  readonly listed: readonly FieldTerm[];
  /** `namespace/name` → version. Objects themselves are not kept: a key is what a loop needs. */
  readonly versions: Map<string, string>;
  /** The version up to which the watch has told everything. */
  seen: string | undefined;
  lists: number;
  corrections: number;
}

/**
 * Keeps a reader's picture of one kind equal to the cluster: list, watch, list again when the version has expired,
 * on any error and from time to time (the shape of client-go's reflector). Level-triggered: after any fault the
 * reader is told the differences, not the history.
 */
export function reflect<T extends KubeObject>(
  cluster: Cluster,
  kind: string,
  options: ReflectOptions,
  handlers: ReflectHandlers<T>,
  signal: AbortSignal,
): Reflector {
  const state: State<T> = {
    cluster,
    kind,
    options,
    handlers,
    listed: options.listOnly === undefined ? [] : parseFieldSelector(options.listOnly),
    versions: new Map(),
    seen: undefined,
    lists: 0,
    corrections: 0,
  };
  return {
    done: run(state, signal),
    stats: () => ({ objects: state.versions.size, lists: state.lists, corrections: state.corrections }),
  };
}

async function run<T extends KubeObject>(state: State<T>, signal: AbortSignal): Promise<void> {
  const { options, handlers } = state;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const resourceVersion = await relist(state, signal);
      // A watch hears only of an end that comes after it began.
      if (signal.aborted) return;
      if (failures > 0) handlers.interrupted?.(undefined);
      failures = 0;
      await follow(state, resourceVersion, signal);
    } catch (error) {
      if (error instanceof HandlerError) throw error.cause;
      if (signal.aborted) return;
      // What happened meanwhile is no lost event but history that is gone: none of what the list shows is a correction.
      state.seen = undefined;
      if (error instanceof ExpiredError) {
        await pause(options.clock, backoffMs(error, 1, options.random), signal);
        continue;
      }
      failures += 1;
      watchCountOf(state.cluster, state.kind).interruptions += 1;
      if (failures === 1) handlers.interrupted?.(error as Error);
      options.log.write('warn', 'watch interrupted', { kind: state.kind, error: String(error), failures });
      await pause(options.clock, backoffMs(error, failures, options.random), signal);
    }
  }
}

/** Marks what a handler threw, so that it is not taken for a fault of the cluster. */
class HandlerError extends Error {}

function tell<T extends KubeObject>(state: State<T>, changes: readonly Change<T>[]): void {
  if (changes.length === 0) return;
  try {
    state.handlers.changed(changes);
  } catch (cause) {
    throw new HandlerError('a handler failed', { cause });
  }
}

/** Lists everything page by page and tells what differs from the versions known. Returns the version to watch from. */
async function relist<T extends KubeObject>(state: State<T>, signal: AbortSignal): Promise<string> {
  const { cluster, kind, options, versions } = state;
  const since = options.clock.now();
  const unseen = new Set(versions.keys());
  let resourceVersion: string | undefined;
  for (let continueToken: string | undefined; ; ) {
    const page = await cluster.list<T>(kind, {
      ...selection(options),
      ...listSelection(options),
      limit: REFLECTOR_PAGE_SIZE,
      ...(continueToken !== undefined && { continueToken }),
    });
    if (signal.aborted) return page.resourceVersion;
    resourceVersion ??= page.resourceVersion;
    const changes: Change<T>[] = [];
    for (const object of page.items) {
      const id = idOf(object.metadata);
      unseen.delete(id);
      const version = object.metadata.resourceVersion ?? '';
      if (versions.get(id) === version) continue;
      if (isPassed(state.seen, version)) correct(state);
      versions.set(id, version);
      changes.push({ type: 'set', object });
    }
    tell(state, changes);
    continueToken = page.continueToken;
    if (continueToken === undefined) break;
  }
  tell(state, await settleUnseen(state, unseen, resourceVersion));
  state.lists += 1;
  watchCountOf(cluster, kind).lists += 1;
  state.handlers.listed?.(since);
  if (state.lists === 1) state.handlers.synced?.();
  return resourceVersion;
}

function correct<T extends KubeObject>(state: State<T>): void {
  state.corrections += 1;
  watchCountOf(state.cluster, state.kind).corrections += 1;
}

/** What became of the objects that a list lacks: gone, or no longer among those that lists bring. */
async function settleUnseen<T extends KubeObject>(
  state: State<T>,
  unseen: ReadonlySet<string>,
  listed: string,
): Promise<Change<T>[]> {
  const changes: Change<T>[] = [];
  for (const id of unseen) {
    const key = keyOf(state.kind, id);
    const object = state.listed.length === 0 ? undefined : await findObject<T>(state.cluster, key);
    state.versions.delete(id);
    // When the watch had passed the list's version, it should have told this.
    if (isPassed(state.seen, object?.metadata.resourceVersion ?? listed)) correct(state);
    changes.push(object === undefined ? { type: 'gone', key } : { type: 'set', object });
  }
  return changes;
}

function listSelection({ fieldSelector, listOnly }: ReflectOptions): Pick<ListOptions, 'fieldSelector'> {
  if (listOnly === undefined) return {};
  return { fieldSelector: fieldSelector === undefined ? listOnly : `${fieldSelector},${listOnly}` };
}

/** Tells events until it is time to list again, or the watch fails. */
async function follow<T extends KubeObject>(
  state: State<T>,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, kind, options } = state;
  const ending = new AbortController();
  // A reason that is given spares the DOMException that is made without one.
  const end = (): void => ending.abort('ended');
  signal.addEventListener('abort', end);
  // Reflectors that start together must not list together for ever.
  const rarer = Math.max(1, state.versions.size / RELIST_OBJECTS);
  const intervalMs = (options.relistMs ?? RELIST_INTERVAL_MS) * rarer * (0.8 + 0.4 * options.random.unit());
  const cancel = options.clock.at(options.clock.now() + intervalMs, end);
  state.seen = resourceVersion;
  try {
    const watch = cluster.watch<T>(kind, { ...selection(options), resourceVersion, signal: ending.signal });
    for await (const batch of watch) tell(state, changesOf(state, batch));
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
  if (!ending.signal.aborted) throw new WaitError('the watch ended by itself', 0);
}

function changesOf<T extends KubeObject>(state: State<T>, batch: readonly WatchEvent<T>[]): Change<T>[] {
  const changes: Change<T>[] = [];
  for (const event of batch) {
    if (event.type === 'BOOKMARK') {
      state.seen = event.resourceVersion;
      continue;
    }
    const { metadata } = event.object;
    const id = idOf(metadata);
    const version = metadata.resourceVersion ?? '';
    state.seen = version;
    if (event.type === 'DELETED') {
      state.versions.delete(id);
      changes.push({ type: 'gone', key: keyOf(state.kind, id), last: event.object });
    } else if (state.versions.get(id) !== version) {
      if (matchesFields(state.listed, event.object)) state.versions.set(id, version);
      else state.versions.delete(id);
      changes.push({ type: 'set', object: event.object });
    }
  }
  return changes;
}

function selection(options: ReflectOptions): Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'> {
  const { namespace, labelSelector, fieldSelector } = options;
  return {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
}

function idOf({ namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return `${namespace ?? ''}/${name}`;
}

function keyOf(kind: string, id: string): ObjectKey {
  const cut = id.indexOf('/');
  const namespace = id.slice(0, cut);
  return { kind, name: id.slice(cut + 1), ...(namespace !== '' && { namespace }) };
}

function backoffMs(error: unknown, failures: number, random: Pick<Random, 'unit'>): number {
  const { initialMs, factor, maxMs } = WATCH_BACKOFF;
  const wished = error instanceof WaitError ? error.retryAfterMs : 0;
  const grown = initialMs * factor ** (Math.min(failures, 30) - 1);
  return Math.min(Math.max(wished, grown), maxMs) * (0.5 + random.unit() / 2);
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.at(clock.now() + ms, done);
    signal.addEventListener('abort', done);
  });
}
