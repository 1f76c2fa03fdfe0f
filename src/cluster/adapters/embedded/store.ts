import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  COLD_AFTER_MS,
  ConflictError,
  LOG_SEGMENT_BYTES,
  type Log,
  MAX_BATCH_BYTES,
  MAX_BATCH_WRITES,
  MAX_HOT_BYTES,
  PROJECTION_IDLE_MS,
  type Random,
  StalledError,
} from '../../../base/index.ts';
import { checkKey } from '../../admission.ts';
import { InvalidError, NotFoundError } from '../../errors.ts';
import type { KubeObject, ObjectKey } from '../../object.ts';
import type { Cluster, LogOptions, Write } from '../../port.ts';
import { trimTombstones } from './changes.ts';
import { startCollector } from './collector.ts';
import { commitOp } from './commit.ts';
import { openDatabase } from './database.ts';
import { type GroupStats, groupCommit } from './group-commit.ts';
import { listObjects } from './list.ts';
import { openLog, storageError } from './log.ts';
import type { Orphans } from './owners.ts';
import { createProjector } from './projector.ts';
import { loadIndex, replayLog, setHorizons } from './recovery.ts';
import { listSegments } from './segments.ts';
import { type StageContext, type Staged, stage, unstage } from './stage.ts';
import { cool, newTable, snapshot, type Table, visibleEntry } from './table.ts';
import { type WatchContext, watchEvents } from './watch.ts';

/** Where the logs of pods come from. */
export type PodLogSource = (key: ObjectKey, options: LogOptions) => AsyncIterable<Uint8Array>;

export interface EmbeddedStore extends Cluster {
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
  readonly limits?: {
    /** Bytes of a log segment. */
    readonly segmentBytes?: number;
    /** How long an untouched object stays on the heap. */
    readonly coldAfterMs?: number;
    /** How long after the last write the log is projected. */
    readonly projectionIdleMs?: number;
  };
}

/** Cold objects that become hot between looks at the heap's bound: a look passes over all that is hot. */
const WARMED_PER_CHECK = 1_000;

const NOTHING_STAGED: Staged = { ops: [], answers: [], text: '' };

/** A new run's first segment: small, because most stores are written little. */
const FIRST_SEGMENT_BYTES = 1024 * 1024;

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
    loadIndex(table);
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
  log: Awaited<ReturnType<typeof openLog>>,
): EmbeddedStore {
  const { folder, clock, random } = options;
  const closing = new AbortController();
  const watching: WatchContext = { table, clock, closing: closing.signal, watches: 0 };
  const staging: StageContext = { table, clock, random, admit: options.admit };
  let committedSequence = log.sequence();
  let podLogs: PodLogSource | undefined;
  const changedKinds = new Map<string, boolean>();

  const projector = createProjector({
    table,
    path,
    folder,
    clock,
    log: options.log,
    progress: () => ({ sequence: committedSequence, rv: table.committedRv, id: table.lastId }),
    collected: () => collector.settled(),
    projected({ sequence }) {
      log.release(sequence);
      if (table.hotBytes > MAX_HOT_BYTES) sweepCold(table, 0);
    },
  });
  log.onSegmentFull = () => void projector.project();

  const commits = groupCommit(log, folder, {
    commit(staged) {
      for (const op of staged.ops) {
        const mainChanged = commitOp(table, orphans, op);
        if (op.kind === 'none') continue;
        const { kind } = op.entry.shelf;
        if (mainChanged || !changedKinds.has(kind)) changedKinds.set(kind, mainChanged);
      }
      return [];
    },
    afterCommit() {
      committedSequence = log.sequence();
      for (const [kind, mainChanged] of changedKinds) {
        const { changes } = table.kinds.get(kind)!;
        for (const ring of changes.watchers) ring(mainChanged);
      }
      changedKinds.clear();
      upkeep.noteCommit();
      collector.wake();
    },
    abandon(batches) {
      for (const staged of batches.toReversed()) unstage(table, staged.ops);
    },
  });

  const write: Cluster['write'] = (writes, writeOptions) =>
    new Promise((resolve, reject) => {
      let staged: Staged;
      try {
        staged = staged_(writes);
      } catch (error) {
        if (!(error instanceof ConflictError || error instanceof NotFoundError)) throw error;
        // What refused may not be on the disk yet. Told only after that, whoever acts on the refusal finds its reason.
        commits.enqueue(NOTHING_STAGED, () => reject(error), reject);
        return;
      }
      const answer = writeOptions?.discard === true ? () => resolve([]) : () => resolve(answers(table, staged));
      commits.enqueue(staged, answer, reject);
    });

  function staged_(writes: readonly Write[]): Staged {
    if (closing.signal.aborted) throw new StalledError('Closed', `the store in ${folder} is closed`);
    if (writes.length > MAX_BATCH_WRITES) throw new InvalidError(`more than ${MAX_BATCH_WRITES} writes in one batch`);
    commits.checkRoom();
    const staged = stage(staging, writes);
    if (staged.text.length > MAX_BATCH_BYTES) {
      unstage(table, staged.ops);
      throw new InvalidError(`a batch of ${staged.text.length} bytes, more than ${MAX_BATCH_BYTES}`);
    }
    return staged;
  }

  const collector = startCollector(table, orphans, options.log, (writes) => write(writes, { discard: true }));
  const upkeep = startUpkeep(options, table, projector.project);
  collector.wake();
  upkeep.noteCommit();

  return {
    async get<T extends KubeObject>(key: ObjectKey): Promise<T> {
      const entry = visibleEntry(table, key.kind, key.namespace ?? '', key.name);
      if (entry === undefined) {
        checkKey(key);
        throw new NotFoundError(key);
      }
      return snapshot(table, entry) as T;
    },
    async list(kind, listOptions) {
      checkKind(kind);
      return listObjects(table, kind, listOptions ?? {}) as never;
    },
    watch(kind, watchOptions) {
      checkKind(kind);
      return watchEvents(watching, kind, watchOptions) as never;
    },
    write,
    podLogs(key, logOptions) {
      if (podLogs === undefined) throw new NotFoundError(key);
      return podLogs(key, logOptions ?? {});
    },
    serveLogs(source) {
      podLogs = source;
    },
    async close() {
      if (closing.signal.aborted) return;
      await collector.stop();
      closing.abort();
      upkeep.stop();
      await commits.drained();
      await projector.project();
      await projector.project();
      await projector.stop();
      await log.close(projector.sequence());
      table.database.close();
    },
    stats: () => statsOf(table, watching, commits.stats, projector.stats, log.sizeBytes()),
  };
}

function checkKind(kind: string): void {
  if (kind === '' || /[^A-Za-z]/.test(kind)) throw new InvalidError(`unknown kind "${kind}"`);
}

/** What each write of a batch answers: its object as it stands now, right after the batch became visible. */
function answers(table: Table, staged: Staged): readonly KubeObject[] {
  return staged.answers.map((index) => {
    const op = staged.ops[index]!;
    return op.entry.isDeleted ? (op.entry.hot!.snapshot as KubeObject) : snapshot(table, op.entry);
  });
}

/** Lets heap content go that is in the database file and was not touched for `minAge` sweeps. */
function sweepCold(table: Table, minAge: number): void {
  for (const entry of table.hot) {
    const isClean = entry.projectedRv === entry.rv && entry.pending === undefined && !table.dirty.has(entry);
    if (isClean && table.sweep - entry.hot!.touched >= minAge) cool(table, entry);
  }
}

/** What happens some time after commits: projection when it is quiet, eviction, trimming. No timer runs in a quiet store. */
function startUpkeep(
  { clock, limits }: EmbeddedStoreOptions,
  table: Table,
  project: () => Promise<void>,
): { readonly noteCommit: () => void; readonly stop: () => void } {
  const idleMs = limits?.projectionIdleMs ?? PROJECTION_IDLE_MS;
  const sweepMs = (limits?.coldAfterMs ?? COLD_AFTER_MS) / 2;
  let wroteLately = false;
  let cancelIdle: (() => void) | undefined;
  let cancelSweep: (() => void) | undefined;
  const whenIdle = (): void => {
    cancelIdle = undefined;
    for (const { changes } of table.kinds.values()) trimTombstones(changes);
    if (wroteLately) armIdle();
    else void project();
    armSweep();
  };
  const sweep = (): void => {
    cancelSweep = undefined;
    table.sweep++;
    sweepCold(table, 2);
    if (table.hot.size > 0) armSweep();
  };
  let warmed = 0;
  table.onWarming = () => {
    armSweep();
    if (++warmed % WARMED_PER_CHECK === 0 && table.hotBytes > MAX_HOT_BYTES) sweepCold(table, 0);
  };
  return {
    noteCommit() {
      wroteLately = true;
      if (cancelIdle === undefined) armIdle();
    },
    stop() {
      cancelIdle?.();
      cancelSweep?.();
    },
  };

  function armIdle(): void {
    wroteLately = false;
    cancelIdle = clock.at(clock.now() + idleMs, whenIdle);
  }

  function armSweep(): void {
    cancelSweep ??= clock.at(clock.now() + sweepMs, sweep);
  }
}

function statsOf(
  table: Table,
  { watches }: WatchContext,
  group: GroupStats,
  projection: { readonly rows: number; readonly failures: number },
  logBytes: number,
): StoreStats {
  return {
    objects: table.objects,
    hotObjects: table.hot.size,
    hotBytes: table.hotBytes,
    dirtyObjects: table.dirty.size,
    watches,
    resourceVersion: table.committedRv,
    frames: group.frames,
    batches: group.batches,
    writtenBytes: group.bytes,
    logBytes,
    projectedRows: projection.rows,
    projectionFailures: projection.failures,
  };
}
