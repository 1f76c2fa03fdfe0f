import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { type Execution, LABEL, type Pod, patchObject, patchStatus } from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver, untilPod } from './engine-host.ts';

/** Attempts on a real store, with a node agent that the test plays: what pods carry, and what their ends mean. */

const flow = workflow({ one: { kind: 'task', task: { interruptible: true } } });
const plain = workflow({ one: { kind: 'task' } });
const limited = { concurrency: { limit: 1, whenFull: 'queue' as const } };

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;

const start = (): void => {
  propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log: { write: () => undefined } });
};

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  for (const closure of [flow, plain]) await register(store, closure);
  start();
});

afterEach(async () => {
  await propeller?.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const isInterruptible = ({ metadata, spec }: Pod) => {
  const env = spec.containers[0]?.env?.find(({ name }) => name === 'PIPECTL_INTERRUPTIBLE');
  expect(env !== undefined).toBe(metadata.labels?.[LABEL.interruptible] === 'true');
  return env !== undefined;
};

/** The end of a pod whose machine was emptied: the container fails, and only a condition of the pod tells why. */
async function evict(name: string): Promise<void> {
  const message = 'The node was low on resource: memory';
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }];
  await patchStatus(store, keyOf('Pod', name), { conditions });
  await endPod(store, name, { exitCode: 143 });
}

describe('attempts in the engine', () => {
  it('are tried again when their machine is taken away, though the task has no retries', async () => {
    await launch(store, flow, 'run');
    const seen: boolean[] = [];
    for (const attempt of [1, 2]) {
      seen.push(isInterruptible(await untilPod(store, `run-one-${attempt}`)));
      await evict(`run-one-${attempt}`);
    }
    const { status } = await untilObject<Execution>(store, keyOf('Execution', 'run'), (it) => {
      return it.status?.nodes?.one?.systemFailures === 2;
    });
    expect(status?.nodes?.one?.error).toMatchObject({
      reason: 'Evicted',
      message: 'The node was low on resource: memory',
      attempt: 2,
    });
    expect(seen).toEqual([true, true]);
  });

  it.each([
    ['false', flow, false],
    ['true', plain, true],
  ])('are as their execution says: %s', async (_, closure, interruptible) => {
    await launch(store, closure, 'run', { interruptible });
    expect(isInterruptible(await untilPod(store, 'run-one-1'))).toBe(interruptible);
  });
});

describe('the timeout of an execution', () => {
  it('ends what runs', async () => {
    await launch(store, plain, 'run', { timeout: { runMs: 300 } });
    const pod = await untilPod(store, 'run-one-1', ({ metadata }) => {
      return metadata.annotations?.['pipectl.dev/abort']?.startsWith('ExecutionTimeout') === true;
    });
    await endPod(store, pod.metadata.name, { exitCode: 143, reason: 'Aborted' });
    const { status } = await untilOver(store, 'run');
    expect(status).toMatchObject({ phase: 'TimedOut', error: { reason: 'ExecutionTimeout' } });
    expect(status?.nodes?.one?.phase).toBe('Aborted');
  });

  it('ends what waits for its place, and what is paused, though the engine was restarted', async () => {
    await launch(store, plain, 'runs', limited);
    await untilPod(store, 'runs-one-1');
    const timeout = { queueMs: 3_000, totalMs: 3_000 };
    await launch(store, plain, 'waits', { ...limited, timeout });
    await launch(store, plain, 'paused', { timeout });
    await untilObject<Execution>(store, keyOf('Execution', 'waits'), ({ status }) => status?.phase === 'Queued');
    await untilPod(store, 'paused-one-1');
    await patchObject(store, keyOf('Execution', 'paused'), { spec: { desired: 'Paused' } });
    await untilObject<Execution>(store, keyOf('Execution', 'paused'), ({ status }) =>
      Boolean(status?.message?.startsWith('paused')),
    );
    await propeller?.stop();
    start();
    expect((await untilOver(store, 'waits')).status).toMatchObject({
      phase: 'TimedOut',
      error: { message: 'the execution did not begin within its queue timeout of 3s' },
    });
    await untilPod(store, 'paused-one-1', ({ metadata }) => metadata.annotations?.['pipectl.dev/abort'] !== undefined);
    await endPod(store, 'paused-one-1', { exitCode: 143, reason: 'Aborted' });
    expect((await untilOver(store, 'paused')).status?.phase).toBe('TimedOut');
    const { items } = await store.list<Pod>('Pod', { namespace: NAMESPACE });
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['paused-one-1', 'runs-one-1']);
  });
});
