import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type Execution, type Shard, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import { reportShards, startPropellers } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, register, untilObject, untilOver, untilPod } from './engine-host.ts';

const flow = workflow(
  {
    one: { kind: 'task', with: { a: expr('inputs.n') } },
    two: { kind: 'compute', values: { y: expr('nodes.one.outputs.x * 2') }, needs: ['one'] },
  },
  { inputs: { n: { type: 'integer' } }, outputs: { end: { type: 'integer', value: expr('nodes.two.outputs.y') } } },
);

it('a control plane divides its executions, live, and takes them together again', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const log = { write: () => undefined };
  const timing = { durationMs: 3_000, renewDeadlineMs: 2_000, retryMs: 50 };
  const ports = { cluster: store, clock: hostClock, random: hostRandom, log };
  const propellers = startPropellers({ ...ports, identity: 'test', timing, workers: 4 });
  try {
    await register(store, flow);
    const launched: string[] = [];
    const start = async (prefix: string): Promise<void> => {
      for (let index = 0; index < 8; index++) {
        const name = `${prefix}-${index}`;
        await launch(store, flow, name, { inputs: { n: index } });
        launched.push(name);
      }
    };
    await start('alone');
    await untilPod(store, 'alone-7-one-1');
    void propellers.setSharding({ strategy: 'hash', shards: 3 });
    await start('divided');
    await expect.poll(() => propellers.statsByShard().size, { timeout: 10_000 }).toBe(3);
    propellers.setWorkers(7);
    for (const name of launched) await untilPod(store, `${name}-one-1`);
    // What began with one shard is claimed by those that have it now.
    const claimed = await Promise.all(
      launched.map(async (name) => {
        await endPod(store, `${name}-one-1`, { text: 'x=21' });
        return untilOver(store, name);
      }),
    );
    expect(new Set(claimed.map(({ status }) => status?.shard?.id)).size).toBe(3);
    expect(claimed.map(({ status }) => status?.outputs)).toEqual(launched.map(() => ({ end: 42 })));
    expect(propellers.stats().workers).toBe(21);
    const report = reportShards({ ...ports, shards: propellers.statsByShard });
    await report.stop();
    const { items } = await store.list<Shard>('Shard', { namespace: SYSTEM_NAMESPACE });
    expect(items.map(({ metadata, status }) => [metadata.name, status?.workers, status?.epoch])).toEqual([
      ['shard-0', 7, 1],
      ['shard-1', 7, 1],
      ['shard-2', 7, 1],
    ]);
    void propellers.setSharding(undefined);
    await start('again');
    for (const name of launched.slice(16)) {
      await untilPod(store, `${name}-one-1`);
      await endPod(store, `${name}-one-1`, { text: 'x=21' });
    }
    const last = await untilObject<Execution>(
      store,
      keyOf('Execution', 'again-7'),
      ({ status }) => status?.phase === 'Succeeded',
    );
    expect(last.status?.outputs).toEqual({ end: 42 });
    expect(propellers.statsByShard().size).toBe(1);
  } finally {
    await propellers.stop();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
