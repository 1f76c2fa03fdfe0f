import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { type Execution, LABEL, type Pod } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { createQuotas } from '../../../src/control/propeller/quotas.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { literal, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver } from './engine-host.ts';

const one = { tasks: 1, cpu: 0, memoryBytes: 0 };
const none = { tasks: 0, cpu: 0, memoryBytes: 0 };

describe('the room of a quota', () => {
  const woken: string[] = [];
  const wait = (key: string, now = 0, priority = 0) => ({ now, priority, wake: () => void woken.push(key) });
  const open = (quota: object) => {
    const quotas = createQuotas();
    quotas.set([quota]);
    woken.length = 0;
    return quotas;
  };

  it.each([
    [{ project: 'shop', domain: 'production' }, 'shop-production', true],
    [{ project: 'shop', domain: 'production' }, 'shop-eu-production', false],
    [{ project: 'shop' }, 'shop-development', true],
    [{ domain: 'production' }, 'tickets-production', true],
    [{ domain: 'production' }, 'tickets-development', false],
    [{}, 'anything-at-all', true],
  ])('of %j and %s: %s', (names, namespace, fits) => {
    expect(open({ ...names, maxTasks: 1 }).quotaOf(namespace) !== undefined).toBe(fits);
  });

  it('goes round: who has had some goes to the end of the line', () => {
    const quotas = open({ maxTasks: 2 });
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(2);
    quotas.note('n', 'wide', { ...none, tasks: 2 }, wait('wide', 1));
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(0);
    quotas.note('n', 'small', none, wait('small', 2));
    expect(woken).toEqual([]);
    // One of the wide one's tasks ends: it is the first in line, takes the room, and lines up behind the small one.
    quotas.note('n', 'wide', one, wait('wide', 3));
    expect(woken).toEqual(['small']);
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(0);
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(1);
    quotas.note('n', 'small', one, undefined);
    quotas.note('n', 'small', none, undefined);
    expect(woken.slice(1)).toEqual(['wide', 'wide']);
  });

  it('wakes nobody again and again who has seen that there is too little', () => {
    const quotas = open({ cpu: '1' });
    expect(quotas.roomFor('n', 'a')?.left.cpu).toBe(1);
    quotas.note('n', 'a', { tasks: 1, cpu: 0.75, memoryBytes: 0 }, undefined);
    quotas.roomFor('n', 'b');
    quotas.note('n', 'b', none, wait('b', 1));
    quotas.roomFor('n', 'c');
    quotas.note('n', 'c', none, wait('c', 2));
    expect(woken).toEqual([]);
    quotas.forget('n', 'a');
    expect(woken).toEqual(['b']);
  });

  it('is nobody’s before what runs already is counted', () => {
    const quotas = open({ maxTasks: 5 });
    quotas.expect('n', 'old');
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(0);
    quotas.note('n', 'new', none, wait('new'));
    quotas.note('n', 'old', { ...none, tasks: 4 }, undefined);
    expect(woken).toEqual(['new']);
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(1);
  });

  it('of executions is given in the order of coming, and priority counts as time', () => {
    const quotas = open({ maxExecutions: 1 });
    expect(quotas.admit('n', 'a', wait('a'))).toBeUndefined();
    expect(quotas.admit('n', 'b', wait('b', 10))).toContain('allows 1 executions at a time');
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toContain('allows 1 executions');
    quotas.forget('n', 'a');
    expect(woken).toEqual(['c']);
    expect(quotas.admit('n', 'b', wait('b', 10))).toBeDefined();
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toBeUndefined();
  });
});

describe('the engine under a quota', () => {
  let folder: string;
  let store: EmbeddedStore;
  let propeller: Propeller | undefined;

  beforeEach(async () => {
    folder = temporaryFolder();
    store = await openStore(folder);
  });

  afterEach(async () => {
    await propeller?.stop();
    propeller = undefined;
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (...quotas: object[]): void => {
    const log = { write: () => undefined };
    propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log });
    propeller.setQuotas(quotas);
  };
  const pods = async (): Promise<readonly Pod[]> => {
    const { items } = await store.list<Pod>('Pod', { namespace: NAMESPACE });
    return items.filter(({ status }) => status?.phase !== 'Succeeded');
  };
  const livePods = async (count: number): Promise<readonly Pod[]> => {
    await expect.poll(async () => (await pods()).length, { interval: 5, timeout: 5_000 }).toBe(count);
    return pods();
  };
  const executionOf = ({ metadata }: Pod): string | undefined => metadata.labels?.[LABEL.execution];
  const end = (pod: Pod) => endPod(store, pod.metadata.name, { text: 'x=1' });

  const wide = workflow({
    all: {
      kind: 'map',
      over: { a: literal([1, 2, 3, 4, 5, 6]) },
      with: {},
    },
  });
  const small = workflow({ only: { kind: 'task', with: { a: literal(1) } } });

  it('starts no more than it allows, says why the rest waits, and gives small ones their turn', async () => {
    await register(store, wide);
    await register(store, small);
    start({ maxTasks: 3 });
    await launch(store, wide, 'wide');
    await livePods(3);
    await launch(store, small, 'small');
    const waiting = await untilObject<Execution>(store, keyOf('Execution', 'small'), ({ status }) =>
      Boolean(status?.message?.includes('room')),
    );
    expect(waiting.status?.message).toBe(`waits for room: the quota of ${NAMESPACE} allows 3 task attempts at a time`);
    const [first] = await pods();
    await end(first as Pod);
    await expect.poll(async () => (await pods()).map(executionOf), { interval: 5 }).toContain('small');
    expect(await livePods(3)).toHaveLength(3);
    for (let left = 6; left > 0; left--) {
      const [next] = await livePods(Math.min(3, left));
      await end(next as Pod);
    }
    expect((await untilOver(store, 'wide')).status?.phase).toBe('Succeeded');
    const { status } = await untilOver(store, 'small');
    expect(status).toMatchObject({ phase: 'Succeeded' });
    expect(status?.message).toBeUndefined();
  });

  it('counts what ran before a restart, and goes on at once when the quota is raised', async () => {
    await register(store, wide);
    start({ maxTasks: 2 });
    await launch(store, wide, 'wide');
    await livePods(2);
    await propeller?.stop();
    start({ maxTasks: 2 });
    await launch(store, wide, 'wide-2');
    await untilObject<Execution>(store, keyOf('Execution', 'wide-2'), ({ status }) =>
      Boolean(status?.message?.includes('room')),
    );
    await livePods(2);
    propeller?.setQuotas([{ maxTasks: 4 }]);
    await livePods(4);
    propeller?.setQuotas([]);
    await livePods(12);
  });

  it('lets no more executions begin than it allows', async () => {
    await register(store, small);
    start({ maxExecutions: 1 });
    await launch(store, small, 'first');
    await livePods(1);
    await launch(store, small, 'second');
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) => status?.phase === 'Queued');
    const [pod] = await livePods(1);
    await end(pod as Pod);
    await untilOver(store, 'first');
    const [next] = await livePods(1);
    expect(executionOf(next as Pod)).toBe('second');
    await end(next as Pod);
    expect((await untilOver(store, 'second')).status?.phase).toBe('Succeeded');
  });
});
