import {
  type Clock,
  type Log,
  MAX_ARCHIVED_ROWS,
  MAX_LIVE_ROWS,
  MAX_SHARED_TEXTS,
  type Random,
} from '../../base/index.ts';
import { type Change, type Cluster, type Execution, reflect } from '../../cluster/index.ts';
import { type ExecutionRow, rowId, rowMaker } from './execution-row.ts';
import { type RowView, type RowViewOptions, rowView } from './row-view.ts';

/** Every execution of a namespace, or of all, as rows that are kept equal to the cluster. */
export interface LiveExecutions {
  readonly rows: ReadonlyMap<string, ExecutionRow>;
  /** How many there are that are not held, for want of room. */
  readonly left: number;
  /** The first list has been read whole. */
  readonly isLoaded: boolean;
  /** Counts changes: equal means that nothing has changed. */
  readonly version: number;
  /** The names of namespaces that rows are in. */
  readonly namespaces: ReadonlySet<string>;
  /** A view that is kept until `drop`. */
  view(options: RowViewOptions): RowView;
  drop(view: RowView): void;
  close(): void;
}

export interface LiveOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  readonly log: Log;
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Something has changed. */
  changed(): void;
  /** The first list has been read whole. */
  listed?(): void;
  /** The watch is broken; undefined: it goes on. */
  interrupted(error: Error | undefined): void;
}

/** The archive is asked again so long after the last execution went there. */
const ARCHIVE_SETTLE_MS = 3_000;

export function liveExecutions(options: LiveOptions): LiveExecutions {
  const { cluster, clock, random, log, namespace } = options;
  const ending = new AbortController();
  const held = heldRows();
  const makeRow = rowMaker(MAX_SHARED_TEXTS);
  const state = { isLoaded: false, version: 0 };
  const take = (changes: readonly Change<Execution>[]): void => {
    for (const change of changes) {
      if (change.type === 'set') held.put(makeRow(change.object));
      else {
        const id = rowId(change.key.namespace ?? '', change.key.name);
        const old = held.rows.get(id);
        // One that is over has probably moved to the archive, which is asked soon.
        if (old?.isOver === true) held.put({ ...old, isArchived: true });
        else held.remove(id);
        askArchive();
      }
    }
    state.version += 1;
    options.changed();
  };
  const askArchive = settled(clock, ARCHIVE_SETTLE_MS, async () => {
    if (ending.signal.aborted) return;
    const items = await readArchive(cluster, namespace);
    if (items === undefined || ending.signal.aborted) return;
    takeArchive(
      held,
      items.map((execution) => makeRow(execution, true)),
    );
    state.version += 1;
    options.changed();
  });
  const watched = { clock, random, log, ...(namespace !== undefined && { namespace }) };
  const reflector = reflect<Execution>(
    cluster,
    'Execution',
    watched,
    {
      changed: take,
      synced() {
        // When what delivered the last page has let go of it.
        if (!state.isLoaded && options.listed !== undefined) setImmediate(options.listed);
        state.isLoaded = true;
        state.version += 1;
        askArchive();
        options.changed();
      },
      interrupted: options.interrupted,
    },
    ending.signal,
  );
  reflector.done.catch((error: unknown) => options.interrupted(errorOf(error)));
  return {
    rows: held.rows,
    namespaces: held.namespaces,
    get left() {
      return held.left();
    },
    get isLoaded() {
      return state.isLoaded;
    },
    get version() {
      return state.version;
    },
    view: held.view,
    drop: held.drop,
    close: () => ending.abort(),
  };
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The last executions that the archive took; undefined: it cannot be asked now. */
async function readArchive(cluster: Cluster, namespace: string | undefined): Promise<readonly Execution[] | undefined> {
  try {
    const page = await cluster.list<Execution>('Execution', {
      ...(namespace !== undefined && { namespace }),
      archived: { sort: '-finished' },
      limit: MAX_ARCHIVED_ROWS,
    });
    return page.items;
  } catch {
    return undefined;
  }
}

/** Runs `work` once, some time after it was asked for; asking again meanwhile is the same request. */
function settled(clock: Clock, ms: number, work: () => Promise<void>): () => void {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    clock.at(clock.now() + ms, () => {
      isAsked = false;
      void work();
    });
  };
}

/** What the archive tells holds for those that it has; live ones are not its business. */
function takeArchive(held: HeldRows, rows: readonly ExecutionRow[]): void {
  const found = new Set(rows.map(({ id }) => id));
  for (const row of rows) if (held.rows.get(row.id)?.isArchived !== false) held.put(row);
  for (const id of [...held.archived]) if (!found.has(id)) held.remove(id);
}

interface HeldRows {
  readonly rows: Map<string, ExecutionRow>;
  readonly namespaces: Set<string>;
  readonly archived: Set<string>;
  left(): number;
  put(row: ExecutionRow): void;
  remove(id: string): void;
  view(options: RowViewOptions): RowView;
  drop(view: RowView): void;
}

/** Rows by id, and the views that are told of each change. */
function heldRows(): HeldRows {
  const rows = new Map<string, ExecutionRow>();
  const namespaces = new Set<string>();
  const archived = new Set<string>();
  const views = new Set<RowView>();
  let left = 0;
  return {
    rows,
    namespaces,
    archived,
    left: () => left,
    put(row) {
      const old = rows.get(row.id);
      if (old === undefined && rows.size >= MAX_LIVE_ROWS) {
        left += 1;
        return;
      }
      rows.set(row.id, row);
      if (row.isArchived) archived.add(row.id);
      else archived.delete(row.id);
      namespaces.add(row.namespace);
      for (const view of views) view.change(old, row);
    },
    remove(id) {
      const old = rows.get(id);
      if (old === undefined) return;
      rows.delete(id);
      archived.delete(id);
      for (const view of views) view.change(old, undefined);
    },
    view(wanted) {
      const view = rowView(rows, wanted);
      views.add(view);
      return view;
    },
    drop: (view) => void views.delete(view),
  };
}
