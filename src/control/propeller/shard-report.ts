import { type Clock, instantText, type Log, SHARD_REPORT_MS, type UnixMs } from '../../base/index.ts';
import {
  AlreadyExistsError,
  API_VERSION,
  type Cluster,
  deleteObject,
  NotFoundError,
  type ObjectKey,
  type Shard,
  type ShardStatus,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import type { PropellerStats } from './engine.ts';

export interface ShardReportOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Shard id → what it counts, and the epoch of its lease when it has one. */
  /** Leaves the object of a shard that it reports no more: another process may have it by then. */
  readonly keepsGone?: boolean;
  readonly shards: () => ReadonlyMap<string, PropellerStats & { readonly epoch?: number }>;
}

/** Keeps a Shard object for each shard of this process; writes only what has changed, at most once in SHARD_REPORT_MS. */
export function reportShards(options: ShardReportOptions): { stop(): Promise<void> } {
  const { clock, log } = options;
  const told = new Map<string, { readonly stats: PropellerStats; readonly at: UnixMs; readonly text: string }>();
  let isStopped = false;
  let cancel: () => void = () => undefined;
  let turn = report();

  async function report(): Promise<void> {
    try {
      await reportAll(options, told);
    } catch (error) {
      log.write('warn', 'shards not reported', { error: String(error) });
    }
    if (!isStopped) {
      cancel = clock.at(clock.now() + (told.size === 0 ? NO_SHARD_YET_MS : SHARD_REPORT_MS), () => {
        turn = report();
      });
    }
  }

  return {
    async stop() {
      isStopped = true;
      cancel();
      await turn;
    },
  };
}

/** Shards begin a moment after the process: somebody may ask for them right then. */
const NO_SHARD_YET_MS = 500;

async function reportAll(
  { cluster, clock, shards, keepsGone }: ShardReportOptions,
  told: Map<string, { readonly stats: PropellerStats; readonly at: UnixMs; readonly text: string }>,
): Promise<void> {
  const now = clock.now();
  const current = shards();
  for (const [id, stats] of current) {
    const before = told.get(id);
    const status = statusOf(stats, before?.stats, now - (before?.at ?? now));
    const text = JSON.stringify(status);
    told.set(id, { stats, at: now, text });
    if (text !== before?.text) await write(cluster, id, { ...status, reportedAt: instantText(now) });
  }
  for (const id of told.keys()) {
    if (current.has(id)) continue;
    told.delete(id);
    if (keepsGone !== true)
      await deleteObject(cluster, keyOf(id)).catch((error: unknown) => {
        if (!(error instanceof NotFoundError)) throw error;
      });
  }
}

function statusOf(
  stats: PropellerStats & { readonly epoch?: number },
  before: PropellerStats | undefined,
  sinceMs: number,
): Omit<ShardStatus, 'reportedAt'> {
  const rounds = stats.rounds - (before?.rounds ?? stats.rounds);
  const perSecond = (count: number): number => (sinceMs > 0 ? Math.round((count * 10_000) / sinceMs) / 10 : 0);
  const busyMs = stats.roundMs - (before?.roundMs ?? stats.roundMs);
  return {
    ...(stats.epoch !== undefined && { epoch: stats.epoch }),
    workers: stats.workers,
    freeWorkers: stats.freeWorkers,
    queueDepth: stats.queueDepth,
    executions: stats.hotExecutions,
    roundsPerSecond: perSecond(rounds),
    transitionsPerSecond: perSecond(stats.transitions - (before?.transitions ?? stats.transitions)),
    roundLatencyMs: rounds > 0 ? Math.round((busyMs * 10) / rounds) / 10 : 0,
  };
}

function keyOf(name: string): ObjectKey {
  return { kind: 'Shard', namespace: SYSTEM_NAMESPACE, name };
}

async function write(cluster: Cluster, name: string, status: ShardStatus): Promise<void> {
  const key = keyOf(name);
  const patch = { epoch: null, ...status };
  try {
    await cluster.write([{ op: 'patchStatus', key, patch }], { discard: true });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const shard: Shard = {
      apiVersion: API_VERSION,
      kind: 'Shard',
      metadata: { namespace: SYSTEM_NAMESPACE, name },
      spec: {},
    };
    await cluster.write([{ op: 'create', object: shard }], { discard: true }).catch((refusal: unknown) => {
      if (!(refusal instanceof AlreadyExistsError)) throw refusal;
    });
    await cluster.write([{ op: 'patchStatus', key, patch }], { discard: true });
  }
}
