import {
  ConflictError,
  instantMs,
  NOTIFICATION_RETENTION,
  REFLECTOR_PAGE_SIZE,
  RETENTION_START_MS,
} from '../../base/index.ts';
import { type Cluster, NotFoundError, type Notification, type Write } from '../../cluster/index.ts';
import type { DeliveryOptions } from './deliveries.ts';

type SweepOptions = Pick<DeliveryOptions, 'cluster' | 'clock' | 'log'>;

interface Ended {
  readonly namespace: string;
  readonly name: string;
  readonly endedAt: number;
}

/** Deletes what was delivered or given up, some time after. */
export function keepSwept({ cluster, clock, log }: SweepOptions): { stop(): Promise<void> } {
  let cancel = (): void => undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  const arm = (afterMs: number): void => {
    if (isStopped) return;
    cancel = clock.at(clock.now() + afterMs, () => {
      running = sweepOutbox(cluster, clock.now())
        .catch((error: unknown) => log.write('warn', 'outbox cannot be swept', { error: String(error) }))
        .finally(() => arm(NOTIFICATION_RETENTION.sweepMs));
    });
  };
  arm(RETENTION_START_MS);
  return {
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}

/** One pass over what has ended. Resolves with how many were deleted. */
export async function sweepOutbox(cluster: Cluster, now: number): Promise<number> {
  const { delivered, failed } = NOTIFICATION_RETENTION;
  const due = [
    ...past(await endedIn(cluster, 'Delivered'), now, delivered),
    ...past(await endedIn(cluster, 'Failed'), now, failed),
  ];
  for (let start = 0; start < due.length; start += REFLECTOR_PAGE_SIZE) {
    await deleteAll(cluster, due.slice(start, start + REFLECTOR_PAGE_SIZE));
  }
  return due.length;
}

async function endedIn(cluster: Cluster, phase: 'Delivered' | 'Failed'): Promise<Ended[]> {
  const ended: Ended[] = [];
  for (let continueToken: string | undefined; ; ) {
    const page = { limit: REFLECTOR_PAGE_SIZE, ...(continueToken !== undefined && { continueToken }) };
    const list = await cluster.list<Notification>('Notification', { ...page, fieldSelector: `status.phase=${phase}` });
    for (const { metadata, status } of list.items) {
      const { namespace = '', name } = metadata;
      ended.push({ namespace, name, endedAt: instantMs(status?.endedAt) ?? 0 });
    }
    continueToken = list.continueToken;
    if (continueToken === undefined) return ended;
  }
}

/** Those past the age, and the oldest past the count. */
function past(ended: Ended[], now: number, limits: { readonly maxAgeMs: number; readonly maxCount: number }): Ended[] {
  const newestFirst = ended.sort((a, b) => b.endedAt - a.endedAt);
  return newestFirst.filter(({ endedAt }, place) => place >= limits.maxCount || now - endedAt > limits.maxAgeMs);
}

async function deleteAll(cluster: Cluster, ended: readonly Ended[]): Promise<void> {
  const deletes = ended.map(({ namespace, name }): Write => {
    return { op: 'delete', key: { kind: 'Notification', namespace, name } };
  });
  try {
    await cluster.write(deletes, { discard: true });
  } catch (error) {
    // Somebody has deleted one of them already: the next pass finds the others.
    if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
  }
}
