import {
  type Clock,
  instantMs,
  type Log,
  REFLECTOR_PAGE_SIZE,
  RETENTION,
  RETENTION_BATCH,
  type UnixMs,
} from '../../base/index.ts';
import {
  type Cluster,
  deleteObject,
  type Execution,
  type KubeObject,
  type ListOptions,
  NotFoundError,
  type Pod,
} from '../../cluster/index.ts';
import { expired, type Finished } from './expired.ts';

export interface RetentionOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<Record<keyof typeof RETENTION, number>>;
}

export interface Retention {
  /** One pass, now. Resolves with how many objects it deleted. */
  sweep(): Promise<number>;
  stop(): Promise<void>;
}

/** Deletes what finished long ago, from time to time. The pods of a deleted execution go with it: it owns them. */
export function startRetention(options: RetentionOptions): Retention {
  const { clock, log } = options;
  const intervalMs = options.limits?.intervalMs ?? RETENTION.intervalMs;
  let running: Promise<number> | undefined;
  let isStopped = false;
  let cancel = later();

  function later(): () => void {
    return clock.at(clock.now() + intervalMs, () => {
      run().catch((error: unknown) => log.write('warn', 'retention failed', { error: String(error) }));
    });
  }

  function run(): Promise<number> {
    running ??= sweepAll(options, () => isStopped).finally(() => {
      running = undefined;
      cancel();
      if (!isStopped) cancel = later();
    });
    return running;
  }

  return {
    sweep: run,
    async stop() {
      isStopped = true;
      cancel();
      await running?.catch(() => undefined);
    },
  };
}

async function sweepAll(options: RetentionOptions, isStopped: () => boolean): Promise<number> {
  const limits = { ...RETENTION, ...options.limits };
  const { maxAgeMs, minAgeMs, maxExecutions, maxPods } = limits;
  const ended = ['Succeeded', 'Failed', 'TimedOut', 'Aborted'];
  const executions = await finishedOf<Execution>(options.cluster, 'Execution', ended, executionEnd);
  let deleted = await remove(
    options,
    'Execution',
    executions,
    { maxAgeMs, minAgeMs, maxCount: maxExecutions },
    isStopped,
  );
  const pods = await finishedOf<Pod>(options.cluster, 'Pod', ['Succeeded', 'Failed'], podEnd);
  deleted += await remove(options, 'Pod', pods, { maxAgeMs, minAgeMs, maxCount: maxPods }, isStopped);
  return deleted;
}

function executionEnd({ status, metadata }: Execution): UnixMs | undefined {
  return instantMs(status?.finishedAt) ?? instantMs(metadata.creationTimestamp);
}

function podEnd({ status, metadata }: Pod): UnixMs | undefined {
  const state = status?.containerStatuses?.[0]?.state;
  return instantMs(state?.terminated?.finishedAt) ?? instantMs(metadata.creationTimestamp);
}

async function finishedOf<T extends KubeObject>(
  cluster: Cluster,
  kind: string,
  phases: readonly string[],
  endOf: (object: T) => UnixMs | undefined,
): Promise<Finished[]> {
  const finished: Finished[] = [];
  for (const phase of phases) {
    let page: ListOptions = { fieldSelector: `status.phase=${phase}`, limit: REFLECTOR_PAGE_SIZE };
    for (;;) {
      const { items, continueToken } = await cluster.list<T>(kind, page);
      for (const object of items) {
        const { namespace = '', name, uid } = object.metadata;
        const finishedAt = endOf(object);
        if (finishedAt !== undefined) finished.push({ namespace, name, uid, finishedAt });
      }
      if (continueToken === undefined) break;
      page = { ...page, continueToken };
    }
  }
  return finished;
}

async function remove(
  { cluster, clock, log }: RetentionOptions,
  kind: string,
  finished: readonly Finished[],
  limits: Parameters<typeof expired>[2],
  isStopped: () => boolean,
): Promise<number> {
  const gone = expired(finished, clock.now(), limits);
  for (let start = 0; start < gone.length && !isStopped(); start += RETENTION_BATCH) {
    await Promise.all(
      gone.slice(start, start + RETENTION_BATCH).map(async ({ namespace, name, uid }) => {
        try {
          await deleteObject(cluster, { kind, namespace, name }, uid === undefined ? undefined : { uid });
        } catch (error) {
          // Somebody else was first: what is wanted is true.
          if (!(error instanceof NotFoundError)) throw error;
        }
      }),
    );
  }
  if (gone.length > 0) log.write('info', 'retention deleted', { kind, count: gone.length });
  return gone.length;
}
