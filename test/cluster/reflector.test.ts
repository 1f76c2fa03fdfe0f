import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Change,
  type Cluster,
  createObject,
  deleteObject,
  type Execution,
  patchStatus,
  type ReflectHandlers,
  reflect,
  type WatchEvent,
} from '../../src/cluster/index.ts';
import { type ApiFixture, clock, execution, NAMESPACE, openApi, quiet, random, until } from './api-fixture.ts';

let api: ApiFixture;
let stop: AbortController;
beforeEach(async () => {
  api = await openApi();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await api.close();
});

const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });

/** A picture of the executions as a loop would keep it, from changes alone. */
function picture(
  cluster: Cluster,
  relistMs?: number,
  more: Partial<ReflectHandlers<Execution>> = {},
  listOnly?: string,
) {
  const phases = new Map<string, string>();
  const told: string[] = [];
  const handlers: ReflectHandlers<Execution> = {
    changed(changes: readonly Change<Execution>[]) {
      for (const change of changes) {
        const name = change.type === 'set' ? change.object.metadata.name : change.key.name;
        told.push(`${change.type} ${name}`);
        if (change.type === 'set') phases.set(name, change.object.status?.phase ?? 'Pending');
        else phases.delete(name);
      }
    },
    ...more,
  };
  const options = {
    clock,
    random,
    log: quiet,
    ...(relistMs !== undefined && { relistMs }),
    ...(listOnly !== undefined && { listOnly }),
  };
  return { phases, told, reflector: reflect(cluster, 'Execution', options, handlers, stop.signal) };
}

describe('a reflector', () => {
  it('tells what is there, that it has told it, and then what changes', async () => {
    await createObject(api.store, execution('old'));
    let isSynced = false;
    const { phases, told, reflector } = picture(api.store, undefined, {
      synced: () => {
        isSynced = true;
        expect(phases.has('old')).toBe(true);
      },
    });
    await until('it is synced', () => isSynced);
    await createObject(api.store, execution('new'));
    await patchStatus(api.store, key('new'), { phase: 'Running' });
    await deleteObject(api.store, key('old'));
    await until('it has told all', () => phases.get('new') === 'Running' && !phases.has('old'));
    expect(told).toContain('gone old');
    expect(reflector.stats()).toMatchObject({ objects: 1, lists: 1, corrections: 0 });
    stop.abort();
    await reflector.done;
  });

  it('tells the differences after an outage, and when it began and ended', async () => {
    await createObject(api.store, execution('stays'));
    await createObject(api.store, execution('goes'));
    const states: string[] = [];
    const failing = failingCluster(await api.connect());
    const { phases, told } = picture(failing.cluster, undefined, {
      interrupted: (error) => states.push(error === undefined ? 'back' : 'away'),
    });
    await until('it is synced', () => phases.size === 2);
    failing.isAway = true;
    failing.breakWatch();
    await until('it knows', () => states.includes('away'));
    await deleteObject(api.store, key('goes'));
    await createObject(api.store, execution('comes'));
    failing.isAway = false;
    await until('it is equal again', () => phases.has('comes') && !phases.has('goes'));
    expect(states).toEqual(['away', 'back']);
    expect(told.filter((each) => each === 'set stays')).toHaveLength(1);
  });

  it('lists again from time to time and counts what its watch had lost', async () => {
    await createObject(api.store, execution('lost'));
    await createObject(api.store, execution('kept'));
    const { phases, reflector } = picture(deafTo(api.store, 'lost'), 1_000);
    await until('it is synced', () => phases.size === 2);
    await deleteObject(api.store, key('lost'));
    await patchStatus(api.store, key('kept'), { phase: 'Running' });
    await until('it is equal', () => !phases.has('lost') && phases.get('kept') === 'Running');
    expect(reflector.stats().corrections).toBe(1);
  });

  it('lists only what is not over, keeps nothing of what is, and still tells of every end', async () => {
    for (const name of ['over', 'ends', 'ends-unseen', 'goes-unseen']) await createObject(api.store, execution(name));
    await patchStatus(api.store, key('over'), { phase: 'Succeeded' });
    const failing = failingCluster(await api.connect());
    let isSynced = false;
    const synced = () => {
      isSynced = true;
    };
    const only = 'status.phase!=Succeeded';
    const { phases, told, reflector } = picture(failing.cluster, undefined, { synced }, only);
    await until('it is synced', () => isSynced);
    expect(told).toEqual(['set ends', 'set ends-unseen', 'set goes-unseen']);
    await patchStatus(api.store, key('ends'), { phase: 'Succeeded' });
    await until('the end is told', () => phases.get('ends') === 'Succeeded');
    failing.isAway = true;
    failing.breakWatch();
    await patchStatus(api.store, key('ends-unseen'), { phase: 'Succeeded' });
    await deleteObject(api.store, key('goes-unseen'));
    failing.isAway = false;
    await until('the outage is made up for', () => !phases.has('goes-unseen'));
    expect([...phases]).toEqual([
      ['ends', 'Succeeded'],
      ['ends-unseen', 'Succeeded'],
    ]);
    expect(reflector.stats().objects).toBe(0);
  });

  it('counts no correction where nothing was lost', async () => {
    await createObject(api.store, execution('one'));
    const { phases, reflector } = picture(api.store, 50);
    await until('it is synced', () => phases.size === 1);
    for (let round = 0; round < 20; round += 1) await patchStatus(api.store, key('one'), { message: `round ${round}` });
    await until('it has listed thrice', () => reflector.stats().lists >= 3);
    expect(reflector.stats().corrections).toBe(0);
  });

  it('ends at once when it is told to while it lists', async () => {
    const listed = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const slow: Cluster = {
      ...api.store,
      async list(kind, options) {
        asked.resolve();
        await listed.promise;
        return api.store.list(kind, options);
      },
    };
    const { reflector } = picture(slow);
    await asked.promise;
    stop.abort();
    listed.resolve();
    await reflector.done;
    expect(reflector.stats()).toMatchObject({ objects: 0 });
  });

  it('rejects when its handler throws, rather than going on without it', async () => {
    await createObject(api.store, execution('one'));
    const { reflector } = picture(api.store, undefined, {
      changed() {
        throw new Error('a bug of the reader');
      },
    });
    await expect(reflector.done).rejects.toThrow('a bug of the reader');
  });
});

/** The real cluster behind a connection that the test can cut. */
function failingCluster(cluster: Cluster) {
  let cut = new AbortController();
  const self = {
    isAway: false,
    breakWatch() {
      cut.abort();
      cut = new AbortController();
    },
    cluster: {
      ...cluster,
      list: async (kind, options) => {
        if (self.isAway) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
        return cluster.list(kind, options);
      },
      async *watch(kind, options) {
        yield* cluster.watch(kind, { ...options, signal: AbortSignal.any([options.signal, cut.signal]) });
      },
    } as Cluster,
  };
  return self;
}

/** The real cluster, but its watch loses the events of one object: what a buggy proxy or a lost update does. */
function deafTo(cluster: Cluster, name: string): Cluster {
  return {
    ...cluster,
    async *watch(kind, options) {
      for await (const batch of cluster.watch(kind, options)) {
        yield batch.filter(
          (event) => event.type === 'BOOKMARK' || event.object.metadata.name !== name,
        ) as WatchEvent<never>[];
      }
    },
  };
}
