import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, MAX_TOMBSTONES, MAX_WATCHES, WaitError } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { ExpiredError, type KubeObject, type WatchEvent } from '../../../src/cluster/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
let store: EmbeddedStore;
/** Timers that the store asked for; the tests fire them. */
const timers = new Set<() => void>();
const clock: Clock = {
  now: () => hostClock.now(),
  at(_, run) {
    timers.add(run);
    return () => timers.delete(run);
  },
};
beforeAll(async () => {
  store = await openStore(folder, { clock });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const map = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
});
const workflow = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'pipectl.dev/v1',
  kind: 'Workflow',
  metadata: { name, namespace },
  spec: { nodes: 1 },
});

async function firstBatch(watch: AsyncIterable<readonly WatchEvent[]>): Promise<readonly WatchEvent[]> {
  for await (const batch of watch) return batch;
  return [];
}

describe('a watch that is behind', () => {
  it('gets the newest state of each object once, however many changes there were', async () => {
    const { resourceVersion } = await store.list('Workflow');
    await store.write([{ op: 'create', object: workflow('behind', 'a') }]);
    await store.write([{ op: 'create', object: workflow('behind', 'b') }]);
    for (let n = 0; n < 50; n++) {
      await store.write([
        { op: 'patchStatus', key: { kind: 'Workflow', namespace: 'behind', name: 'a' }, patch: { n } },
      ]);
    }
    const abort = new AbortController();
    const batch = await firstBatch(store.watch('Workflow', { resourceVersion, signal: abort.signal }));
    expect(batch).toMatchObject([
      { type: 'ADDED', object: { metadata: { name: 'b' } } },
      { type: 'ADDED', object: { metadata: { name: 'a' }, status: { n: 49 } } },
    ]);
  });

  it('gets ExpiredError once deletions that it has not seen are forgotten', async () => {
    const { resourceVersion } = await store.list('ConfigMap');
    const abort = new AbortController();
    const watch = store.watch('ConfigMap', { resourceVersion, signal: abort.signal })[Symbol.asyncIterator]();
    const creations = Array.from({ length: MAX_TOMBSTONES + 10 }, (_, i) => map('many', `c${i}`));
    await store.write(
      creations.map((object) => ({ op: 'create', object })),
      { discard: true },
    );
    await watch.next();
    await store.write(
      creations.map(({ metadata: { name } }) => ({
        op: 'delete',
        key: { kind: 'ConfigMap', namespace: 'many', name },
      })),
      { discard: true },
    );
    for (const fire of [...timers]) fire();
    const rest = (async () => {
      for (;;) await watch.next();
    })();
    await expect(rest).rejects.toBeInstanceOf(ExpiredError);
  });
});

describe('a watch', () => {
  it('that has nothing to say says how far it has seen when the time has come', async () => {
    const abort = new AbortController();
    const watch = store.watch('Task', { signal: abort.signal })[Symbol.asyncIterator]();
    const before = new Set(timers);
    const next = watch.next();
    for (const fire of [...timers]) if (!before.has(fire)) fire();
    const { resourceVersion } = await store.list('Task');
    expect((await next).value).toEqual([{ type: 'BOOKMARK', resourceVersion }]);
    abort.abort();
    expect((await watch.next()).done).toBe(true);
  });

  it('from a version of the future is ExpiredError', async () => {
    const abort = new AbortController();
    const watch = store.watch('Task', { resourceVersion: '999999999', signal: abort.signal });
    await expect(firstBatch(watch)).rejects.toBeInstanceOf(ExpiredError);
  });

  it('beyond the bound is told to wait, and room comes back when others end', async () => {
    const abort = new AbortController();
    const watches = Array.from({ length: MAX_WATCHES }, () =>
      store.watch('Task', { signal: abort.signal })[Symbol.asyncIterator](),
    );
    const pending = watches.map((watch) => watch.next());
    const one = new AbortController();
    await expect(firstBatch(store.watch('Task', { signal: one.signal }))).rejects.toBeInstanceOf(WaitError);
    abort.abort();
    await Promise.all(pending);
    expect(store.stats().watches).toBe(0);
  });
});
