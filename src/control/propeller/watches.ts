import { type Clock, type Log, type Random, REFLECTOR_PAGE_SIZE, WATCH_BACKOFF } from '../../base/index.ts';
import { type Cluster, ExpiredError, type KubeObject, type ListOptions } from '../../cluster/index.ts';

export interface FollowOptions extends Pick<ListOptions, 'labelSelector' | 'fieldSelector'> {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly kind: string;
  readonly ignoreStatusChanges?: boolean;
  /** Given a function that has everything listed again. */
  readonly restartable?: (restart: () => void) => void;
  /** Watches all objects of the kind, whatever is listed; the handlers then tell which are theirs. */
  readonly watchesUnselected?: boolean;
}

export interface FollowHandlers<T extends KubeObject> {
  /** A list begins: it shows all that is written by now. */
  begins?(): void;
  /** An object as listed. */
  listed(object: T): void;
  /** All objects have been listed; comes again after an interruption. */
  synced(): void;
  changed(object: T): void;
  gone(object: T): void;
}

/**
 * Lists a kind, then follows its changes, and starts over when the watch is interrupted or too far behind. Unlike a
 * reflector it keeps nothing per object and lists only those that `fieldSelector` asks for, while it watches all: a
 * hundred thousand parked executions cost the engine no memory. Resolves when the signal aborts.
 */
export async function follow<T extends KubeObject>(
  options: FollowOptions,
  handlers: FollowHandlers<T>,
  signal: AbortSignal,
): Promise<void> {
  let restarting = new AbortController();
  options.restartable?.(() => restarting.abort());
  for (let failures = 0; !signal.aborted; ) {
    try {
      // Before the list begins: what asks for another one while it is read is not satisfied by this one.
      restarting = new AbortController();
      const resourceVersion = await listAll(options, handlers);
      failures = 0;
      await watchFrom(options, handlers, resourceVersion, AbortSignal.any([signal, restarting.signal]));
    } catch (error) {
      if (signal.aborted) return;
      if (restarting.signal.aborted) continue;
      failures++;
      const isBehind = error instanceof ExpiredError;
      options.log.write(isBehind ? 'debug' : 'warn', 'watch interrupted', { kind: options.kind, error: String(error) });
      await pause(options, failures, signal);
    }
  }
}

async function listAll<T extends KubeObject>(options: FollowOptions, handlers: FollowHandlers<T>): Promise<string> {
  const { cluster, kind, labelSelector, fieldSelector } = options;
  const selection = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
  let resourceVersion: string | undefined;
  handlers.begins?.();
  for (let token: string | undefined; ; ) {
    const page = await cluster.list<T>(kind, {
      ...selection,
      limit: REFLECTOR_PAGE_SIZE,
      ...(token !== undefined && { continueToken: token }),
    });
    resourceVersion ??= page.resourceVersion;
    for (const object of page.items) handlers.listed(object);
    token = page.continueToken;
    if (token === undefined) break;
    // A local store answers at once: without a turn for others, a million objects would hold up all else for minutes.
    await new Promise<void>((resolve) => void options.clock.at(options.clock.now(), resolve));
  }
  handlers.synced();
  return resourceVersion;
}

async function watchFrom<T extends KubeObject>(
  options: FollowOptions,
  handlers: FollowHandlers<T>,
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
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type === 'DELETED') handlers.gone(event.object);
      else handlers.changed(event.object);
    }
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
