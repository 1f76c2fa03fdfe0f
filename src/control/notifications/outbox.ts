import {
  createHeap,
  DELIVERY_BACKOFF,
  type Heap,
  instantMs,
  MAX_DELIVERIES,
  MAX_DELIVERIES_TO_ONE,
  peekHeap,
  popHeap,
  pushHeap,
  type UnixMs,
} from '../../base/index.ts';
import { channelOf, type Notification, type NotificationStatus } from '../../cluster/index.ts';
import { secretsOf } from '../../notify/index.ts';

/** A notification that is to be delivered: as much of it as its turn needs. */
export interface Item {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly receiver: Receiver;
  /** Not before. */
  at: UnixMs;
  attempts: number;
  isBusy: boolean;
  /** What has become of it, as long as that is not written: then it is not sent again. */
  outcome: NotificationStatus | undefined;
}

/** Everything that goes to one address. */
export interface Receiver {
  readonly id: string;
  readonly items: Heap<Item>;
  inFlight: number;
  /** Tries in a row that found it not there. */
  failures: number;
  /** It is asked again then. */
  notBefore: UnixMs;
  /** Why it took nothing the last time. */
  problem: string | undefined;
}

/** What is to be delivered, in its order. */
export interface Outbox {
  readonly items: Map<string, Item>;
  readonly receivers: Map<string, Receiver>;
  busy: number;
}

export function newOutbox(): Outbox {
  return { items: new Map(), receivers: new Map(), busy: 0 };
}

/** Takes note of a notification, or of what others have said in its status. */
export function note(outbox: Outbox, { metadata, spec, status }: Notification): void {
  const { namespace = '', name } = metadata;
  const key = `${namespace}/${name}`;
  if (outbox.items.has(key)) return;
  const [address] = secretsOf(spec.target);
  const id = [namespace, channelOf(spec.target), address?.name, address?.key].join('/');
  const receiver = outbox.receivers.get(id) ?? newReceiver(id);
  outbox.receivers.set(id, receiver);
  const at = instantMs(status?.retryAt) ?? instantMs(spec.at) ?? 0;
  const attempts = status?.attempts ?? 0;
  const item: Item = { key, namespace, name, receiver, at, attempts, isBusy: false, outcome: undefined };
  outbox.items.set(key, item);
  pushHeap(receiver.items, item);
}

function newReceiver(id: string): Receiver {
  const items = createHeap<Item>((a, b) => a.at < b.at);
  return { id, items, inFlight: 0, failures: 0, notBefore: 0, problem: undefined };
}

/** Forgets a notification that is gone or has been dealt with. */
export function forget(outbox: Outbox, key: string): void {
  outbox.items.delete(key);
}

/** The next one that may be sent now; undefined: none. Receivers take turns. */
export function take(outbox: Outbox, now: UnixMs): Item | undefined {
  if (outbox.busy >= MAX_DELIVERIES) return undefined;
  for (const receiver of outbox.receivers.values()) {
    const item = nextOf(outbox, receiver);
    if (item === undefined || item.at > now || !isOpen(receiver, now)) continue;
    popHeap(receiver.items);
    // To the end of the line.
    outbox.receivers.delete(receiver.id);
    outbox.receivers.set(receiver.id, receiver);
    outbox.busy++;
    receiver.inFlight++;
    item.isBusy = true;
    return item;
  }
  return undefined;
}

/** The try is over. With `at` the notification is to be tried again then. */
export function giveBack(outbox: Outbox, item: Item, at: UnixMs | undefined): void {
  const { receiver } = item;
  outbox.busy--;
  receiver.inFlight--;
  item.isBusy = false;
  if (at === undefined || outbox.items.get(item.key) !== item) {
    if (outbox.items.get(item.key) === item) outbox.items.delete(item.key);
  } else {
    item.at = at;
    pushHeap(receiver.items, item);
  }
  if (receiver.inFlight === 0 && nextOf(outbox, receiver) === undefined) outbox.receivers.delete(receiver.id);
}

/** When something may be sent that may not be sent now; undefined: nothing waits for a time. */
export function nextAt(outbox: Outbox): UnixMs | undefined {
  let next: UnixMs | undefined;
  for (const receiver of outbox.receivers.values()) {
    const item = nextOf(outbox, receiver);
    if (item === undefined || receiver.inFlight >= roomOf(receiver)) continue;
    const at = Math.max(item.at, receiver.notBefore);
    if (next === undefined || at < next) next = at;
  }
  return next;
}

/** Longer each time that it goes wrong again, up to the longest; what a receiver asks for counts within that. */
export function backoffMs(failures: number, wanted: number | undefined): number {
  const { initialMs, factor, maxMs } = DELIVERY_BACKOFF;
  return Math.min(maxMs, Math.max(wanted ?? 0, initialMs * factor ** Math.min(failures - 1, 20)));
}

/** The first that is not gone. */
function nextOf(outbox: Outbox, { items }: Receiver): Item | undefined {
  for (let item = peekHeap(items); item !== undefined; item = peekHeap(items)) {
    if (outbox.items.get(item.key) === item) return item;
    popHeap(items);
  }
  return undefined;
}

function isOpen(receiver: Receiver, now: UnixMs): boolean {
  return receiver.notBefore <= now && receiver.inFlight < roomOf(receiver);
}

/** One that was down is asked by one. */
function roomOf({ failures }: Receiver): number {
  return failures > 0 ? 1 : MAX_DELIVERIES_TO_ONE;
}
