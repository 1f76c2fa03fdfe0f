import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import {
  type Change,
  type Cluster,
  createObject,
  deleteObject,
  type Execution,
  ForbiddenError,
  patchStatus,
  reflect,
} from '../../../src/cluster/index.ts';
import { type ApiFixture, clock, execution, NAMESPACE, openApi, quiet, random, until } from '../api-fixture.ts';
import { behindFaults, type FaultProxy } from './fault-proxy.ts';
import type { FaultRates } from './play.ts';

const EVERYTHING: FaultRates = {
  read: { dropped: 0.1, lost: 0.1, truncated: 0.1, busy: 0.1, broken: 0.1, expired: 0.2, slow: 0.1 },
  watch: {
    refused: 0.1,
    busy: 0.1,
    expired: 0.1,
    expiredEvent: 0.05,
    cut: 0.1,
    slow: 0.1,
    duplicated: 0.1,
    missing: 0.1,
  },
  withoutBookmarks: true,
};

let api: ApiFixture;
let stop: AbortController;
const proxies: FaultProxy[] = [];
beforeEach(async () => {
  api = await openApi();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  for (const proxy of proxies.splice(0)) await proxy.close();
  await api.close();
});

async function behind(seed: number, rates: FaultRates) {
  const { proxy, cluster } = await behindFaults(api, seed, rates);
  proxies.push(proxy);
  return { proxy, cluster };
}

/** What a loop knows of the executions, by what it was told. */
function picture(cluster: Cluster, relistMs: number) {
  const phases = new Map<string, string>();
  const reflector = reflect<Execution>(
    cluster,
    'Execution',
    { clock, random, log: quiet, relistMs },
    {
      changed(changes: readonly Change<Execution>[]) {
        for (const change of changes) {
          if (change.type === 'gone') phases.delete(change.key.name);
          else phases.set(change.object.metadata.name, change.object.status?.phase ?? 'Pending');
        }
      },
    },
    stop.signal,
  );
  return { phases, reflector };
}

const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });

async function liveThere(): Promise<Record<string, string>> {
  const { items } = await api.store.list<Execution>('Execution', { namespace: NAMESPACE });
  return Object.fromEntries(items.map(({ metadata, status }) => [metadata.name, status?.phase ?? 'Pending']));
}

describe('a reflector over a network that fails', () => {
  it.each([1, 2, 3])('ends up with what is there, whatever is lost, doubled or refused (seed %i)', async (seed) => {
    const { proxy, cluster } = await behind(seed, EVERYTHING);
    const { phases, reflector } = picture(cluster, 300);
    for (let index = 0; index < 40 || proxy.played.size < 5; index++) {
      await createObject(api.store, execution(`e${index}`));
      if (index % 3 === 0) await patchStatus(api.store, key(`e${index}`), { phase: 'Running' });
      if (index % 4 === 3) await deleteObject(api.store, key(`e${index - 1}`));
    }
    const there = JSON.stringify(Object.entries(await liveThere()).toSorted());
    await until('it knows all', () => JSON.stringify([...phases].toSorted()) === there);
    stop.abort();
    await reflector.done;
  });

  it('counts what only a list has shown', async () => {
    const { proxy, cluster } = await behind(1, {});
    const { phases, reflector } = picture(cluster, 1_500);
    await createObject(api.store, execution('told'));
    await until('it watches', () => phases.has('told'));
    proxy.rates = { watch: { missing: 1 } };
    await createObject(api.store, execution('lost'));
    await until('its event is lost', () => proxy.played.get('missing') === 1);
    proxy.rates = {};
    await createObject(api.store, execution('after'));
    await until('a list has told it', () => phases.has('lost') && phases.has('after'));
    expect(reflector.stats().corrections).toBe(1);
    expect(cluster.watchCounts.get('Execution')).toMatchObject({ corrections: 1 });
    expect(Object.fromEntries(phases)).toEqual(await liveThere());
  });

  it('goes on when a server that was gone, or credentials that had expired, are back', async () => {
    const { proxy, cluster } = await behind(1, {});
    const { phases } = picture(cluster, 60_000);
    await createObject(api.store, execution('before'));
    await until('it watches', () => phases.has('before'));
    proxy.goAway();
    await createObject(api.store, execution('meanwhile'));
    await expect(cluster.list('Execution')).rejects.toThrow(WaitError);
    proxy.rates = { read: { unauthorized: 1 }, watch: { unauthorized: 1 } };
    proxy.comeBack();
    await expect(cluster.list('Execution')).rejects.toThrow(ForbiddenError);
    await until('it was refused', () => (proxy.played.get('unauthorized') ?? 0) > 2);
    expect(phases.has('meanwhile')).toBe(false);
    proxy.rates = {};
    await until('it goes on', () => phases.has('meanwhile'));
  });
});

describe('a request that the server is too busy for', () => {
  it('is sent again when the server has said, and not before', async () => {
    const { proxy, cluster } = await behind(1, { write: { busy: 1 }, retryAfterSeconds: 1 });
    const startedAt = performance.now();
    const creating = createObject(cluster, execution('late'));
    await until('it was refused', () => proxy.played.get('busy') === 1);
    proxy.rates = {};
    await creating;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(proxy.played.get('busy')).toBe(1);
  });

  it('is given up when the server asks for more patience than a call has', async () => {
    const { proxy, cluster } = await behind(1, { write: { busy: 1 }, retryAfterSeconds: 120 });
    const refusal = await createObject(cluster, execution('never')).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(WaitError);
    expect((refusal as WaitError).retryAfterMs).toBe(120_000);
    expect(proxy.played.get('busy')).toBe(1);
  });
});

describe('a write whose answer was lost', () => {
  it('is not repeated: its caller hears that nobody knows', async () => {
    const { cluster } = await behind(1, { write: { lost: 1 } });
    await expect(createObject(cluster, execution('made'))).rejects.toThrow(WaitError);
    expect(await liveThere()).toEqual({ made: 'Pending' });
  });
});
