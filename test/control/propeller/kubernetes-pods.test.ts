import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { POD_GIVE_UP_MS, POD_REFUSED_RETRY_MS } from '../../../src/base/index.ts';
import { openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  type Cluster,
  deleteObject,
  type Execution,
  ForbiddenError,
  type Pod,
  type PodStatus,
  patchObject,
  type Write,
} from '../../../src/cluster/index.ts';
import type { TaskClosure } from '../../../src/compiler/index.ts';
import { type Propeller, type PropellerOptions, startPropeller } from '../../../src/control/propeller/index.ts';
import { openIsomorphicReader } from '../../../src/git/adapters/isomorphic/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { createKubernetesPods, createSourceMaps } from '../../../src/runtime/index.ts';
import { git, newRepository, temporaryFolder } from '../../git/fixtures/real-git.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { type FakeKubelet, startFakeKubelet } from '../../runtime/fixtures/fake-kubelet.ts';
import { type ProcessKubelet, startProcessKubelet } from '../../runtime/fixtures/process-kubelet.ts';
import {
  collected,
  EVICTED_FOR_MEMORY,
  failed,
  OVER_ITS_STORAGE,
  rejected,
  running,
  succeeded,
  unschedulable,
  waiting,
} from '../../runtime/pods/kubelet-statuses.ts';
import { overHttp } from '../fixtures/over-http.ts';
import { keyOf, launch, NAMESPACE, register, untilObject, untilOver, untilPod } from './engine-host.ts';

/** The engine with the pods of Kubernetes, through the adapter and the API, and a kubelet that plays or runs them. */

const log = { write: () => undefined };
const ends: (() => Promise<unknown>)[] = [];
let cluster: Cluster;
let remote: Cluster;
/** Writes of the engine. */
let writes: Write[];
/** Answers a write of the engine before the API does. */
let refuse: (write: Write) => Error | undefined;

beforeEach(async () => {
  const store = await openEmbeddedStore({ folder: temporaryFolder(), clock: hostClock, random: hostRandom, log });
  cluster = store;
  ends.push(() => store.close());
  remote = await overHttp(store);
  writes = [];
  refuse = () => undefined;
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** The engine's clock: that of the host, and it can leap. */
function leapingClock() {
  let aheadMs = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const now = (): number => hostClock.now() + aheadMs;
  return {
    now,
    at(at: number, run: () => void) {
      const timer = { at, run };
      const fire = (): void => {
        if (timers.delete(timer)) run();
      };
      timers.add(timer);
      const cancel = hostClock.at(at - aheadMs, fire);
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
    leap(ms: number) {
      aheadMs += ms;
      for (const timer of timers) if (timer.at <= now() && timers.delete(timer)) timer.run();
    },
  };
}

type LeapingClock = ReturnType<typeof leapingClock>;

/** Starts the engine on the API, which sees git through `repository`. */
function startEngine(
  repository?: string,
  image = 'busybox:1.37',
  options: Partial<PropellerOptions> = {},
): { readonly propeller: Propeller; readonly clock: LeapingClock } {
  const clock = leapingClock();
  const counted: Cluster = {
    ...remote,
    async write(batch, options) {
      const written = [];
      for (const write of batch) {
        const refusal = refuse(write);
        if (refusal !== undefined) throw refusal;
        writes.push(write);
        written.push(...(await remote.write([write], options)));
      }
      return written;
    },
  };
  const reader = repository === undefined ? undefined : openIsomorphicReader(join(repository, '.git'));
  const sources = createSourceMaps({ cluster: counted, clock, log, ...(reader && { readerOf: () => reader }) });
  const pods = createKubernetesPods(sources, { image });
  const propeller = startPropeller({ cluster: counted, clock, random: hostRandom, log, pods, ...options });
  ends.push(() => propeller.stop());
  return { propeller, clock };
}

async function kubelet(play: (pod: Pod) => readonly PodStatus[]): Promise<FakeKubelet> {
  const fake = await startFakeKubelet(cluster, { play });
  ends.push(() => fake.stop());
  return fake;
}

async function processes(): Promise<ProcessKubelet> {
  const real = await startProcessKubelet(cluster, join(temporaryFolder(), 'pods'));
  ends.push(() => real.stop());
  return real;
}

/** Runs one task by that closure to its end. */
async function runTask(task: Partial<TaskClosure>): Promise<Execution> {
  const closure = workflow({ one: { kind: 'task', task } }, OUTPUTS);
  await register(cluster, closure);
  await launch(cluster, closure, 'flow-1');
  return untilOver(cluster, 'flow-1');
}

const OUTPUTS = { outputs: { x: { type: 'integer', value: expr('nodes.one.outputs.x') } } };
const RETRIED = { retries: { limit: 0, backoff: { initialMs: 1, factor: 1, maxMs: 1 } } };

it('a pod ends well: its outputs are taken, and the engine has written three times', async () => {
  await kubelet(() => [waiting('ContainerCreating'), running, { ...running, ...succeeded('x=5\n') }]);
  startEngine();
  const { status } = await runTask({});
  expect(status).toMatchObject({ phase: 'Succeeded', outputs: { x: 5 } });
  const own = writes.filter(({ op }) => op !== 'create' && op !== 'delete');
  expect(own.length).toBeLessThanOrEqual(3);
  expect(writes.filter(({ op }) => op === 'create')).toHaveLength(1);
});

it('a second pod with the same source costs no further write for it', async () => {
  const { repository, tree } = sourceOf({ 'run.sh': '' });
  await kubelet(() => [succeeded('x=5\n')]);
  startEngine(repository);
  const source = { path: 'tasks', tree };
  const closure = workflow({
    one: { kind: 'task', task: { source } },
    two: { kind: 'task', task: { source }, needs: ['one'] },
  });
  await register(cluster, closure);
  await launch(cluster, closure, 'flow-1');
  expect((await untilOver(cluster, 'flow-1')).status?.phase).toBe('Succeeded');
  const made = writes.flatMap((write) => (write.op === 'create' ? [write.object.kind] : []));
  expect(made).toEqual(['ConfigMap', 'Pod', 'Pod']);
});

it.each<[string, PodStatus, string, RegExp]>([
  ['an exit code', failed(3, 'Error'), 'NonZeroExit', /exited with code 3/],
  ['a kill', failed(137, 'Error'), 'Killed', /killed by signal 9/],
  ['too much memory', failed(137, 'OOMKilled'), 'OutOfMemory', /memory/],
  ['too much disk', failed(137, 'Error', OVER_ITS_STORAGE), 'OutOfStorage', /ephemeral storage limit/],
  ['a command that is not there', failed(128, 'StartError', {}, 'exec: "nope"'), 'StartError', /nope/],
  ['too large outputs', succeeded('x'.repeat(4_096)), 'OutputsTooLarge', /4095 bytes/],
])('%s is the fault of the task: it is not tried again without retries', async (_, status, reason, message) => {
  await kubelet(() => [running, status]);
  startEngine();
  const over = await runTask(RETRIED);
  expect(over.status).toMatchObject({ phase: 'Failed', error: { reason }, nodes: { one: { attempt: 1 } } });
  expect(over.status?.error?.message).toMatch(message);
});

it.each<[string, PodStatus]>([
  ['an eviction', failed(137, 'Error', EVICTED_FOR_MEMORY)],
  ['a machine that is gone', collected],
  ['a machine that is full', rejected('OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu")],
  ['a preemption', failed(143, 'Error', { disrupted: ['PreemptionByScheduler', 'preempting'] })],
])('%s is no fault of the task: it is tried again without retries', async (_, status) => {
  await kubelet(({ metadata }) => (metadata.name.endsWith('-1') ? [running, status] : [succeeded('x=1\n')]));
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  await untilObject<Execution>(
    cluster,
    keyOf('Execution', 'flow-1'),
    (it) => it.status?.nodes?.one?.systemFailures === 1,
  );
  clock.leap(60_000);
  expect((await done).status).toMatchObject({ phase: 'Succeeded', nodes: { one: { attempt: 2, systemFailures: 1 } } });
});

it('an image that cannot be pulled is waited for, with its reason, and then given up', async () => {
  await kubelet(() => [waiting('ErrImagePull', 'not found'), waiting('ImagePullBackOff', 'Back-off pulling image')]);
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  const why = (it: Execution) => it.status?.nodes?.one?.message === 'ImagePullBackOff: Back-off pulling image';
  await untilObject<Execution>(cluster, keyOf('Execution', 'flow-1'), why);
  clock.leap(POD_GIVE_UP_MS.imagePull);
  const { status } = await done;
  expect(status).toMatchObject({ phase: 'Failed', error: { reason: 'ImagePullFailed', node: 'one' } });
  expect(status?.error?.message).toContain('Back-off pulling image');
});

it('it is given up also by an engine that has forgotten when it began', async () => {
  await kubelet(() => [waiting('InvalidImageName', 'no name')]);
  const { clock, propeller } = startEngine(undefined, undefined, { parkAfterMs: 1 });
  const done = runTask(RETRIED);
  const why = (it: Execution) => it.status?.nodes?.one?.message === 'InvalidImageName: no name';
  await untilObject<Execution>(cluster, keyOf('Execution', 'flow-1'), why);
  for (let i = 0; i < 3; i++) {
    await expect.poll(() => propeller.stats().hotExecutions).toBe(0);
    clock.leap(POD_GIVE_UP_MS.invalid);
  }
  expect((await done).status?.error).toMatchObject({
    reason: 'InvalidImageName',
    message: 'InvalidImageName: no name',
  });
});

it('a pod without a place says so, and the queue timeout ends it', async () => {
  await kubelet(() => [unschedulable]);
  const { clock } = startEngine();
  const done = runTask({ timeout: { queueMs: 600_000 } });
  const says = (it: Execution) => it.status?.nodes?.one?.message?.startsWith('Unschedulable: 0/3 nodes') === true;
  await untilObject<Execution>(cluster, keyOf('Execution', 'flow-1'), says);
  clock.leap(600_000);
  expect((await done).status).toMatchObject({
    error: { reason: 'QueueTimeout' },
    nodes: { one: { phase: 'TimedOut' } },
  });
  await expect(cluster.get(keyOf('Pod', 'flow-1-one-1'))).rejects.toThrow('not found');
});

it('a run timeout ends the pod through its deadline, and its log stays', async () => {
  await kubelet(() => [running]);
  const { clock } = startEngine();
  const done = runTask({ timeout: { runMs: 60_000 } });
  await untilPod(cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await untilObject<Execution>(
    cluster,
    keyOf('Execution', 'flow-1'),
    (it) => it.status?.nodes?.one?.phase === 'Running',
  );
  clock.leap(60_000);
  expect((await done).status?.error).toMatchObject({ reason: 'RunTimeout' });
  const pod = await untilPod(cluster, 'flow-1-one-1');
  expect(pod.spec.activeDeadlineSeconds).toBe(1);
});

it('an abort ends a pod that runs, and deletes one that never began', async () => {
  await kubelet(({ metadata }) => (metadata.name.includes('-one-') ? [running] : []));
  startEngine();
  const closure = workflow({ one: { kind: 'task' }, two: { kind: 'task' } });
  await register(cluster, closure);
  await launch(cluster, closure, 'flow-1');
  await untilPod(cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await untilPod(cluster, 'flow-1-two-1');
  await patchObject(cluster, keyOf('Execution', 'flow-1'), { spec: { desired: 'Aborted' } });
  const { status } = await untilOver(cluster, 'flow-1');
  expect(status).toMatchObject({ phase: 'Aborted', nodes: { one: { phase: 'Aborted' }, two: { phase: 'Aborted' } } });
  const deletes = writes.filter(({ op }) => op === 'delete');
  expect(deletes).toMatchObject([{ key: { name: 'flow-1-two-1' }, if: { uid: expect.any(String) } }]);
});

it('a pod that a person deletes is tried again', async () => {
  await kubelet(({ metadata }) => (metadata.name.endsWith('-1') ? [running] : [succeeded('x=1\n')]));
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  await untilPod(cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await deleteObject(cluster, keyOf('Pod', 'flow-1-one-1'));
  const isKnown = (it: Execution) => it.status?.nodes?.one?.error?.reason === 'Deleted';
  await untilObject<Execution>(cluster, keyOf('Execution', 'flow-1'), isKnown);
  clock.leap(60_000);
  expect((await done).status?.phase).toBe('Succeeded');
});

const isPod = (write: Write): boolean => write.op === 'create' && write.object.kind === 'Pod';

it('a pod that is not admitted fails its attempt, with what was said', async () => {
  const message = 'pods "flow-1-one-1" is forbidden: violates PodSecurity "restricted:latest"';
  refuse = (write) => (isPod(write) ? new ForbiddenError(message, keyOf('Pod', 'flow-1-one-1')) : undefined);
  startEngine();
  const { status } = await runTask(RETRIED);
  expect(status).toMatchObject({ phase: 'Failed', error: { reason: 'AdmissionRejected', message } });
});

it('a quota that is used up is waited for, visibly, and nothing fails', async () => {
  const message =
    'pods "flow-1-one-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2';
  refuse = (write) => (isPod(write) ? new ForbiddenError(message, keyOf('Pod', 'flow-1-one-1')) : undefined);
  await kubelet(() => [succeeded('x=1\n')]);
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  const says = (it: Execution) => it.status?.message?.includes('exceeded quota: small') === true;
  await untilObject<Execution>(cluster, keyOf('Execution', 'flow-1'), says);
  refuse = () => undefined;
  clock.leap(POD_REFUSED_RETRY_MS);
  expect((await done).status).toMatchObject({ phase: 'Succeeded', nodes: { one: { attempt: 1 } } });
});

/** A committed folder: its repository and its tree. */
function sourceOf(files: Readonly<Record<string, string>>): { readonly repository: string; readonly tree: string } {
  const repository = newRepository();
  mkdirSync(join(repository, 'lib'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(repository, path), text, { mode: 0o755 });
  git(repository, ['add', '-A']);
  return { repository, tree: git(repository, ['write-tree']) };
}

it('what a pod is given is what a process is given: source, inputs, variables, outputs', async () => {
  const { repository, tree } = sourceOf({
    'run.sh': '#!/bin/sh\n. lib/say.sh\n',
    'lib/say.sh':
      'printf "%s" "$TEXT|$PIPECTL_NODE|$PIPECTL_INPUT_A|$(tr -d " \\n" <"$PIPECTL_INPUTS")" >"$TMPDIR/t"; echo "x=$(cat "$TMPDIR/t")" >>"$PIPECTL_OUTPUTS"\n',
  });
  await processes();
  startEngine(repository);
  const task = {
    source: { path: 'tasks', tree },
    inputs: { a: { type: 'string' } },
    outputs: { x: { type: 'string' } },
    run: { command: ['./run.sh'], env: { TEXT: '$(PIPECTL_NODE) $$5 $HOME' } },
  };
  const closure = workflow(
    { one: { kind: 'task', with: { a: literal('$(PATH)') }, task } },
    { outputs: { x: { type: 'string', value: expr('nodes.one.outputs.x') } } },
  );
  await register(cluster, closure);
  await launch(cluster, closure, 'flow-1');
  const { status } = await untilOver(cluster, 'flow-1');
  expect(status?.outputs).toEqual({ x: '$(PIPECTL_NODE) $$5 $HOME|one|$(PATH)|{"a":"$(PATH)"}' });
});

it('a task without a source starts in a folder that it may write to', async () => {
  await processes();
  startEngine();
  const { status } = await runTask({
    run: { command: ['sh', '-c', 'echo 7 >here && echo "x=$(cat here)" >"$PIPECTL_OUTPUTS"'] },
  });
  expect(status?.outputs).toEqual({ x: 7 });
});

it('a task without an image fails, and says what it needs', async () => {
  startEngine(undefined, '');
  const { status } = await runTask(RETRIED);
  expect(status?.error).toMatchObject({ reason: 'ImageMissing', message: expect.stringContaining('set run.image') });
});

it('a source that no pod can mount fails its attempt, and says why', async () => {
  const { repository, tree } = sourceOf({ 'big.bin': 'x'.repeat(1_100_000) });
  startEngine(repository);
  const { status } = await runTask({ source: { path: 'tasks', tree }, ...RETRIED });
  expect(status?.error).toMatchObject({
    reason: 'SourceError',
    message: expect.stringMatching(/big\.bin brings .* 1048576 bytes/),
  });
});

it('the source of a pod goes when it has not been mounted for a while', async () => {
  const { repository, tree } = sourceOf({ 'run.sh': 'true' });
  const clock = leapingClock();
  const reader = openIsomorphicReader(join(repository, '.git'));
  const sources = createSourceMaps({ cluster: remote, clock, log, readerOf: () => reader });
  const { name } = await sources.ensure(NAMESPACE, 'shop', tree);
  const key = { kind: 'ConfigMap', namespace: NAMESPACE, name };
  expect(await cluster.get(key)).toMatchObject({ immutable: true });
  clock.leap(3_500_000);
  expect(await sources.sweep()).toBe(0);
  // Whoever uses it again keeps it.
  await sources.ensure(NAMESPACE, 'shop', tree);
  clock.leap(3_500_000);
  expect(await sources.sweep()).toBe(0);
  clock.leap(200_000);
  expect(await sources.sweep()).toBe(1);
  await expect(cluster.get(key)).rejects.toThrow('not found');
});
