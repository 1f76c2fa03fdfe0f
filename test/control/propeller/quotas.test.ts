import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { type Execution, LABEL, type Pod, patchObject, shardKey } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { createQuotas } from '../../../src/control/propeller/quotas.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver } from './engine-host.ts';

const one = { tasks: 1, cpu: 0, memoryBytes: 0 };
const none = { tasks: 0, cpu: 0, memoryBytes: 0 };

describe('the room of a quota', () => {
  const woken: string[] = [];
  const wait = (key: string, since = 0, priority = 0) => ({ since, priority, wake: () => void woken.push(key) });
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
    // One of the wide one's tasks ends: it is the first in line, and lines up behind the small one.
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(0);
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

  it('is looked for once by each, also by those who have other reasons to look', () => {
    const quotas = open({ cpu: '1' });
    quotas.expect('n', 'full', false);
    const turns = ['a', 'b', 'full', 'b', 'a', 'a', 'b'];
    let now = 0;
    for (let key = turns.shift(); key !== undefined && now < 100; key = turns.shift()) {
      now++;
      quotas.roomFor('n', key);
      if (key === 'full') quotas.note('n', key, { tasks: 1, cpu: 1, memoryBytes: 0 }, undefined);
      else quotas.note('n', key, none, wait(key, now));
      turns.push(...woken.splice(0));
    }
    expect(now).toBeLessThan(20);
  });

  it('keeps the place of who looks before its turn', () => {
    const quotas = open({ cpu: '1' });
    quotas.roomFor('n', 'full');
    quotas.note('n', 'full', { tasks: 1, cpu: 1, memoryBytes: 0 }, undefined);
    for (const [index, key] of ['a', 'b', 'c', 'b'].entries()) {
      quotas.roomFor('n', key);
      quotas.note('n', key, none, wait(key, index));
    }
    quotas.leave('n', 'a');
    expect(woken).toEqual(['b']);
  });

  it('is kept for who asks for much: others that ask for less do not overtake it', () => {
    const quotas = open({ cpu: '2' });
    const cores = (cpu: number) => ({ tasks: cpu, cpu, memoryBytes: 0 });
    for (const key of ['a', 'b']) {
      quotas.roomFor('n', key);
      quotas.take('n', key, cores(1));
      quotas.note('n', key, cores(1), undefined);
    }
    for (const [key, since] of [
      ['large', 1],
      ['small', 2],
    ] as const) {
      quotas.roomFor('n', key);
      quotas.note('n', key, none, wait(key, since));
    }
    // One core is free: too little for the first in line, which looks and waits on.
    quotas.note('n', 'a', none, undefined);
    expect(quotas.roomFor('n', 'large')?.left.cpu).toBe(1);
    quotas.note('n', 'large', none, wait('large', 3));
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(0);
    quotas.note('n', 'b', none, undefined);
    expect(woken).toEqual(['large', 'large']);
  });

  it('is nobody’s before what runs already is counted', () => {
    const quotas = open({ maxTasks: 5 });
    quotas.expect('n', 'old', false);
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(0);
    quotas.note('n', 'new', none, wait('new'));
    quotas.note('n', 'old', { ...none, tasks: 4 }, undefined);
    expect(woken).toEqual(['new']);
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(1);
  });

  it('of executions is given in the order of coming, and priority counts as time', () => {
    const quotas = open({ maxExecutions: 1 });
    const full = { kind: 'Hold', message: 'queued: the quota of n allows 1 execution at a time' };
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toEqual(full);
    quotas.forget('n', 'a');
    expect(woken).toEqual(['c']);
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toEqual({ kind: 'Admit' });
  });
});

describe('the lines of a quota', () => {
  const woken: string[] = [];
  const wait = (key: string, since = 0, priority = 0) => ({ since, priority, wake: () => void woken.push(key) });
  const full = { kind: 'Hold', message: 'queued: the quota of n allows 1 execution at a time' };
  const open = (quota: object) => {
    const quotas = createQuotas();
    quotas.set([quota]);
    woken.length = 0;
    return quotas;
  };

  it('let one who overtakes begin though it comes when another has been woken', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b', 10));
    quotas.forget('n', 'a');
    expect(quotas.admit('n', 'urgent', wait('urgent', 11, 5))).toEqual({ kind: 'Admit' });
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
  });

  it('wake one after the other while there are places', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    for (const key of ['b', 'c', 'd']) quotas.admit('n', key, wait(key, 1));
    quotas.set([{ maxExecutions: 3 }]);
    woken.length = 0;
    quotas.admit('n', 'b', wait('b', 1));
    expect(woken).toEqual(['c']);
    quotas.admit('n', 'c', wait('c', 1));
    expect(woken).toEqual(['c']);
  });

  it('are left by who does not want to begin, and the next is told', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'paused', wait('paused', 1));
    quotas.admit('n', 'b', wait('b', 2));
    quotas.forget('n', 'a');
    quotas.forget('n', 'paused');
    expect(woken).toEqual(['paused', 'b']);
    expect(quotas.admit('n', 'b', wait('b', 2))).toEqual({ kind: 'Admit' });
  });

  it('are left by who cannot go on, and what it takes still counts', () => {
    const quotas = open({ maxTasks: 2 });
    quotas.roomFor('n', 'a');
    quotas.note('n', 'a', { ...none, tasks: 2 }, wait('a', 1));
    quotas.note('n', 'b', none, wait('b', 2));
    quotas.leave('n', 'a');
    expect(woken).toEqual(['b']);
    expect(quotas.roomFor('n', 'b')?.left.tasks).toBe(0);
  });

  it('wake by the engine that asked last', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b of the old shard', 1));
    quotas.admit('n', 'b', wait('b of the new shard', 1));
    quotas.forget('n', 'a');
    expect(woken).toEqual(['b of the new shard']);
  });

  it('wake who was admitted, could not write it, and tries again while it is counted', () => {
    const quotas = open({ maxTasks: 1 });
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
    quotas.leave('n', 'a');
    quotas.counting(quotas);
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Unknown' });
    quotas.counted(quotas);
    expect(woken).toEqual(['a']);
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
  });

  it('stand still until all engines have counted what runs', () => {
    const quotas = open({ maxExecutions: 1, maxTasks: 2 });
    const [one, other] = [{}, {}];
    quotas.counting(one);
    quotas.counting(other);
    expect(quotas.admit('n', 'new', wait('new', 5))).toEqual({ kind: 'Unknown' });
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual({ kind: 'Unknown' });
    expect(quotas.roomFor('n', 'running')?.left.tasks).toBe(0);
    quotas.counted(one);
    expect(woken).toEqual([]);
    quotas.expect('n', 'running', false);
    quotas.expect('n', 'child', true);
    quotas.counted(other);
    expect(woken).toEqual(['new', 'older']);
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual(full);
    quotas.forget('n', 'running');
    expect(quotas.admit('n', 'new', wait('new', 5))).toEqual(full);
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual({ kind: 'Admit' });
  });

  it('report what is taken, allowed and waited for', () => {
    const quotas = open({ maxExecutions: 1, cpu: '1500m' });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b'));
    quotas.note('n', 'a', { tasks: 2, cpu: 1, memoryBytes: 8 }, undefined);
    expect(quotas.report()).toEqual([
      {
        namespace: 'n',
        used: { executions: 1, tasks: 2, cpu: 1, memory: 8 },
        limits: { executions: 1, cpu: 1.5 },
        waiting: { toBegin: 1, toStart: 0 },
      },
    ]);
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

  it('forgets what it counted of executions that others have now', async () => {
    start({ maxTasks: 1 });
    await register(store, small);
    await launch(store, small, 'ours');
    await livePods(1);
    await propeller?.own({ shard: 'shard-0', epoch: 1, owns: () => false });
    await propeller?.own({ shard: 'shard-0', epoch: 1, owns: (_, key) => key === shardKey(NAMESPACE, 'later') });
    await launch(store, small, 'later');
    expect((await livePods(2)).map(executionOf).sort()).toEqual(['later', 'ours']);
  });

  it('grants nothing while a shard of the process has not counted what is its own', async () => {
    const quotas = createQuotas();
    quotas.set([{ maxTasks: 2 }]);
    const ports = { cluster: store, clock: hostClock, random: hostRandom, log: { write: () => undefined } };
    const waiting = startPropeller({ ...ports, quotas, beginsWith: 'nothing' });
    expect(quotas.roomFor(NAMESPACE, 'of another shard')?.left.tasks).toBe(0);
    await waiting.stop();
    expect(quotas.roomFor(NAMESPACE, 'of another shard')?.left.tasks).toBe(2);
  });

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

  it('lets a child begin where its parent fills the quota', async () => {
    await register(store, small);
    start({ maxExecutions: 1 });
    await launch(store, small, 'parent');
    await livePods(1);
    await launch(store, small, 'child', { trigger: { kind: 'execution', execution: 'parent', node: 'n', depth: 1 } });
    await livePods(2);
  });

  it('lets others begin while one that is paused would be next', async () => {
    await register(store, small);
    start({ maxExecutions: 1 });
    await launch(store, small, 'first');
    const [pod] = await livePods(1);
    await launch(store, small, 'second');
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) => status?.phase === 'Queued');
    await launch(store, small, 'third');
    await untilObject<Execution>(store, keyOf('Execution', 'third'), ({ status }) => status?.phase === 'Queued');
    await patchObject(store, keyOf('Execution', 'second'), { spec: { desired: 'Paused' } });
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) =>
      Boolean(status?.message?.startsWith('paused')),
    );
    await end(pod as Pod);
    await expect.poll(async () => (await pods()).map(executionOf), { interval: 5 }).toEqual(['third']);
  });

  it('fails what it can never hold, and starts the rest', async () => {
    const task = { resources: { requests: { cpu: '8' } } };
    const large = workflow(
      { huge: { kind: 'task', task }, broken: { kind: 'task', with: { a: expr('[1][5]') } }, rest: { kind: 'task' } },
      { failurePolicy: 'failAfterExecutable' },
    );
    await register(store, large);
    await register(store, small);
    start({ cpu: '4', maxTasks: 1 });
    await launch(store, large, 'large');
    const [rest] = await livePods(1);
    await end(rest as Pod);
    const { status } = await untilOver(store, 'large');
    const message = `it asks for 8 CPU, and the quota of ${NAMESPACE} allows 4 in all: ask for less, or raise the quota`;
    expect(status?.nodes?.huge?.error).toMatchObject({ reason: 'QuotaTooSmall', message });
    expect(status?.nodes).toMatchObject({ broken: { phase: 'Failed' }, rest: { phase: 'Succeeded' } });
    await launch(store, small, 'small');
    await livePods(1);
  });

  it('counts what runs before it lets anything begin after a restart', async () => {
    await register(store, small);
    start({ maxExecutions: 1 });
    await launch(store, small, 'zz-runs');
    await livePods(1);
    await propeller?.stop();
    // Listed before the one that runs.
    await launch(store, small, 'aa-new');
    start({ maxExecutions: 1 });
    await untilObject<Execution>(store, keyOf('Execution', 'aa-new'), ({ status }) => status?.phase === 'Queued');
    await livePods(1);
  });
});
