import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import type { KubeObject, ObjectList } from '../../../src/cluster/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Waits until the store let all heap content go; timers are hurried by the limits below. */
async function untilCold(store: EmbeddedStore): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (store.stats().hotObjects > 0) {
    if (Date.now() > deadlineMs) throw new Error(`still hot: ${JSON.stringify(store.stats())}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const limits = { segmentBytes: 256 * 1024, coldAfterMs: 4, projectionIdleMs: 2 };
const key = (name: string) => ({ kind: 'Workflow', namespace: 'n', name });
const workflow = (name: string, i: number): KubeObject => ({
  apiVersion: 'pipectl.dev/v1',
  kind: 'Workflow',
  metadata: { name, namespace: 'n', labels: { parity: i % 2 === 0 ? 'even' : 'odd' } },
  spec: { i },
});

describe('objects that nobody touched for a while', () => {
  it('leave the heap, and are read, selected, changed, watched and deleted like any other', async () => {
    const clock: Clock = hostClock;
    const store = await openStore(folder, { limits, clock });
    const names = Array.from({ length: 20 }, (_, i) => `w${String(i).padStart(2, '0')}`);
    await store.write(names.map((name, i) => ({ op: 'create', object: workflow(name, i) })));
    await store.write([{ op: 'patchStatus', key: key('w03'), patch: { phase: 'Running', nodes: { a: { n: 1 } } } }]);
    const before = await store.list('Workflow', { namespace: 'n' });

    await untilCold(store);
    expect((await store.list('Workflow', { namespace: 'n' })).items).toEqual(before.items);
    expect(store.stats().hotObjects).toBe(0);
    const odd = await store.list('Workflow', { labelSelector: 'parity=odd', fieldSelector: 'status.phase=Running' });
    expect(odd.items.map(({ metadata }) => metadata.name)).toEqual(['w03']);

    const abort = new AbortController();
    const watch = store
      .watch('Workflow', { labelSelector: 'parity=odd', signal: abort.signal })
      [Symbol.asyncIterator]();
    const next = watch.next();
    await store.write([
      { op: 'patchStatus', key: key('w03'), patch: { nodes: { a: { m: 2 }, b: {} } } },
      { op: 'delete', key: key('w05') },
    ]);
    expect((await next).value).toMatchObject([
      { type: 'MODIFIED', object: { status: { phase: 'Running', nodes: { a: { n: 1, m: 2 }, b: {} } } } },
      { type: 'DELETED', object: { metadata: { name: 'w05' }, spec: { i: 5 } } },
    ]);
    abort.abort();
    await untilCold(store);
    await store.close();

    const again = await openStore(folder, { limits });
    expect(again.stats()).toMatchObject({ hotObjects: 0, objects: 20 });
    const { status } = await again.get(key('w03'));
    expect(status).toEqual({ phase: 'Running', nodes: { a: { n: 1, m: 2 }, b: {} } });
    await again.close();
  });

  it('are listed in pages of any size, many to a turn', async () => {
    const store = await openStore(join(folder, 'many'), { limits });
    const names = Array.from({ length: 700 }, (_, i) => `w${String(i).padStart(3, '0')}`);
    await store.write(names.map((name, i) => ({ op: 'create', object: workflow(name, i) })));
    await untilCold(store);
    for (const limit of [300, 699, 700, 5_000]) {
      const found: string[] = [];
      for (let continueToken: string | undefined = ''; continueToken !== undefined; ) {
        const page: ObjectList = await store.list('Workflow', {
          limit,
          ...(continueToken !== '' && { continueToken }),
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items.map(({ metadata }) => metadata.name));
        ({ continueToken } = page);
      }
      expect(found).toEqual(names);
    }
    await store.close();
  });
});
