import { type Clock, type Log, type Random, REFLECTOR_PAGE_SIZE, WATCH_BACKOFF } from '../../base/index.ts';
import { type Cluster, ExpiredError, type KubeObject, type ListOptions, watchCountOf } from '../../cluster/index.ts';

export interface FollowOptions extends Pick<ListOptions, 'labelSelector' | 'fieldSelector'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly kind: string;
  readonly ignoreStatusChanges?: boolean;
  /** Given a function that has everything listed again. */
  readonly restartable?: (restart: () => void) => void;
  /** Selects what the first list shows, where that can leave out more than the later ones, which make up for a break. */
  readonly firstFieldSelector?: string;
  /** Leaves out what is parked: see ListOptions. Asked when a list begins. */
  readonly due?: () => NonNullable<ListOptions['due']>;
  /** Watches all objects of the kind, whatever is listed; the handlers then tell which are theirs. */
  readonly watchesUnselected?: boolean;
}

export interface FollowHandlers<T extends KubeObject> {
  /** A list begins, when this has resolved: it shows all that is written by then. */
  begins?(): void | Promise<void>;
  /** Nothing that is written from now on is missed. `isShort`: what is parked is left out of the list, as asked. */
  watched?(isShort: boolean): void;
  /** The watch has told all up to this version. */
  passed?(resourceVersion: string): void;
  /** An object as listed. */
  listed(object: T): void;
  /** All objects have been listed; comes again after an interruption. */
  synced(): void | Promise<void>;
  changed(object: T): void;
  gone(object: T): void;
}

/**
 * Lists a kind and follows its changes meanwhile and after, and starts over when the watch is interrupted or too far behind.
 * Unlike a reflector it keeps nothing per object and lists only those that `fieldSelector` asks for, while it watches all: a
 * hundred thousand parked executions cost the engine no memory. What changes while the list is read is told as a change, and
 * not as listed any more. Resolves when the signal aborts.
 */
export async function follow<T extends KubeObject>(
  options: FollowOptions,
  handlers: FollowHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  let restarting = new AbortController();
  options.restartable?.(() => restarting.abort('listed again'));
  let isFirst = true;
  for (let failures = 0; !signal.aborted; ) {
    try {
      // Before the list begins: what asks for another one while it is read is not satisfied by this one.
      restarting = new AbortController();
      const synced = (): void | Promise<void> => {
        failures = 0;
        isFirst = false;
        return handlers.synced();
      };
      await listAndWatch(options, { ...handlers, synced }, isFirst, AbortSignal.any([signal, restarting.signal]));
    } catch (error) {
      if (signal.aborted) return;
      if (restarting.signal.aborted) continue;
      failures++;
      watchCountOf(options.cluster, options.kind).interruptions++;
      const isBehind = error instanceof ExpiredError;
      options.log.write(isBehind ? 'debug' : 'warn', 'watch interrupted', { kind: options.kind, error: String(error) });
      await pause(options, failures, signal);
    }
  }
}

async function listAndWatch<T extends KubeObject>(
  options: FollowOptions,
  handlers: FollowHandlers<T>,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { labelSelector, firstFieldSelector } = options;
  const fieldSelector = isFirst ? (firstFieldSelector ?? options.fieldSelector) : options.fieldSelector;
  await handlers.begins?.();
  if (signal.aborted) return;
  const due = options.due?.();
  const selection: ListOptions = {
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
    ...(due && { due }),
    limit: REFLECTOR_PAGE_SIZE,
  };
  const first = await options.cluster.list<T>(options.kind, selection);
  handlers.watched?.(first.leavesOutParked === true);
  for (const object of first.items) handlers.listed(object);
  // What a watch has told of while the list is read is newer than what a page may tell.
  const told = new Set<string>();
  let isListing = true;
  const note = (object: T): void => {
    if (isListing) told.add(nameOf(object));
  };
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const listing = listRest<T>(options, selection, first.continueToken, either, (object) => {
    if (!told.has(nameOf(object))) handlers.listed(object);
  }).then((isWhole) => {
    isListing = false;
    told.clear();
    watchCountOf(options.cluster, options.kind).lists++;
    return isWhole ? handlers.synced() : undefined;
  });
  const watching = watchFrom(options, handlers, note, first.resourceVersion, either);
  try {
    await Promise.all([listing, watching]);
  } finally {
    ending.abort('ended');
    await Promise.allSettled([listing, watching]);
  }
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether it came to its end. */
async function listRest<T extends KubeObject>(
  { cluster, kind, clock }: FollowOptions,
  selection: ListOptions,
  continueToken: string | undefined,
  signal: AbortSignal,
  listed: (object: T) => void,
): Promise<boolean> {
  for (let token = continueToken; token !== undefined; ) {
    // A local store answers at once: without a turn for others, a million objects would hold up all else for minutes.
    await new Promise<void>((resolve) => void clock.at(clock.now(), resolve));
    if (signal.aborted) return false;
    const page = await cluster.list<T>(kind, { ...selection, continueToken: token });
    for (const object of page.items) listed(object);
    token = page.continueToken;
  }
  return true;
}

async function watchFrom<T extends KubeObject>(
  options: FollowOptions,
  handlers: FollowHandlers<T>,
  note: (object: T) => void,
  resourceVersion: string,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, kind, labelSelector, ignoreStatusChanges, watchesUnselected } = options;
  const watch = cluster.watch<T>(kind, {
    ...(labelSelector && watchesUnselected !== true && { labelSelector }),
    ...(ignoreStatusChanges && { ignoreStatusChanges }),
    resourceVersion,
    signal,
  });
  handlers.passed?.(resourceVersion);
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      note(event.object);
      if (event.type === 'DELETED') handlers.gone(event.object);
      else handlers.changed(event.object);
    }
    const last = batch.at(-1);
    const version = last?.type === 'BOOKMARK' ? last.resourceVersion : last?.object.metadata.resourceVersion;
    if (version !== undefined) handlers.passed?.(version);
  }
}

function pause({ clock, random }: FollowOptions, failures: number, signal: AbortSignal): Promise<void> {
  const { initialMs, factor, maxMs } = WATCH_BACKOFF;
  const ms = Math.min(initialMs * factor ** (failures - 1), maxMs) * (0.5 + random.unit() / 2);
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.at(clock.now() + ms, done);
    signal.addEventListener('abort', done);
  });
}
