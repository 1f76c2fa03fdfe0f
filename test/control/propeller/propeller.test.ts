import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  createObject,
  deleteObject,
  type Execution,
  type Pod,
  patchObject,
} from '../../../src/cluster/index.ts';
import { type Propeller, type PropellerOptions, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import {
  endPod,
  execution,
  keyOf,
  launch,
  NAMESPACE,
  register,
  untilObject,
  untilOver,
  untilPod,
} from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;
const lines: string[] = [];

function start(options: Partial<PropellerOptions> = {}): Propeller {
  const log = { write: (_: string, message: string) => void lines.push(message) };
  propeller = startPropeller({ cluster: store, clock: hostClock, random: hostRandom, log, ...options });
  return propeller;
}

async function restart(): Promise<void> {
  await propeller?.stop();
  await store.close();
  store = await openStore(folder);
}

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

const two = workflow(
  {
    one: { kind: 'task', with: { a: expr('inputs.n') } },
    two: { kind: 'task', with: { a: expr('nodes.one.outputs.x') }, needs: ['one'] },
  },
  { inputs: { n: { type: 'integer' } }, outputs: { end: { type: 'integer', value: expr('nodes.two.outputs.x') } } },
);

describe('the workers', () => {
  it('run an execution from its creation to its outputs, by pods that carry the attempt', async () => {
    await register(store, two);
    start();
    await launch(store, two, 'flow-1', { inputs: { n: 20 } });
    const pod = await untilPod(store, 'flow-1-one-1');
    expect(pod.metadata.annotations).toMatchObject({
      [ANNOTATION.inputs]: '{"a":20}',
      [ANNOTATION.repository]: 'shop',
    });
    expect(pod.metadata.ownerReferences).toMatchObject([{ kind: 'Execution', name: 'flow-1' }]);
    const variables = pod.spec.containers[0]?.env ?? [];
    const env = Object.fromEntries(variables.map((at) => [at.name, 'value' in at ? at.value : at.valueFrom]));
    expect(env).toMatchObject({
      PIPECTL_EXECUTION: 'flow-1',
      PIPECTL_NODE: 'one',
      PIPECTL_ATTEMPT: '1',
      PIPECTL_COMMIT: 'a'.repeat(40),
      PIPECTL_INPUT_A: '20',
    });
    await endPod(store, 'flow-1-one-1', { text: 'x=21' });
    await untilPod(store, 'flow-1-two-1');
    await endPod(store, 'flow-1-two-1', { text: 'x=42' });
    const { status } = await untilOver(store, 'flow-1');
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { end: 42 } });
  });

  it('continue after a restart, whatever happened to the pods meanwhile', async () => {
    const wide = workflow({ a: { kind: 'task' }, b: { kind: 'task' }, c: { kind: 'task' } });
    await register(store, wide);
    start();
    await launch(store, wide, 'flow-1');
    for (const node of ['a', 'b', 'c']) await untilPod(store, `flow-1-${node}-1`);
    await propeller?.stop();
    await endPod(store, 'flow-1-a-1', { text: 'x=1' });
    await deleteObject(store, keyOf('Pod', 'flow-1-b-1'));
    await restart();
    start();
    await endPod(store, 'flow-1-c-1', { text: 'x=3' });
    await untilPod(store, 'flow-1-b-2');
    await endPod(store, 'flow-1-b-2', { text: 'x=2' });
    const { status } = await untilOver(store, 'flow-1');
    expect(status).toMatchObject({ phase: 'Succeeded', nodes: { b: { attempt: 2, systemFailures: 1 } } });
  });

  it('abort, pause and resume when the execution says so', async () => {
    await register(store, two);
    start();
    await launch(store, two, 'flow-1', { inputs: { n: 1 } });
    await untilPod(store, 'flow-1-one-1');
    await patchObject(store, keyOf('Execution', 'flow-1'), { spec: { desired: 'Paused' } });
    await untilObject<Execution>(store, keyOf('Execution', 'flow-1'), ({ status }) =>
      /^paused/.test(status?.message ?? ''),
    );
    await endPod(store, 'flow-1-one-1', { text: 'x=1' });
    await untilObject<Execution>(
      store,
      keyOf('Execution', 'flow-1'),
      ({ status }) => status?.nodes?.one?.phase === 'Succeeded',
    );
    await patchObject(store, keyOf('Execution', 'flow-1'), { spec: { desired: 'Running' } });
    await untilPod(store, 'flow-1-two-1');
    await patchObject(store, keyOf('Execution', 'flow-1'), { spec: { desired: 'Aborted' } });
    await untilPod(store, 'flow-1-two-1', (pod) => pod.metadata.annotations?.[ANNOTATION.abort] !== undefined);
    await endPod(store, 'flow-1-two-1', { exitCode: 143, reason: 'Aborted' });
    expect((await untilOver(store, 'flow-1')).status?.phase).toBe('Aborted');
  });

  it('adopt a pod that is the attempt, and leave alone one that is not', async () => {
    const wide = workflow({ a: { kind: 'task' } });
    await register(store, wide);
    const foreign: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: NAMESPACE, name: 'flow-1-a-1' },
      spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: '', command: ['x'] }] },
    };
    await createObject(store, foreign);
    start();
    await launch(store, wide, 'flow-1');
    const pod = await untilPod(store, 'flow-1-a-2');
    expect((await store.get<Pod>(keyOf('Pod', 'flow-1-a-1'))).metadata.annotations).toBeUndefined();
    await endPod(store, 'flow-1-a-2', { text: 'x=1' });
    await untilOver(store, 'flow-1');

    // The same attempt, made by a worker that died before its status was written.
    await launch(store, wide, 'flow-2');
    const made = await untilPod(store, 'flow-2-a-1');
    await propeller?.stop();
    await patchObject(store, keyOf('Execution', 'flow-2'), { spec: { desired: 'Running' } });
    await store.write([
      { op: 'patchStatus', key: keyOf('Execution', 'flow-2'), patch: { phase: 'Running', nodes: null } },
    ]);
    start();
    await untilObject<Execution>(
      store,
      keyOf('Execution', 'flow-2'),
      ({ status }) => status?.nodes?.a?.phase === 'Queued',
    );
    expect((await store.get<Pod>(keyOf('Pod', 'flow-2-a-1'))).metadata.uid).toBe(made.metadata.uid);
    await endPod(store, 'flow-2-a-1', { text: 'x=1' });
    expect((await untilOver(store, 'flow-2')).status?.phase).toBe('Succeeded');
    expect(pod.metadata.labels).toBeDefined();
  });

  it('end what cannot be run with the reason, while others run on', async () => {
    const good = workflow({ a: { kind: 'compute', values: { x: literal(1) } } });
    const broken = workflow({ a: { kind: 'compute', values: { x: expr('nope.nope') } } }, { name: 'broken' });
    await register(store, good);
    await register(store, broken);
    start({ workers: 1 });
    await launch(store, workflow({}, { name: 'unknown' }), 'no-closure');
    await launch(store, broken, 'broken');
    await launch(store, two, 'unregistered', { inputs: { n: 1 } });
    await launch(store, good, 'wrong-input', { inputs: { zz: 1 } });
    await launch(store, good, 'good');
    expect((await untilOver(store, 'good')).status?.phase).toBe('Succeeded');
    expect((await untilOver(store, 'no-closure')).status?.error?.reason).toBe('ClosureMissing');
    expect((await untilOver(store, 'broken')).status?.error?.reason).toBe('Bug');
    expect((await untilOver(store, 'unregistered')).status?.error?.message).toContain('push its commit again');
    expect((await untilOver(store, 'wrong-input')).status?.error).toMatchObject({
      reason: 'InvalidInputs',
      message: 'workflow "flow" has no input "zz"',
    });
    expect(propeller?.stats()).toMatchObject({ workers: 1, freeWorkers: 1, quarantined: 3 });
  });

  it('take new limits while executions run', async () => {
    const wide = workflow({ a: { kind: 'task' }, b: { kind: 'task' }, c: { kind: 'task' } });
    await register(store, wide);
    start({ maxParallelism: 1 });
    await launch(store, wide, 'flow-1');
    await untilPod(store, 'flow-1-a-1');
    propeller?.setWorkers(7);
    propeller?.setMaxParallelism(2);
    await untilPod(store, 'flow-1-b-1');
    expect(propeller?.stats().workers).toBe(7);
    const pods = await store.list('Pod', { namespace: NAMESPACE });
    expect(pods.items).toHaveLength(2);
  });
});

describe('a launch plan’s concurrency', () => {
  const one = workflow({ a: { kind: 'task' } });
  const limited = (whenFull: 'queue' | 'skip', limit = 1) => ({
    launchPlan: 'nightly',
    concurrency: { limit, whenFull },
  });

  it('queues in the order of creation, also over a restart', async () => {
    await register(store, one);
    start();
    await launch(store, one, 'z-first', limited('queue'));
    await untilPod(store, 'z-first-a-1');
    for (const name of ['y-second', 'x-third']) {
      await launch(store, one, name, limited('queue'));
      const held = await untilObject<Execution>(
        store,
        keyOf('Execution', name),
        ({ status }) => status?.phase === 'Queued',
      );
      expect(held.status?.message).toBe('queued: launch plan "nightly" already runs 1 of at most 1 execution');
    }
    await restart();
    start();
    await endPod(store, 'z-first-a-1', { text: 'x=1' });
    await untilPod(store, 'y-second-a-1');
    expect((await store.list('Pod', { namespace: NAMESPACE })).items).toHaveLength(2);
    await endPod(store, 'y-second-a-1', { text: 'x=1' });
    await untilPod(store, 'x-third-a-1');
  });

  it('fills all places that a later version of the plan has more', async () => {
    await register(store, one);
    start();
    const names = ['of-one', 'also-of-one', 'of-two', 'also-of-two'];
    for (const [place, name] of names.entries()) {
      await launch(store, one, name, limited('queue', place < 2 ? 1 : 2));
      if (place === 0) await untilPod(store, 'of-one-a-1');
      else await untilObject<Execution>(store, keyOf('Execution', name), ({ status }) => status?.phase === 'Queued');
    }
    await endPod(store, 'of-one-a-1', { text: 'x=1' });
    for (const name of names.slice(1, 3)) await untilPod(store, `${name}-a-1`);
    await endPod(store, 'also-of-one-a-1', { text: 'x=1' });
    await untilPod(store, 'also-of-two-a-1');
  });

  it('skips with a reason', async () => {
    await register(store, one);
    start();
    await launch(store, one, 'first', limited('skip'));
    await untilPod(store, 'first-a-1');
    await launch(store, one, 'second', limited('skip'));
    expect((await untilOver(store, 'second')).status).toMatchObject({
      phase: 'Aborted',
      error: { reason: 'ConcurrencyLimit' },
    });
  });

  it('gives way when the running one is deleted', async () => {
    await register(store, one);
    await store.write([{ op: 'create', object: execution(one, 'first', limited('queue')) }]);
    start();
    await untilPod(store, 'first-a-1');
    await launch(store, one, 'second', limited('queue'));
    await untilObject<Execution>(store, keyOf('Execution', 'second'), ({ status }) => status?.phase === 'Queued');
    await deleteObject(store, keyOf('Execution', 'first'));
    await untilPod(store, 'second-a-1');
  });
});
