import { BOOKMARK_INTERVAL_MS, ConflictError, type Random, StalledError } from '../../../src/base/index.ts';
import { startCollector } from '../../../src/cluster/adapters/embedded/collector.ts';
import { commitOp } from '../../../src/cluster/adapters/embedded/commit.ts';
import { type Entry, mainValue } from '../../../src/cluster/adapters/embedded/entry.ts';
import { listObjects } from '../../../src/cluster/adapters/embedded/list.ts';
import { type Orphans, ownersOf } from '../../../src/cluster/adapters/embedded/owners.ts';
import { rehearsedAnswers } from '../../../src/cluster/adapters/embedded/rehearsed.ts';
import { type Op, rehearse, type Staged, stage, unstage } from '../../../src/cluster/adapters/embedded/stage.ts';
import { newTable, snapshot, type Table, visibleEntry } from '../../../src/cluster/adapters/embedded/table.ts';
import { watchEvents } from '../../../src/cluster/adapters/embedded/watch.ts';
import { checkKey } from '../../../src/cluster/admission.ts';
import {
  InvalidError,
  type KubeObject,
  kindInfo,
  type ListOptions,
  type MergePatch,
  NotFoundError,
  type ObjectKey,
  type ObjectList,
  type SealSecret,
  type WatchEvent,
  type WatchOptions,
  type Write,
  type WriteOptions,
} from '../../../src/cluster/index.ts';
import type { Timeline } from './timeline.ts';

/** One durable change, as observers see it the moment it becomes visible. */
export type Commit = {
  /** The process that wrote it; absent: somebody else. */
  readonly by?: string | undefined;
} & (
  | { readonly kind: 'put'; readonly before: KubeObject | undefined; readonly object: KubeObject }
  | { readonly kind: 'status'; readonly key: ObjectKey; readonly patch: MergePatch }
  | { readonly kind: 'delete'; readonly key: ObjectKey; readonly object: KubeObject }
);

export interface Disk {
  /** Milliseconds that the next frame takes. */
  latencyMs(): number;
  isFull(): boolean;
}

/**
 * The embedded store's own staging, visibility, watches and garbage collection over a simulated disk: batches that come
 * while it is busy share the next frame; a full disk or a loss of power takes what is not yet written.
 */
export interface SimStore {
  get(key: ObjectKey): KubeObject;
  find(key: ObjectKey): KubeObject | undefined;
  list(kind: string, options?: ListOptions): Promise<ObjectList>;
  watch(kind: string, options: WatchOptions): AsyncIterable<readonly WatchEvent[]>;
  write(writes: readonly Write[], options?: WriteOptions, by?: string): Promise<readonly KubeObject[]>;
  /** Writes that are accepted and not on the disk are gone, and nobody is told. */
  losePower(): void;
  /** Watches of this kind that are behind get ExpiredError. */
  forget(kind: string): void;
  readonly table: Table;
  /** Executions that were ever created. */
  readonly executions: number;
}

export interface StoreOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly disk: Disk;
  readonly onCommit: (commits: readonly Commit[], text: string) => void;
  /** Absent: Secrets are stored as they are given. */
  readonly seal?: SealSecret | undefined;
}

interface Waiting {
  readonly staged: Staged;
  readonly by: string | undefined;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** Bookmarks come so much rarer than from the real store: they are most of a quiet day's events. */
const BOOKMARKS_RARER = (4 * 60 * 60_000) / BOOKMARK_INTERVAL_MS;

export function createStore(options: StoreOptions): SimStore {
  const { timeline, random, disk, onCommit } = options;
  const clock = {
    now: () => timeline.now,
    at: (at: number, run: () => void) => timeline.after((at - timeline.now) * BOOKMARKS_RARER, run),
  };
  const reading = <T>(work: () => T): T => work();
  const progress = { sequence: 0, rv: 0, id: 0 };
  const table = newTable({ progress, rows: () => [], orphans: () => new Set(), body: noBody, reading, close: nothing });
  const orphans: Orphans = { deletedOwners: new Set(), entries: new Set(), namespaces: new Set() };
  const staging = { table, clock, random, admit: undefined, seal: options.seal };
  const watching = { table, clock, closing: new AbortController().signal, watches: 0 };
  const log = { write: nothing };
  let queue: Waiting[] = [];
  let flying: Waiting[] = [];
  let flyingSince = 0;
  let epoch = 0;
  let executions = 0;

  /** What comes in the same instant shares a frame; what comes later waits for the next one. */
  function enqueue(waiting: Waiting): void {
    if (flying.length > 0 && timeline.now === flyingSince) flying.push(waiting);
    else queue.push(waiting);
    flush();
  }

  function flush(): void {
    if (flying.length > 0 || queue.length === 0) return;
    flying = queue;
    flyingSince = timeline.now;
    queue = [];
    const mine = epoch;
    timeline.after(disk.latencyMs(), () => {
      if (mine !== epoch) return;
      if (disk.isFull()) fail();
      else settle();
    });
  }

  function settle(): void {
    const settled = flying;
    flying = [];
    for (const { staged, by } of settled) {
      const commits: Commit[] = [];
      for (const op of staged.ops) commitOne(op, commits, by);
      if (commits.length > 0) onCommit(commits, staged.text);
    }
    table.dirty.clear();
    table.deletedIds.length = 0;
    ringWatches(table);
    collector.wake();
    for (const { done } of settled) done();
    flush();
  }

  function commitOne(op: Op, commits: Commit[], by: string | undefined): void {
    if (op.kind === 'none') return;
    const { entry } = op;
    const { kind, namespace } = entry.shelf;
    const before = entry.rv === 0 || op.kind !== 'put' ? undefined : mainValue(entry.hot!.main);
    if (kind === 'Execution' && op.kind === 'put' && before === undefined) executions++;
    const mainChanged = commitOp(table, orphans, op);
    const { changes } = table.kinds.get(kind)!;
    changes.rings = mainChanged || changes.rings === 'main' ? 'main' : 'status';
    const key: ObjectKey = namespace === '' ? { kind, name: entry.name } : { kind, namespace, name: entry.name };
    if (op.kind === 'put') commits.push({ by, kind: 'put', before, object: mainValue(op.main) });
    else if (op.kind === 'status') commits.push({ by, kind: 'status', key, patch: op.patch as MergePatch });
    else commits.push({ by, kind: 'delete', key, object: entry.hot!.snapshot! });
  }

  function drop(): readonly Waiting[] {
    const lost = [...flying, ...queue];
    flying = [];
    queue = [];
    epoch++;
    for (const { staged } of lost.toReversed()) unstage(table, staged.ops);
    return lost;
  }

  function fail(): void {
    const error = new StalledError('DiskFull', 'no space is left on the simulated disk');
    for (const { failed } of drop()) failed(error);
  }

  function write(
    writes: readonly Write[],
    { discard, dryRun }: WriteOptions = {},
    by?: string,
  ): Promise<readonly KubeObject[]> {
    return new Promise((resolve, reject) => {
      let staged: Staged;
      try {
        if (dryRun === true) return resolve(rehearse(staging, writes, Number.POSITIVE_INFINITY, rehearsed));
        staged = stage(staging, writes, Number.POSITIVE_INFINITY);
      } catch (error) {
        if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
        enqueue({ staged: { ops: [], answers: [], text: '' }, by, done: () => reject(error), failed: reject });
        return;
      }
      const answers = (): readonly KubeObject[] => staged.answers.map((index) => answerOf(table, staged.ops[index]!));
      enqueue({ staged, by, done: () => resolve(discard === true ? [] : answers()), failed: reject });
    });
  }

  const rehearsed = (staged: Staged): readonly KubeObject[] => rehearsedAnswers(table, staged);
  let collector = startCollector(table, orphans, log, write);

  /** Who opens the store again finds in its log whose owners were deleted, and removes them from the next commit on. */
  function reopen(): void {
    void collector.stop();
    for (const { shelves } of table.kinds.values()) {
      for (const { entries } of shelves.values()) for (const entry of entries.values()) findOrphan(entry);
    }
    collector = startCollector(table, orphans, log, write);
  }

  function findOrphan(entry: Entry): void {
    if (entry.rv > 0 && ownersOf(entry).some(({ uid }) => orphans.deletedOwners.has(uid))) orphans.entries.add(entry);
  }

  return {
    table,
    get executions() {
      return executions;
    },
    get(key) {
      const entry = visibleEntry(table, key.kind, key.namespace ?? '', key.name);
      if (entry !== undefined) return snapshot(table, entry);
      checkKey(key);
      throw new NotFoundError(key);
    },
    find(key) {
      const entry = visibleEntry(table, key.kind, key.namespace ?? '', key.name);
      return entry === undefined ? undefined : snapshot(table, entry);
    },
    list(kind, listOptions) {
      checkKind(kind);
      return listObjects(table, kind, listOptions ?? {});
    },
    watch(kind, watchOptions) {
      checkKind(kind);
      return watchEvents(watching, kind, watchOptions);
    },
    write,
    losePower() {
      drop();
      reopen();
    },
    forget(kind) {
      const { changes } = table.kinds.get(kind)!;
      changes.horizonRv = table.committedRv;
      for (const ring of changes.watchers) ring(true);
    },
  };
}

function ringWatches(table: Table): void {
  for (const { changes } of table.kinds.values()) {
    if (changes.rings === undefined) continue;
    const mainChanged = changes.rings === 'main';
    changes.rings = undefined;
    for (const ring of changes.watchers) ring(mainChanged);
  }
}

function answerOf(table: Table, { entry }: Op): KubeObject {
  return entry.isDeleted ? entry.hot!.snapshot! : snapshot(table, entry);
}

function checkKind(kind: string): void {
  if (kindInfo(kind) === undefined) throw new InvalidError(`unknown kind "${kind}"`);
}

function nothing(): void {}

function noBody(): undefined {}
