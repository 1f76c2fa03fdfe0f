import { BACKFILL_BACKOFF, type Clock, type Log, type Random } from '../../base/index.ts';
import { type Backfill, type Cluster, type ObjectKey, reflect } from '../../cluster/index.ts';
import { createKeyQueue } from '../reconciler/index.ts';
import { attend, type BackfillCounters } from './attend.ts';
import { createFollower } from './follow-executions.ts';

export interface BackfillsOptions {
  /** Gives archived executions by name as well. */
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Backfills {
  readonly counters: BackfillCounters;
  /** Resolves when the step at hand is done. */
  stop(): Promise<void>;
}

/** Carries out backfills until it is stopped. Where there are none, it holds one watch and nothing else. */
export function startBackfills(options: BackfillsOptions): Backfills {
  const { cluster, clock, random, log } = options;
  const ending = new AbortController();
  const counters: BackfillCounters = { open: 0, started: 0, skipped: 0 };
  /** Those that are not over → the version of their spec that was attended to last. */
  const open = new Map<string, string>();
  const queue = createKeyQueue({ clock, log, backoff: BACKFILL_BACKOFF, work });
  const follower = createFollower({ cluster, clock, random, log }, (id) => {
    if (open.has(id)) queue.add(id);
  });

  async function work(id: string): Promise<void> {
    const after = await attend({ cluster, clock, phases: follower.phases, counters }, keyOf(id));
    if (after === 'over') forget(id);
    else if (after === 'again') queue.add(id);
  }

  function forget(id: string): void {
    open.delete(id);
    counters.open = open.size;
    if (open.size === 0) void follower.rest();
  }

  const reflector = reflect<Backfill>(
    cluster,
    'Backfill',
    { clock, random, log },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'gone') {
            forget(idOf(change.key.namespace, change.key.name));
            continue;
          }
          const { metadata, status } = change.object;
          const id = idOf(metadata.namespace, metadata.name);
          // Our own status comes back here, and is no news.
          const version = `${metadata.uid}/${metadata.generation}`;
          if (status?.finishedAt !== undefined || open.get(id) === version) continue;
          open.set(id, version);
          counters.open = open.size;
          follower.begin();
          queue.add(id);
        }
      },
    },
    ending.signal,
  );
  return {
    counters,
    async stop() {
      ending.abort();
      await Promise.all([queue.close(), follower.rest(), reflector.done]);
    },
  };
}

function idOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function keyOf(id: string): ObjectKey {
  const slash = id.indexOf('/');
  return { kind: 'Backfill', namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}
