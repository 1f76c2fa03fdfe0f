import {
  type Clock,
  DELIVERY_BACKOFF,
  type Log,
  MAX_PENDING_NOTIFICATIONS,
  type Random,
  REFLECTOR_PAGE_SIZE,
} from '../../base/index.ts';
import { type Cluster, type Notification, reflect, type Secrets } from '../../cluster/index.ts';
import type { Senders } from '../../notify/index.ts';
import { attempt } from './attempt.ts';
import { forget, giveBack, type Item, newOutbox, nextAt, note, type Outbox, take } from './outbox.ts';
import { keepSwept } from './sweep.ts';

export interface DeliveryOptions {
  /** Of the live objects: the outbox is never archived. */
  readonly cluster: Cluster;
  readonly secrets: Secrets;
  readonly senders: Senders;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How many are remembered at a time. Absent: MAX_PENDING_NOTIFICATIONS. */
  readonly maxPending?: number;
}

/** Counters since the start, and what is now. */
export interface DeliveryStats {
  readonly pending: number;
  readonly delivered: number;
  /** Given up. */
  readonly failed: number;
  /** Tries that failed; each is repeated or was the last. */
  readonly failedAttempts: number;
}

export interface Deliveries {
  stats(): DeliveryStats;
  /** Sends no more; resolves when what is under way is over. */
  stop(): Promise<void>;
}

/** What all parts of one delivery share. */
export interface Courier {
  readonly options: DeliveryOptions;
  readonly outbox: Outbox;
  readonly ending: AbortController;
  readonly counters: { delivered: number; failed: number; failedAttempts: number };
  /** Some are not remembered, for lack of room. */
  isOverfull: boolean;
  isReading: boolean;
  cancelWake: (() => void) | undefined;
}

/** What is not dealt with; a notification that was just written has no status. */
const OPEN = 'status.phase!=Delivered,status.phase!=Failed';

/** Delivers what stands in the outbox, from now until it is stopped. */
export function startDeliveries(options: DeliveryOptions): Deliveries {
  const courier: Courier = {
    options,
    outbox: newOutbox(),
    ending: new AbortController(),
    counters: { delivered: 0, failed: 0, failedAttempts: 0 },
    isOverfull: false,
    isReading: false,
    cancelWake: undefined,
  };
  const { signal } = courier.ending;
  const { clock, random, log } = options;
  const reflector = reflect<Notification>(
    options.cluster,
    'Notification',
    { clock, random, log, fieldSelector: OPEN },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'set') accept(courier, change.object);
          else forget(courier.outbox, `${change.key.namespace ?? ''}/${change.key.name}`);
        }
        pump(courier);
      },
    },
    signal,
  );
  const sweep = keepSwept(options);
  return {
    stats: () => ({ pending: courier.outbox.items.size, ...courier.counters }),
    async stop() {
      courier.ending.abort();
      courier.cancelWake?.();
      await sweep.stop();
      await reflector.done;
      await idle(courier);
    },
  };
}

/** Who waits for the last delivery of a courier that is stopped. */
const onceIdle = new WeakMap<Courier, () => void>();

async function idle(courier: Courier): Promise<void> {
  while (courier.outbox.busy > 0) {
    await new Promise<void>((resolve) => {
      onceIdle.set(courier, resolve);
    });
  }
}

function accept(courier: Courier, notification: Notification): void {
  if (courier.outbox.items.size < roomOf(courier)) note(courier.outbox, notification);
  else courier.isOverfull = true;
}

function roomOf({ options }: Courier): number {
  return options.maxPending ?? MAX_PENDING_NOTIFICATIONS;
}

/** Sends all that may be sent now, and sees to it that the rest has its turn. */
function pump(courier: Courier): void {
  const { outbox, options, ending } = courier;
  if (ending.signal.aborted) {
    if (outbox.busy === 0) onceIdle.get(courier)?.();
    return;
  }
  for (let item = take(outbox, options.clock.now()); item !== undefined; item = take(outbox, options.clock.now())) {
    deliver(courier, item);
  }
  arm(courier);
  if (courier.isOverfull && outbox.items.size < roomOf(courier) / 2) readOutbox(courier);
}

function arm(courier: Courier): void {
  const { outbox, options } = courier;
  courier.cancelWake?.();
  const at = nextAt(outbox);
  courier.cancelWake = at === undefined ? undefined : options.clock.at(at, () => pump(courier));
}

function deliver(courier: Courier, item: Item): void {
  const { clock, log } = courier.options;
  attempt(courier, item).then(
    (retryAt) => {
      giveBack(courier.outbox, item, retryAt);
      pump(courier);
    },
    (error: unknown) => {
      // The cluster does not answer. What has been sent is remembered, and only written.
      log.write('warn', 'notification waits', { notification: item.key, error: String(error) });
      giveBack(courier.outbox, item, clock.now() + DELIVERY_BACKOFF.initialMs);
      pump(courier);
    },
  );
}

/** Takes note of those for which there was no room. */
function readOutbox(courier: Courier): void {
  if (courier.isReading) return;
  courier.isReading = true;
  courier.isOverfull = false;
  const { cluster, log } = courier.options;
  const read = async (): Promise<void> => {
    for (let continueToken: string | undefined; !courier.ending.signal.aborted; ) {
      const page = { limit: REFLECTOR_PAGE_SIZE, ...(continueToken !== undefined && { continueToken }) };
      const list = await cluster.list<Notification>('Notification', { ...page, fieldSelector: OPEN });
      for (const notification of list.items) accept(courier, notification);
      continueToken = list.continueToken;
      if (continueToken === undefined || courier.isOverfull) return;
    }
  };
  read()
    .catch((error: unknown) => {
      courier.isOverfull = true;
      log.write('warn', 'outbox cannot be read', { error: String(error) });
    })
    .finally(() => {
      courier.isReading = false;
      arm(courier);
    });
}
