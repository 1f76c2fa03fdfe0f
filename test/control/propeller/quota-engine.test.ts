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
