import { WaitError } from '../../../src/base/index.ts';
import {
  type Cluster,
  ExpiredError,
  type KubeObject,
  NotFoundError,
  type WatchEvent,
  type WatchOptions,
  type Write,
  type WriteOptions,
} from '../../../src/cluster/index.ts';
import { isDead, type Link, never } from './link.ts';
import type { SimStore } from './store.ts';

/** The Cluster port of one simulated process, with the weather between it and the store. */
export function createClient(store: SimStore, link: Link): Cluster {
  const isRemote = link.mode === 'kubernetes';
  return {
    get: (key) => call(link, isRemote, () => store.get(key) as never),
    list: (kind, options) => call(link, isRemote, () => store.list(kind, options) as never),
    watch: (kind, options) => watch(store, link, kind, options) as never,
    write: (writes, options) =>
      isRemote
        ? writeEach(store, link, writes, options)
        : call(link, false, () => store.write(writes, options, link.name)),
    ...(isRemote && { writesOneByOne: true }),
    podLogs(key) {
      throw new NotFoundError(key);
    },
  };
}

/** As over HTTP: one request each, up to the first refusal. */
async function writeEach(
  store: SimStore,
  link: Link,
  writes: readonly Write[],
  options: WriteOptions | undefined,
): Promise<readonly KubeObject[]> {
  const written: KubeObject[] = [];
  for (const write of writes) {
    written.push(...(await call(link, true, () => store.write([write], options, link.name), true)));
  }
  return written;
}

/** One request: the way there, what it does, the way back. Anywhere the process may die, and either way may be cut. */
async function call<T>(link: Link, isRemote: boolean, work: () => T | Promise<T>, isWrite = false): Promise<T> {
  if (isDead(link)) return never();
  if (isRemote) {
    await link.timeline.sleep(latencyMs(link));
    if (isDead(link)) {
      // What was sent arrives, though who sent it is no more.
      if (isWrite && link.chance.chance(0.5)) await Promise.resolve(work()).catch(() => undefined);
      return never();
    }
    const lost = lostThere(link);
    if (lost !== undefined) {
      await link.timeline.sleep(lost.afterMs);
      if (isDead(link)) return never();
      throw lost.error;
    }
  }
  let answer: T;
  try {
    answer = await work();
  } catch (error) {
    if (isDead(link)) return never();
    throw error;
  }
  if (isDead(link)) return never();
  if (isRemote && isLostBack(link)) {
    await link.timeline.sleep(REQUEST_TIMEOUT_MS);
    if (isDead(link)) return never();
    throw new WaitError('the request timed out, though it may have been executed', 100);
  }
  return answer;
}

/** Shorter than the real 30 s, so that more of them fit into a day. */
const REQUEST_TIMEOUT_MS = 5_000;

function latencyMs({ timeline, weather, chance }: Link): number {
  if (timeline.now < weather.slowUntil) return chance.between(100, 4_000);
  return chance.between(0.5, 8);
}

function lostThere({ timeline, weather, chance }: Link): { error: Error; afterMs: number } | undefined {
  if (timeline.now < weather.partitionedUntil) {
    return { error: new WaitError('the cluster cannot be reached', 200), afterMs: REQUEST_TIMEOUT_MS };
  }
  if (timeline.now >= weather.flakyUntil) return undefined;
  if (chance.chance(weather.refused)) return { error: new WaitError('429: too many requests', 1_000), afterMs: 1 };
  if (!chance.chance(weather.lostBefore)) return undefined;
  return { error: new WaitError('the connection was reset', 100), afterMs: 10 };
}

function isLostBack({ timeline, weather, chance }: Link): boolean {
  if (timeline.now < weather.partitionedUntil) return true;
  return timeline.now < weather.flakyUntil && chance.chance(weather.lostAfter);
}

/** "From now on" is from this call; so the store's watch is opened before the first read. */
function watch(store: SimStore, link: Link, kind: string, options: WatchOptions): AsyncIterable<readonly WatchEvent[]> {
  const ending = new AbortController();
  // Who has died takes its listeners along: Node keeps a signal that was made of others for as long as it has one.
  const end = (): void => {
    options.signal.removeEventListener('abort', end);
    link.enders.delete(end);
    ending.abort('over');
  };
  options.signal.addEventListener('abort', end);
  link.enders.add(end);
  if (options.signal.aborted || isDead(link)) end();
  let broken: Error | undefined;
  const breaker = (error: Error): void => {
    broken ??= error;
    ending.abort('over');
  };
  link.breakers.add(breaker);
  const { ignoreStatusChanges: _, ...seesAll } = options;
  const inner = store.watch(kind, { ...(link.mode === 'embedded' ? options : seesAll), signal: ending.signal });
  const isRemote = link.mode === 'kubernetes';
  // One generator for all of it: each one more in between costs every event several turns of the promises' queue.
  async function* events(): AsyncGenerator<readonly WatchEvent[]> {
    try {
      if (isRemote) await call(link, true, nothing);
      for await (const batch of inner) {
        if (isDead(link)) await never();
        if (!isRemote) yield batch;
        else {
          const isStale = link.timeline.now < link.weather.staleUntil;
          await link.timeline.sleep(isStale ? link.chance.between(0, 20_000) : link.chance.between(0.5, 8));
          if (isDead(link)) await never();
          if (broken !== undefined) throw broken;
          if (!isStale) yield batch;
          else for (const arrived of distorted(link, batch)) yield arrived;
        }
        if (broken !== undefined) throw broken;
      }
      if (isDead(link)) await never();
      if (broken !== undefined) throw broken;
    } finally {
      link.breakers.delete(breaker);
      end();
    }
  }
  return events();
}

function nothing(): undefined {}

/** Events as they arrive in bad weather: in another order, twice, or not at all. */
function distorted({ chance }: Link, batch: readonly WatchEvent[]): readonly (readonly WatchEvent[])[] {
  if (chance.chance(0.05)) throw new ExpiredError('the history was compacted');
  if (chance.chance(0.05)) throw new WaitError('the watch was cut', 0);
  // Events of one object keep their order, as resourceVersion says; those of different objects need not.
  const shuffled = chance.chance(0.3) ? [...batch].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) : batch;
  return chance.chance(0.3) ? [shuffled, shuffled] : [shuffled];
}

function nameOf(event: WatchEvent): string {
  return event.type === 'BOOKMARK' ? '~' : event.object.metadata.name;
}
