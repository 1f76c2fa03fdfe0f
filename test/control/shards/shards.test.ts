import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SHARD_KEYS, WaitError } from '../../../src/base/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import type { Cluster, KubeObject, Lease, WatchEvent, WatchOptions } from '../../../src/cluster/index.ts';
import {
  createShardMap,
  LEASE_TIMING,
  type Ownership,
  type Shard,
  type ShardEngine,
  startFleet,
  startShard,
} from '../../../src/control/shards/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { temporaryFolder } from '../../git/fixtures/real-git.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';

const NAMESPACE = 'shop-production';
const hash = (shards: number) => createShardMap({ strategy: 'hash', shards });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openStore(): Promise<EmbeddedStore> {
  const folder = join(temporaryFolder(), 'store');
  const store = await openEmbeddedStore({ folder, clock: hostClock, random: hostRandom, log: quiet });
  closing.push(() => store.close());
  return store;
}

interface Link {
  isCut: boolean;
  /** Names of the objects that watches brought. */
  readonly told: Set<string>;
}

/** Shards as processes of their own would be, each with a way to the cluster that can be cut. */
interface Site {
  readonly shard: Shard;
  readonly link: Link;
  owned(): readonly number[];
}

function openSites(store: EmbeddedStore, clock: ManualClock) {
  const owners = new Map<string, Ownership | undefined>();
  /** Owned by two at a time, as they were told. */
  const clashes: string[] = [];
  const keysOf = (name: string): number[] => {
    const ownership = owners.get(name);
    return ownership === undefined ? [] : keys().filter((key) => ownership.owns(NAMESPACE, key));
  };
  let lives = 0;
  return {
    clashes,
    start(id: string, shards: number): Site {
      const name = `${id}/${++lives}`;
      const link: Link = { isCut: false, told: new Set() };
      const shard = startShard({
        cluster: withLink(store, link),
        clock,
        random: hostRandom,
        log: quiet,
        id,
        identity: name,
        map: hash(shards),
        owner: {
          async own(ownership) {
            owners.set(name, ownership);
            const own = new Set(keysOf(name));
            for (const other of owners.keys()) {
              if (other === name) continue;
              const both = keysOf(other).filter((key) => own.has(key));
              if (both.length > 0) clashes.push(`${name} and ${other} own ${both.length} keys`);
            }
          },
        },
      });
      closing.push(() => shard.stop());
      return { shard, link, owned: () => keysOf(name) };
    },
  };
}

function keys(): number[] {
  return Array.from({ length: SHARD_KEYS }, (_, key) => key);
}

async function* noted<T extends KubeObject>(
  watch: AsyncIterable<readonly WatchEvent<T>[]>,
  { told }: Link,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  for await (const batch of watch) {
    for (const event of batch) if (event.type !== 'BOOKMARK') told.add(event.object.metadata.name);
    yield batch;
  }
}

function withLink(store: EmbeddedStore, link: Link): Cluster {
  const cut = async (): Promise<never> => {
    throw new WaitError('the network is cut', 0);
  };
  return {
    get: (key) => (link.isCut ? cut() : store.get(key)),
    list: (kind, options) => (link.isCut ? cut() : store.list(kind, options)),
    watch: <T extends KubeObject>(kind: string, options: WatchOptions) => noted(store.watch<T>(kind, options), link),
    write: (writes, options) => (link.isCut ? cut() : store.write(writes, options)),
    podLogs: (key, options) => store.podLogs(key, options),
  };
}

const BEACON = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: NAMESPACE, name: 'beacon' } };

/** Moves the clock on until the condition holds; the store in between is real. */
async function pass(clock: ManualClock, until: () => boolean, stepMs = 500): Promise<void> {
  await vi.waitFor(
    () => {
      clock.set(clock.now() + stepMs);
      expect(until()).toBe(true);
    },
    { timeout: 20_000, interval: 5 },
  );
}

/** A clock that is set back while its timers measure time that passes. */
function settable(passing: ManualClock): { clock: ManualClock; setBack: (byMs: number) => void } {
  let skewMs = 0;
  const clock: ManualClock = {
    now: () => passing.now() + skewMs,
    at: (at, run) => passing.at(at - skewMs, run),
    set: passing.set,
  };
  return { clock, setBack: (byMs) => (skewMs -= byMs) };
}

describe('shards of several processes', () => {
  it('divide all keys, each to one', async () => {
    const clock = manualClock(1_000_000);
    const sites = openSites(await openStore(), clock);
    const three = ['shard-0', 'shard-1', 'shard-2'].map((id) => sites.start(id, 3));
    await pass(clock, () => three.every(({ shard }) => shard.isComplete()));
    expect(three.flatMap((site) => site.owned()).sort((a, b) => a - b)).toEqual(keys());
    expect(sites.clashes).toEqual([]);
  });

  it('are told of the leases of others only', async () => {
    const clock = manualClock(1_000_000);
    const sites = openSites(await openStore(), clock);
    const two = ['shard-0', 'shard-1'].map((id) => sites.start(id, 2));
    await pass(clock, () => two.every(({ shard }) => shard.isComplete()));
    const until = clock.now() + 10 * LEASE_TIMING.durationMs;
    await pass(clock, () => clock.now() > until);
    expect(two.map(({ link }) => [...link.told])).toEqual([['pipectl-shard-1'], ['pipectl-shard-0']]);
  });

  it('hand over to a shard that is added only what is its share, when the others have let go', async () => {
    const clock = manualClock(1_000_000);
    const sites = openSites(await openStore(), clock);
    const two = ['shard-0', 'shard-1'].map((id) => sites.start(id, 2));
    await pass(clock, () => two.every(({ shard }) => shard.isComplete()));
    const before = two.map((site) => site.owned().length);
    const third = sites.start('shard-2', 3);
    two[0]?.shard.setMap(hash(3));
    await pass(clock, () => third.shard.epoch() !== undefined);
    // One of the two has not heard of it yet: nothing moves to the new one.
    expect(third.owned()).toEqual([]);
    two[1]?.shard.setMap(hash(3));
    await pass(clock, () => [...two, third].every(({ shard }) => shard.isComplete()));
    expect(two.map((site, index) => site.owned().length < (before[index] ?? 0))).toEqual([true, true]);
    expect([...two, third].flatMap((site) => site.owned()).sort((a, b) => a - b)).toEqual(keys());
    expect(sites.clashes).toEqual([]);
  });

  it('wait for one that is gone as long as its lease, also when their clock is set back meanwhile', async () => {
    const passing = manualClock(1_000_000);
    const { clock, setBack } = settable(passing);
    const store = await openStore();
    const gone = openSites(store, passing).start('shard-1', 3);
    await pass(passing, () => gone.shard.epoch() !== undefined);
    gone.link.isCut = true;
    const { shard } = openSites(store, clock).start('shard-0', 2);
    await pass(passing, () => shard.epoch() !== undefined);
    expect(shard.isComplete()).toBe(false);
    const setBackAt = passing.now();
    setBack(3_600_000);
    await pass(passing, () => shard.isComplete());
    expect(passing.now() - setBackAt).toBeLessThan(600_000);
  });

  it('begin no wait for a lease anew when their clock is set back near its end', async () => {
    const passing = manualClock(1_000_000);
    const { clock, setBack } = settable(passing);
    const store = await openStore();
    const sites = openSites(store, passing);
    const gone = ['shard-1', 'shard-0'].map((id) => sites.start(id, 3));
    await pass(passing, () => gone.every(({ shard }) => shard.epoch() !== undefined));
    for (const { link } of gone) link.isCut = true;
    const goneAt = passing.now();
    const { shard } = openSites(store, clock).start('shard-0', 2);
    await pass(passing, () => passing.now() > goneAt + 0.7 * LEASE_TIMING.durationMs);
    expect(shard.epoch()).toBeUndefined();
    setBack(3_600_000);
    await pass(passing, () => shard.isComplete(), 100);
    expect(passing.now() - goneAt).toBeLessThan(1.6 * LEASE_TIMING.durationMs);
  });

  it('renew what they hold without reading it, and read it when somebody else has written it', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const { shard } = openSites(store, clock).start('shard-0', 1);
    await pass(clock, () => shard.isComplete());
    const lease = { kind: 'Lease', namespace: 'pipectl-system', name: 'pipectl-shard-0' };
    const reads = vi.spyOn(store, 'get');
    const leaseNow = async (): Promise<Lease> => (await store.list<Lease>('Lease')).items[0] as Lease;
    const renewedAfter = (version: string | undefined): Promise<Lease> =>
      vi.waitFor(async () => {
        clock.set(clock.now() + 500);
        const now = await leaseNow();
        expect(now.metadata.resourceVersion).not.toBe(version);
        return now;
      });
    const first = await renewedAfter((await leaseNow()).metadata.resourceVersion);
    expect(reads).not.toHaveBeenCalled();
    const [touched] = await store.write([
      { op: 'patch', key: lease, patch: { metadata: { annotations: { a: 'b' } } } },
    ]);
    const again = await renewedAfter(touched?.metadata.resourceVersion);
    expect(reads).toHaveBeenCalled();
    expect(again.spec).toMatchObject({ leaseTransitions: first.spec.leaseTransitions });
    expect(shard.epoch()).toBe(first.spec.leaseTransitions);
  });

  it('let go in time when the cluster cannot be reached, so that a successor clashes with nobody', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const sites = openSites(store, clock);
    const first = sites.start('shard-0', 1);
    await pass(clock, () => first.shard.isComplete());
    const epoch = first.shard.epoch() ?? 0;
    first.link.isCut = true;
    const second = sites.start('shard-0', 1);
    await pass(clock, () => second.shard.isComplete());
    expect(first.owned()).toEqual([]);
    expect(second.shard.epoch()).toBeGreaterThan(epoch);
    expect(sites.clashes).toEqual([]);
    first.link.isCut = false;
    await pass(clock, () => second.owned().length === SHARD_KEYS);
    expect(first.owned()).toEqual([]);
  });

  it('take no keys by a division that their lease does not tell of yet', async () => {
    const clock = manualClock(1_000_000);
    const sites = openSites(await openStore(), clock);
    const two = ['shard-0', 'shard-1'].map((id) => sites.start(id, 2));
    await pass(clock, () => two.every(({ shard }) => shard.isComplete()));
    const [first, second] = two as [Site, Site];
    const before = first.owned();
    await second.shard.stop();
    // It hears of the new division and of others, and writes nothing.
    first.link.isCut = true;
    first.shard.setMap(hash(1));
    const until = clock.now() + LEASE_TIMING.renewDeadlineMs / 2;
    await pass(clock, () => clock.now() > until);
    expect(first.owned()).toEqual(before);
    // Another that goes by the older division takes what that gives to it.
    const third = sites.start('shard-1', 2);
    await pass(clock, () => third.shard.isComplete(), 50);
    first.link.isCut = false;
    third.shard.setMap(hash(1));
    await pass(clock, () => first.shard.isComplete());
    expect(first.owned()).toEqual(keys());
    expect(sites.clashes).toEqual([]);
  });

  it('take over at once what is given back', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const sites = openSites(store, clock);
    const first = sites.start('shard-0', 1);
    await pass(clock, () => first.shard.isComplete());
    await first.shard.stop();
    const { spec } = await store.get<Lease>({ kind: 'Lease', namespace: 'pipectl-system', name: 'pipectl-shard-0' });
    expect(spec.holderIdentity).toBe('');
    const second = sites.start('shard-0', 1);
    const stopped = clock.now();
    await pass(clock, () => second.shard.isComplete(), 100);
    expect(clock.now() - stopped).toBeLessThan(15_000);
    expect(sites.clashes).toEqual([]);
  });

  it('never clash and always settle, whatever happens in which order', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const sites = openSites(store, clock);
    const living = new Map<string, Site>();
    let shards = 3;
    let seed = 7;
    const dice = (sides: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % sides;
    };
    for (let turn = 0; turn < 150; turn++) {
      const id = `shard-${dice(4)}`;
      const site = living.get(id);
      const what = dice(6);
      if (site === undefined) living.set(id, sites.start(id, shards));
      else if (what === 0) {
        // Killed: it lets go of nothing, and its successor has to wait for the lease.
        site.link.isCut = true;
        living.delete(id);
      } else if (what === 1) site.link.isCut = !site.link.isCut;
      else if (what === 2) {
        shards = 2 + dice(3);
        site.shard.setMap(hash(shards));
      } else site.shard.setMap(hash(shards));
      clock.set(clock.now() + dice(4_000));
      // Time for what that began: each of these waits for the disk once.
      for (let write = 0; write < 4; write++)
        await store.write([{ op: 'apply', object: BEACON, fieldManager: `${turn}` }]);
    }
    const all = Array.from({ length: shards }, (_, index) => `shard-${index}`);
    for (const id of all) if (!living.has(id)) living.set(id, sites.start(id, shards));
    for (const site of living.values()) {
      site.link.isCut = false;
      site.shard.setMap(hash(shards));
    }
    await pass(clock, () => all.every((id) => living.get(id)?.shard.isComplete()), 1_000);
    const owned = all.flatMap((id) => living.get(id)?.owned() ?? []);
    expect(owned.sort((a, b) => a - b)).toEqual(keys());
    expect(sites.clashes).toEqual([]);
  });
});

describe('the fleet of one process', () => {
  it('owns all alone without a lease, divides, and comes together again, restarting none that stays', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const started: string[] = [];
    const stopped: string[] = [];
    const owned = new Map<string, Ownership | 'all' | undefined>();
    const newEngine = (id: string, begins: string): ShardEngine => {
      started.push(id);
      if (begins === 'alone') owned.set(id, 'all');
      return {
        own: async (ownership) => void owned.set(id, ownership),
        ownAll: async () => void owned.set(id, 'all'),
        stop: async () => void stopped.push(id),
      };
    };
    const fleet = startFleet({ cluster: store, clock, random: hostRandom, log: quiet, identity: 'one', newEngine });
    closing.push(() => fleet.stop());
    await pass(clock, () => fleet.isComplete());
    expect([...owned]).toEqual([['shard-0', 'all']]);
    expect((await store.list('Lease')).items).toEqual([]);
    void fleet.setSharding({ strategy: 'hash', shards: 3 });
    await pass(clock, () => fleet.isComplete());
    expect(started).toEqual(['shard-0', 'shard-1', 'shard-2']);
    void fleet.setSharding({ strategy: 'hash', shards: 2 });
    await pass(clock, () => fleet.isComplete());
    expect(stopped).toEqual(['shard-2']);
    void fleet.setSharding(undefined);
    await pass(clock, () => fleet.isComplete());
    expect([started, stopped, owned.get('shard-0')]).toEqual([
      ['shard-0', 'shard-1', 'shard-2'],
      ['shard-2', 'shard-1'],
      'all',
    ]);
  });

  it('does not wait for the leases of a process that was killed', async () => {
    const clock = manualClock(1_000_000);
    const store = await openStore();
    const sites = openSites(store, clock);
    const dead = [0, 1].map((index) => sites.start(`shard-${index}`, 2));
    await pass(clock, () => dead.every(({ shard }) => shard.isComplete()));
    for (const { link } of dead) link.isCut = true;
    const later = manualClock(clock.now());
    const newEngine = (): ShardEngine => ({
      own: async () => undefined,
      ownAll: async () => undefined,
      stop: async () => undefined,
    });
    const fleet = startFleet({
      cluster: store,
      clock: later,
      random: hostRandom,
      log: quiet,
      identity: 'two',
      newEngine,
    });
    closing.push(() => fleet.stop());
    void fleet.setSharding({ strategy: 'hash', shards: 2 });
    await pass(later, () => fleet.isComplete(), 50);
    expect(later.now() - clock.now()).toBeLessThan(15_000);
  });
});
