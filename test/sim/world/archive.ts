import { StalledError } from '../../../src/base/index.ts';
import {
  type Archive,
  type ArchiveEntry,
  attemptRecord,
  compareHistory,
  type Execution,
  endOf,
  matchesHistory,
} from '../../../src/cluster/index.ts';
import type { Chance } from './random.ts';
import type { Disk } from './store.ts';
import type { Timeline } from './timeline.ts';

/** The archive of a simulated installation, on the same disk as its store. */
export interface SimArchive extends Archive {
  /** `namespace/name` → what is kept. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  /** What is on its way to the disk is there or not, and nobody is told. */
  losePower(): void;
}

export interface SimArchiveOptions {
  readonly timeline: Timeline;
  readonly disk: Disk;
  readonly chance: Chance;
  /** Told of each entry that is removed. */
  readonly onRemove: (entry: ArchiveEntry, why: 'asked' | 'expired') => void;
}

export function createArchive({ timeline, disk, chance, onRemove }: SimArchiveOptions): SimArchive {
  const entries = new Map<string, ArchiveEntry>();
  const moves = new Map<string, Promise<void>>();
  const flying = new Set<() => void>();

  function durably<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const apply = (): void => {
        flying.delete(apply);
        resolve(work());
      };
      flying.add(apply);
      timeline.after(disk.latencyMs(), () => {
        if (!flying.has(apply)) return;
        if (!disk.isFull()) apply();
        else if (flying.delete(apply)) reject(new StalledError('DiskFull', 'no space is left on the simulated disk'));
      });
    });
  }

  function remove(key: string, why: 'asked' | 'expired'): boolean {
    const entry = entries.get(key);
    if (entry === undefined) return false;
    entries.delete(key);
    onRemove(entry, why);
    return true;
  }

  return {
    entries,
    moves,
    put: (given) =>
      durably(() => {
        for (const { execution, attempts, results } of given) {
          entries.set(keyOf(execution), { execution, attempts: attempts.map(attemptRecord), results });
        }
      }),
    find: (namespace, name) => entries.get(`${namespace}/${name}`)?.execution,
    attempts: (namespace, name) => entries.get(`${namespace}/${name}`)?.attempts ?? [],
    results: (namespace, name) => entries.get(`${namespace}/${name}`)?.results ?? [],
    taken: (namespace, names) => new Set(names.filter((name) => entries.has(`${namespace}/${name}`))),
    findAttempt(namespace, podName) {
      for (let at = podName.lastIndexOf('-'); at > 0; at = podName.lastIndexOf('-', at - 1)) {
        const { attempts = [] } = entries.get(`${namespace}/${podName.slice(0, at)}`) ?? {};
        const found = attempts.find(({ metadata }) => metadata.name === podName);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async list(query, { namespace = '' }) {
      const items = [...entries.values()]
        .map(({ execution }) => execution)
        .filter((each) => namespace === '' || each.metadata.namespace === namespace)
        .filter((each) => matchesHistory(each, query, timeline.now))
        .sort(compareHistory(query.sort ?? '-finished'));
      return { items, resourceVersion: '0' };
    },
    remove: (namespace, name) => durably(() => remove(`${namespace}/${name}`, 'asked')),
    expire: ({ before, maxCount }) =>
      durably(() => {
        const ends = Array.from(entries, ([key, entry]) => ({ key, end: finished(entry) }));
        const old = ends.sort((a, b) => b.end - a.end).filter(({ end }, place) => end < before || place >= maxCount);
        for (const { key } of old) remove(key, 'expired');
        return old.length;
      }),
    count: async () => entries.size,
    close: async () => undefined,
    losePower() {
      for (const apply of [...flying]) if (chance.chance(0.5)) apply();
      flying.clear();
      moves.clear();
    },
  };
}

function keyOf({ metadata }: Execution): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function finished({ execution }: ArchiveEntry): number {
  return endOf(execution) ?? 0;
}
