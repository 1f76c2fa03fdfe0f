import { COLLECT_BATCH, type Log } from '../../../base/index.ts';
import { NotFoundError } from '../../errors.ts';
import type { ObjectKey } from '../../object.ts';
import type { Write } from '../../port.ts';
import type { Entry } from './entry.ts';
import type { Orphans } from './owners.ts';
import type { Table } from './table.ts';

export interface Collector {
  /** Starts a round when there is something to remove and none is running. */
  readonly wake: () => void;
  /** Resolves when no round is running. */
  readonly settled: () => Promise<void>;
  /** Ids of what is still to be removed: there is some when the disk takes nothing, or the store was closed meanwhile. */
  readonly left: () => readonly number[];
  readonly stop: () => Promise<void>;
}

/** Removes the dependents of deleted owners and the contents of deleted namespaces, in bounded batches. */
export function startCollector(
  table: Table,
  orphans: Orphans,
  log: Log,
  write: (writes: readonly Write[]) => Promise<unknown>,
): Collector {
  let running: Promise<void> | undefined;
  let isStopped = false;
  return {
    wake() {
      if (running !== undefined || isStopped || (orphans.entries.size === 0 && orphans.namespaces.size === 0)) return;
      running = collect().finally(() => {
        running = undefined;
      });
    },
    async settled() {
      await running;
    },
    left() {
      addNamespaces();
      return [...orphans.entries].filter(({ isDeleted }) => !isDeleted).map(({ id }) => id);
    },
    async stop() {
      isStopped = true;
      await running;
    },
  };

  async function collect(): Promise<void> {
    while (!isStopped) {
      addNamespaces();
      const batch: Entry[] = [];
      for (const entry of orphans.entries) {
        if (batch.length === COLLECT_BATCH) break;
        if (entry.isDeleted) orphans.entries.delete(entry);
        else batch.push(entry);
      }
      if (batch.length === 0) return;
      for (const entry of batch) {
        // One write each, committed as one group: a lost race over one dependent must not keep the others.
        write([{ op: 'delete', key: keyOf(entry) }]).then(
          () => orphans.entries.delete(entry),
          (error: unknown) => {
            orphans.entries.delete(entry);
            if (error instanceof NotFoundError) return;
            // Behind all others, which may well go.
            orphans.entries.add(entry);
            log.write('warn', 'a dependent of a deleted owner could not be removed yet', { error: String(error) });
          },
        );
      }
      try {
        await write([]);
      } catch {
        // The disk takes nothing: what is left goes on with the next commit, which is when it does again.
        return;
      }
    }
  }

  function addNamespaces(): void {
    for (const namespace of orphans.namespaces) {
      orphans.namespaces.delete(namespace);
      for (const { shelves } of table.kinds.values()) {
        for (const entry of shelves.get(namespace)?.entries.values() ?? []) orphans.entries.add(entry);
      }
    }
  }
}

function keyOf(entry: Entry): ObjectKey {
  return { kind: entry.shelf.kind, namespace: entry.shelf.namespace, name: entry.name };
}
