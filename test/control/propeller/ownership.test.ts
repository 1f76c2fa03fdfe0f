import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { type Cluster, type Execution, LABEL } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { createShardMap, type Ownership } from '../../../src/control/shards/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver, untilPod } from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
const propellers: Propeller[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
});

afterEach(async () => {
  for (const propeller of propellers.splice(0)) await propeller.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function startShard(cluster: Cluster = store): Propeller {
  const log = { write: () => undefined };
  const propeller = startPropeller({
    cluster,
    clock: hostClock,
    random: hostRandom,
    log,
    beginsWith: 'nothing',
  });
  propellers.push(propeller);
  return propeller;
}

const task = workflow(
  { one: { kind: 'task', with: { a: expr('inputs.n') } } },
  { inputs: { n: { type: 'integer' } }, outputs: { end: { type: 'integer', value: expr('nodes.one.outputs.x') } } },
);

function ownership(shard: string, epoch: number, owns: Ownership['owns'] = () => true): Ownership {
  return { shard, epoch, owns };
}

async function statusOf(name: string): Promise<Execution['status']> {
  return (await store.get<Execution>(keyOf('Execution', name))).status;
}

describe('a propeller that is one of several', () => {
  it('works on nothing before it is told what is its own, then also on what was there before', async () => {
    await register(store, task);
    const propeller = startShard();
    await launch(store, task, 'early', { inputs: { n: 1 } });
    expect(await statusOf('early')).toBeUndefined();
    await propeller.own(ownership('shard-0', 3));
    await untilPod(store, 'early-one-1');
    await endPod(store, 'early-one-1', { text: 'x=2' });
    const { status } = await untilOver(store, 'early');
    expect(status).toMatchObject({ phase: 'Succeeded', shard: { id: 'shard-0', epoch: 3 } });
  });

  it('tells everybody who waits for a round in flight that it is over', async () => {
    await register(store, task);
    const written = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const propeller = startShard({
      ...store,
      async write(writes, options) {
        asked.resolve();
        await written.promise;
        return store.write(writes, options);
      },
    });
    await propeller.own(ownership('shard-0', 1));
    await launch(store, task, 'flow', { inputs: { n: 1 } });
    await asked.promise;
    const waiting = [propeller.own(ownership('shard-0', 1, () => false)), propeller.own(undefined)];
    written.resolve();
    await Promise.all(waiting);
    expect((await statusOf('flow'))?.phase).toBe('Running');
  });

  it('leaves alone what is of others: each execution is run by the shard of its key', async () => {
    await register(store, task);
    const map = createShardMap({ strategy: 'hash', shards: 3 });
    const shards = map.ids.map((id) => ({ id, propeller: startShard() }));
    for (const { id, propeller } of shards) {
      await propeller.own(ownership(id, 1, (namespace, key) => map.ownerOf(namespace, key) === id));
    }
    const names = Array.from({ length: 24 }, (_, index) => `flow-${index}`);
    for (const name of names) await launch(store, task, name, { inputs: { n: 1 } });
    for (const name of names) {
      await untilPod(store, `${name}-one-1`);
      await endPod(store, `${name}-one-1`, { text: 'x=2' });
    }
    const by = new Set<string>();
    for (const name of names) {
      const { status, metadata } = await untilOver(store, name);
      expect(status?.shard?.id).toBe(map.ownerOf(NAMESPACE, Number(metadata.labels?.[LABEL.shardKey])));
      by.add(status?.shard?.id ?? '');
    }
    expect(by.size).toBe(3);
    expect(shards.map(({ propeller }) => propeller.stats().conflicts)).toEqual([0, 0, 0]);
  });

  it('goes on where another left off, and the other does nothing more', async () => {
    await register(store, task);
    const [first, second] = [startShard(), startShard()];
    await first?.own(ownership('shard-0', 1));
    await launch(store, task, 'moved', { inputs: { n: 1 } });
    await untilPod(store, 'moved-one-1');
    await first?.own(undefined);
    const rounds = first?.stats().rounds;
    await second?.own(ownership('shard-1', 1));
    await endPod(store, 'moved-one-1', { text: 'x=5' });
    expect((await untilOver(store, 'moved')).status).toMatchObject({
      phase: 'Succeeded',
      outputs: { end: 5 },
      shard: { id: 'shard-1', epoch: 1 },
    });
    expect(first?.stats().rounds).toBe(rounds);
  });

  it('loses against another that believes the same execution its own: nothing is written over', async () => {
    await register(store, task);
    // The old one does not notice that its lease is gone, hears of everything, and writes later than the new one.
    let gate = Promise.resolve();
    const late: Cluster = {
      get: (key) => store.get(key),
      list: (kind, options) => store.list(kind, options),
      watch: (kind, options) => store.watch(kind, options),
      write: async (writes, options) => {
        await gate;
        return store.write(writes, options);
      },
      podLogs: (key, options) => store.podLogs(key, options),
    };
    const old = startShard(late);
    await old.own(ownership('shard-0', 1));
    await launch(store, task, 'fought', { inputs: { n: 1 } });
    await untilPod(store, 'fought-one-1');
    await untilObject<Execution>(store, keyOf('Execution', 'fought'), ({ status }) => status?.shard?.epoch === 1);
    const { promise, resolve: open } = Promise.withResolvers<void>();
    gate = promise;
    const successor = startShard();
    await successor.own(ownership('shard-0', 2));
    await endPod(store, 'fought-one-1', { text: 'x=7' });
    const { status } = await untilOver(store, 'fought');
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { end: 7 }, shard: { epoch: 2 } });
    const after = await store.get(keyOf('Execution', 'fought'));
    open();
    await vi.waitFor(() => expect(old.stats().conflicts).toBe(1));
    await old.stop();
    expect(await store.get(keyOf('Execution', 'fought'))).toEqual(after);
    const pods = await store.list('Pod', { namespace: NAMESPACE });
    expect(pods.items.map(({ metadata }) => metadata.name)).toEqual(['fought-one-1']);
  });

  it('counts what shares a limit alone, wherever the executions by their names would be', async () => {
    await register(store, task);
    const map = createShardMap({ strategy: 'hash', shards: 3 });
    for (const id of map.ids) {
      await startShard().own(ownership(id, 1, (namespace, key) => map.ownerOf(namespace, key) === id));
    }
    const limited = { inputs: { n: 1 }, launchPlan: 'nightly', concurrency: { limit: 1, whenFull: 'queue' } };
    const names = Array.from({ length: 6 }, (_, index) => `limited-${index}`);
    for (const name of names) await launch(store, task, name, limited);
    for (let done = 0; done < names.length; done++) {
      let running: readonly string[] = [];
      await vi.waitFor(async () => {
        const { items } = await store.list<Execution>('Execution', { fieldSelector: 'status.phase=Running' });
        running = items.map(({ metadata }) => metadata.name);
        expect(running.length).toBeGreaterThan(0);
      });
      expect(running).toHaveLength(1);
      await untilPod(store, `${running[0]}-one-1`);
      await endPod(store, `${running[0]}-one-1`, { text: 'x=2' });
      await untilOver(store, running[0] ?? '');
    }
  });
});
