import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  ConflictError,
  LOG_SEGMENT_BYTES,
  type Log,
  MAX_BATCH_BYTES,
  MAX_BATCH_WRITES,
  type Random,
  StalledError,
} from '../../../base/index.ts';
import { checkKey } from '../../admission.ts';
import { InvalidError, NotFoundError } from '../../errors.ts';
import { kindInfo } from '../../kinds.ts';
import type { KubeObject, ObjectKey } from '../../object.ts';
import type { Cluster, LogOptions, Write, WriteOptions } from '../../port.ts';
import type { SealSecret } from '../../secret.ts';
import { startCollector } from './collector.ts';
import { commitOp } from './commit.ts';
import { openDatabase } from './database.ts';
import { checkRoom, drained, enqueue, type GroupCommit, newGroupCommit } from './group-commit.ts';
import { listObjects } from './list.ts';
import { type AppendLog, closeLog, logBytes, openLog, release, storageError } from './log.ts';
import type { Orphans } from './owners.ts';
import { newProjector, type Projector, project, stopProjector } from './projector.ts';
import { loadIndex, replayLog, setHorizons } from './recovery.ts';
import { rehearsedAnswers } from './rehearsed.ts';
import { listSegments } from './segments.ts';
import { keyOf, rehearse, type StageContext, type Staged, stage, unstage } from './stage.ts';
import { prepareAlikes } from './stage-alike.ts';
import { newTable, snapshot, type Table, visibleEntry } from './table.ts';
import { keepBound, noteCommit, startUpkeep, stopUpkeep, type UpkeepLimits } from './upkeep.ts';
import { type WatchContext, watchEvents } from './watch.ts';

/** Where the logs of pods come from. */
export type PodLogSource = (key: ObjectKey, options: LogOptions) => AsyncIterable<Uint8Array>;

export interface EmbeddedStore extends Cluster {
  readonly prepare: NonNullable<Cluster['prepare']>;
  /** Sets who serves `podLogs`; until then a pod has none. */
  readonly serveLogs: (source: PodLogSource) => void;
  /** Ends watches, waits for accepted writes, brings the database file up to date and lets the files go. */
  readonly close: () => Promise<void>;
  readonly stats: () => StoreStats;
}

export interface StoreStats {
  readonly objects: number;
  readonly hotObjects: number;
  readonly hotBytes: number;
  readonly dirtyObjects: number;
  readonly watches: number;
  readonly resourceVersion: number;
  /** Frames written since the start; each is one sync of the disk. */
  readonly frames: number;
  readonly batches: number;
  readonly writtenBytes: number;
  readonly logBytes: number;
  readonly projectedRows: number;
  readonly projectionFailures: number;
}

export interface EmbeddedStoreOptions {
  /** Created when missing; of one process at a time, which is for the caller to see to. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Checks of writes beyond the built-in admission; throws InvalidError or ForbiddenError. */
  readonly admit?: (write: Write) => void;
  /** What Secrets go through before they are kept; absent: they are kept as they come. */
  readonly seal?: SealSecret;
  readonly limits?: {
    /** Bytes of a log segment. */
    readonly segmentBytes?: number;
  } & UpkeepLimits;
}

/** A new run's first segment: small, because most stores are written little. */
const FIRST_SEGMENT_BYTES = 1024 * 1024;

const NOTHING_STAGED: Staged = { ops: [], answers: [], text: '' };

/** Opens or creates the store in `folder`. Rejects with StalledError: damaged, another version, not writable, full. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { folder } = options;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageError(folder, error);
  }
  const path = join(folder, 'objects.sqlite');
  const table = newTable(openDatabase(path, folder));
  const orphans: Orphans = { deletedOwners: new Set(), entries: new Set(), namespaces: new Set() };
  try {
    loadIndex(table, orphans);
    const recovered = replayLog(table, orphans, listSegments(folder));
    setHorizons(table);
    const segmentBytes = options.limits?.segmentBytes ?? LOG_SEGMENT_BYTES;
    const firstSegmentBytes = Math.min(FIRST_SEGMENT_BYTES, segmentBytes);
    const log = await openLog({ folder, ...recovered, segmentBytes, firstSegmentBytes });
    return run(options, path, table, orphans, log);
  } catch (error) {
    table.database.close();
    throw storageError(folder, error);
  }
}

function run(
  options: EmbeddedStoreOptions,
  path: string,
  table: Table,
  orphans: Orphans,
  log: AppendLog,
): EmbeddedStore {
  const { folder, clock, random } = options;
  const closing = new AbortController();
  const watching: WatchContext = { table, clock, closing: closing.signal, watches: 0 };
  const staging: StageContext = { table, clock, random, admit: options.admit, seal: options.seal };
  const commits = newGroupCommit(log, {
    commit: (staged) => commitBatch(table, orphans, staged),
    afterCommit() {
      ringWatches(table);
      noteCommit(upkeep);
      collector.wake();
    },
    abandon(batches) {
      for (const staged of batches.toReversed()) unstage(table, staged.ops);
    },
  });
  const write = (writes: readonly Write[], writeOptions?: WriteOptions): Promise<readonly KubeObject[]> =>
    new Promise((resolve, reject) => {
      if (closing.signal.aborted) throw new StalledError('Closed', `the store in ${folder} is closed`);
      let staged: Staged;
      try {
        if (writeOptions?.dryRun === true) return resolve(rehearsed(staging, writes));
        staged = stageBatch(staging, commits, writes);
      } catch (error) {
        if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
        // What refused may not be on the disk yet. Told only after that, whoever acts on the refusal finds its reason.
        enqueue(commits, NOTHING_STAGED, () => reject(error), reject);
        return;
      }
      enqueue(commits, staged, () => resolve(answered(table, staged, writeOptions)), reject);
    });
  const collector = startCollector(table, orphans, options.log, write);
  const projector = newProjector({
    table,
    path,
    folder,
    clock,
    log: options.log,
    progress: () => ({ sequence: commits.committedSequence, rv: table.committedRv, id: table.lastId }),
    collector,
    projected({ sequence }) {
      release(log, sequence);
      keepBound(table);
    },
  });
  log.onSegmentFull = () => void project(projector);
  const upkeep = startUpkeep(table, clock, options.limits ?? {}, () => void project(projector));
  collector.wake();
  noteCommit(upkeep);

  const close = async (): Promise<void> => {
    if (closing.signal.aborted) return;
    await collector.stop();
    closing.abort();
    stopUpkeep(upkeep);
    await drained(commits);
    await project(projector);
    await stopProjector(projector);
    await closeLog(log, projector.sequence);
    table.database.close();
  };
  const stats = (): StoreStats => statsOf(table, watching, commits, projector);
  return { ...readers(table, watching), write, close, stats };
}

function readers(
  table: Table,
  watching: WatchContext,
): Pick<EmbeddedStore, 'get' | 'list' | 'watch' | 'prepare' | 'podLogs' | 'serveLogs'> {
  let podLogs: PodLogSource | undefined;
  return {
    async get<T extends KubeObject>(key: ObjectKey): Promise<T> {
      const entry = visibleEntry(table, key.kind, key.namespace ?? '', key.name);
      if (entry !== undefined) return snapshot(table, entry) as T;
      checkKey(key);
      throw new NotFoundError(key);
    },
    async list(kind, listOptions) {
      checkKind(kind);
      return listObjects(table, kind, listOptions ?? {}) as never;
    },
    watch(kind, watchOptions) {
      checkKind(kind);
      return watchEvents(watching, kind, watchOptions) as never;
    },
    prepare: (writes) => prepareAlikes(table, writes),
    podLogs(key, logOptions) {
      if (podLogs === undefined) throw new NotFoundError(key);
      return podLogs(key, logOptions ?? {});
    },
    serveLogs(source) {
      podLogs = source;
    },
  };
}

function checkKind(kind: string): void {
  if (kindInfo(kind) === undefined) throw new InvalidError(`unknown kind "${kind}"`);
}

function stageBatch(staging: StageContext, commits: GroupCommit, writes: readonly Write[]): Staged {
  checkSize(writes);
  checkRoom(commits);
  return stage(staging, writes, MAX_BATCH_BYTES);
}

function rehearsed(staging: StageContext, writes: readonly Write[]): readonly KubeObject[] {
  checkSize(writes);
  return rehearse(staging, writes, MAX_BATCH_BYTES, (batch) => rehearsedAnswers(staging.table, batch));
}

function checkSize(writes: readonly Write[]): void {
  if (writes.length > MAX_BATCH_WRITES) throw new InvalidError(`more than ${MAX_BATCH_WRITES} writes in one batch`);
}

function commitBatch(table: Table, orphans: Orphans, staged: Staged): void {
  for (const op of staged.ops) {
    const mainChanged = commitOp(table, orphans, op);
    if (op.kind === 'none') continue;
    const { changes } = table.kinds.get(op.entry.shelf.kind)!;
    changes.rings = mainChanged || changes.rings === 'main' ? 'main' : 'status';
  }
}

/** Wakes the watches of the kinds that just changed. */
function ringWatches(table: Table): void {
  for (const { changes } of table.kinds.values()) {
    if (changes.rings === undefined) continue;
    const mainChanged = changes.rings === 'main';
    changes.rings = undefined;
    for (const ring of changes.watchers) ring(mainChanged);
  }
}

function answered(table: Table, staged: Staged, options: WriteOptions | undefined): readonly KubeObject[] {
  if (options?.discard === true) return [];
  if (options?.lastVersion === true) return versions(staged, staged.answers.slice(-1));
  return options?.versions === true ? versions(staged, staged.answers) : answers(table, staged);
}

function versions({ ops }: Staged, indexes: readonly number[]): readonly KubeObject[] {
  return indexes.map((index) => {
    const op = ops[index]!;
    const { kind, name } = keyOf(op.entry);
    const rv = op.kind === 'none' ? op.entry.rv : op.rv;
    return { apiVersion: '', kind, metadata: { name, resourceVersion: String(rv) } };
  });
}

/** What each write of a batch answers: its object as it stands now, right after the batch became visible. */
function answers(table: Table, staged: Staged): readonly KubeObject[] {
  return staged.answers.map((index) => {
    const { entry } = staged.ops[index]!;
    return entry.isDeleted ? (entry.hot!.snapshot as KubeObject) : snapshot(table, entry);
  });
}

function statsOf(table: Table, { watches }: WatchContext, commits: GroupCommit, projector: Projector): StoreStats {
  return {
    objects: table.objects,
    hotObjects: table.hot.size,
    hotBytes: table.hotBytes,
    dirtyObjects: table.dirty.size,
    watches,
    resourceVersion: table.committedRv,
    frames: commits.frames,
    batches: commits.batches,
    writtenBytes: commits.writtenBytes,
    logBytes: logBytes(commits.log),
    projectedRows: projector.rows,
    projectionFailures: projector.failures,
  };
}
