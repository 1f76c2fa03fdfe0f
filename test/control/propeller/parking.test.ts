import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, PARK_WINDOW_MS, type UnixMs } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { type Cluster, type Execution, type ListOptions, patchObject } from '../../../src/cluster/index.ts';
import type { NodeClosure } from '../../../src/compiler/closure.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, register, untilObject, untilOver, untilPod } from './engine-host.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Time that moves when the test says so. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = Date.parse('2026-05-01T00:00:00Z');
  const timers = new Set<{ readonly at: UnixMs; readonly run: () => void }>();
  const fire = (): void => {
    for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= now && timers.delete(timer)) timer.run();
    }
  };
  return {
    now: () => now,
    at(at, run) {
      const timer = { at, run };
      timers.add(timer);
      if (at <= now) setImmediate(fire);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      fire();
    },
  };
}

/** One node; what the compiler would make of a sleep of so long, or of an approval. */
function only(node: object): ReturnType<typeof workflow> {
  return { ...workflow({}), nodes: [{ id: 'wait', upstream: [], outputs: {}, ...node } as unknown as NodeClosure] };
}
const sleepOf = (duration: string) => only({ kind: 'sleep', duration: { kind: 'literal', value: duration } });
const twoHours = sleepOf('2h');
const fiveMinutes = sleepOf('5m');
const asks = only({ kind: 'approve', message: { kind: 'literal', value: 'Go on?' } });
const works = workflow({ work: { kind: 'task' } });
const at = '2026-05-01T00:00:00.000Z';
const approved = { spec: { signals: { wait: { decision: 'approve', by: 'ada', at } } } };

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;
let clock: ReturnType<typeof handClock>;
/** Names of executions that were listed or read. */
let seen: string[];

function start(changes: Partial<Cluster> = {}): Propeller {
  const watched: Cluster = {
    ...store,
    async get(key) {
      if (key.kind === 'Execution') seen.push(key.name);
      return store.get(key);
    },
    async list(kind, options) {
      const page = await (changes.list ?? store.list)(kind, options);
      if (kind === 'Execution') seen.push(...page.items.map(({ metadata }) => metadata.name));
      return page as never;
    },
  };
  seen = [];
  propeller = startPropeller({ cluster: watched, clock, random: hostRandom, log: { write: () => undefined } });
  return propeller;
}

const untilParked = (name: string): Promise<Execution> =>
  untilObject<Execution>(store, keyOf('Execution', name), ({ status }) => status?.parked !== undefined);

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  clock = handClock();
  for (const closure of [twoHours, fiveMinutes, asks, works]) await register(store, closure);
});

afterEach(async () => {
  await propeller?.stop();
  propeller = undefined;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an execution that has nothing to do', () => {
  it('says until when, and no longer when it goes on', async () => {
    start();
    await launch(store, twoHours, 'asleep');
    await launch(store, asks, 'asking');
    expect((await untilParked('asleep')).status?.parked).toEqual({
      generation: 1,
      until: new Date(clock.now() + 2 * HOUR_MS).toISOString(),
    });
    expect((await untilParked('asking')).status?.parked).toEqual({ generation: 1 });
    await patchObject(store, keyOf('Execution', 'asking'), approved);
    const { status } = await untilOver(store, 'asking');
    expect(status).toMatchObject({ phase: 'Succeeded' });
    expect(status?.parked).toBeUndefined();
  });

  it('waits for nobody knows how long after a time that has come, and says no time then', async () => {
    start();
    const paused = { spec: { desired: 'Paused' } };
    const work = { ...works.nodes[0], upstream: [0] } as NodeClosure;
    const sleepsThenWorks = { ...works, nodes: [...twoHours.nodes, work] };
    await register(store, sleepsThenWorks);
    await launch(store, sleepsThenWorks, 'asleep');
    await untilParked('asleep');
    await patchObject(store, keyOf('Execution', 'asleep'), paused);
    await untilObject<Execution>(store, keyOf('Execution', 'asleep'), ({ status }) => status?.parked?.generation === 2);
    clock.advance(3 * HOUR_MS);
    const { status } = await untilObject<Execution>(
      store,
      keyOf('Execution', 'asleep'),
      ({ status: now }) => now?.parked?.until === undefined,
    );
    expect(status).toMatchObject({ phase: 'Running', parked: { generation: 2 } });
  });

  it('does not say so with a live attempt, in a short wait, or with a limit of its launch plan', async () => {
    start();
    const brief = sleepOf('30s');
    await register(store, brief);
    await launch(store, works, 'working');
    await launch(store, brief, 'brief');
    await launch(store, asks, 'limited', { concurrency: { limit: 1, whenFull: 'queue' } });
    await untilPod(store, 'working-work-1');
    for (const name of ['working', 'brief', 'limited']) {
      const running = await untilObject<Execution>(store, keyOf('Execution', name), ({ status }) =>
        Boolean(status?.nodes?.wait ?? status?.nodes?.work),
      );
      expect(running.status?.parked).toBeUndefined();
    }
  });

  it('is not read at a start, while others go on and new ones begin', async () => {
    start();
    await launch(store, twoHours, 'asleep');
    await launch(store, asks, 'asking');
    await launch(store, works, 'working');
    await untilParked('asleep');
    await untilParked('asking');
    await untilPod(store, 'working-work-1');
    await propeller?.stop();
    await endPod(store, 'working-work-1', { text: 'x=1' });
    await store.close();
    store = await openStore(folder);
    start();
    expect((await untilOver(store, 'working')).status?.phase).toBe('Succeeded');
    await launch(store, works, 'new');
    await untilPod(store, 'new-work-1');
    expect(seen).not.toContain('asleep');
    expect(seen).not.toContain('asking');
  });

  it.each([
    ['soon', fiveMinutes, 5 * MINUTE_MS],
    ['later', twoHours, 2 * HOUR_MS],
  ])('is woken when it is due %s after a start', async (_, closure, ms) => {
    start();
    await launch(store, closure, 'asleep');
    await untilParked('asleep');
    await propeller?.stop();
    start();
    await launch(store, works, 'new');
    await untilPod(store, 'new-work-1');
    for (let left = ms; left > 0; left -= PARK_WINDOW_MS / 2) {
      clock.advance(Math.min(left, PARK_WINDOW_MS / 2));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await untilOver(store, 'asleep')).status?.phase).toBe('Succeeded');
  });

  it('is woken though time leaps over many windows', async () => {
    start();
    await launch(store, twoHours, 'asleep');
    await untilParked('asleep');
    clock.advance(2 * HOUR_MS);
    expect((await untilOver(store, 'asleep')).status?.phase).toBe('Succeeded');
  });

  it('hears of what changed in its spec while no engine ran', async () => {
    start();
    await launch(store, asks, 'asking');
    await untilParked('asking');
    await propeller?.stop();
    await patchObject(store, keyOf('Execution', 'asking'), approved);
    start();
    expect((await untilOver(store, 'asking')).status?.phase).toBe('Succeeded');
  });

  it('is loaded when its status says nothing of it, and says so then', async () => {
    start();
    await launch(store, twoHours, 'asleep');
    const { status } = await untilParked('asleep');
    await propeller?.stop();
    await store.write([{ op: 'patchStatus', key: keyOf('Execution', 'asleep'), patch: { parked: null } }]);
    start();
    expect((await untilParked('asleep')).status).toEqual(status);
  });

  it('is woken in time where lists leave nothing out', async () => {
    const all = (kind: string, { due: _, ...options }: ListOptions = {}) => store.list(kind, options);
    start({ list: all as Cluster['list'] });
    await launch(store, twoHours, 'asleep');
    await untilParked('asleep');
    await propeller?.stop();
    start({ list: all as Cluster['list'] });
    await launch(store, works, 'new');
    await untilPod(store, 'new-work-1');
    clock.advance(2 * HOUR_MS);
    expect((await untilOver(store, 'asleep')).status?.phase).toBe('Succeeded');
  });

  it('counts against a quota after a start', async () => {
    start();
    await launch(store, asks, 'asking');
    await untilParked('asking');
    await propeller?.stop();
    start().setQuotas([{ maxExecutions: 1 }]);
    await launch(store, works, 'second');
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) => status?.phase === 'Queued');
    await patchObject(store, keyOf('Execution', 'asking'), approved);
    await untilOver(store, 'asking');
    await untilPod(store, 'second-work-1');
  });
});

describe('a list that takes its time', () => {
  it('holds up no new execution', async () => {
    const stuck = Promise.withResolvers<void>();
    const slow = async (kind: string, options?: ListOptions) => {
      if (kind !== 'Execution') return store.list(kind, options);
      if (options?.continueToken !== undefined) {
        stuck.resolve();
        return new Promise<never>(() => undefined);
      }
      const page = await store.list(kind, options);
      return { ...page, items: [], continueToken: 'more' };
    };
    const endless = start({ list: slow as Cluster['list'] });
    await stuck.promise;
    await launch(store, works, 'new');
    await endPod(store, (await untilPod(store, 'new-work-1')).metadata.name, { text: 'x=1' });
    expect((await untilOver(store, 'new')).status?.phase).toBe('Succeeded');
    // It waits for its list, which does not end.
    void endless.stop();
    propeller = undefined;
  });
});
