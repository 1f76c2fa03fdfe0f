import { expect, it } from 'vitest';
import { POD_GIVE_UP_MS, POD_REFUSED_RETRY_MS } from '../../../src/base/index.ts';
import {
  deleteObject,
  type Execution,
  ForbiddenError,
  type PodStatus,
  patchObject,
  type Write,
} from '../../../src/cluster/index.ts';
import { workflow } from '../../propeller/closures.ts';
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
import { keyOf, launch, register, untilObject, untilOver, untilPod } from './engine-host.ts';

import { eachOnItsPlane, kubelet, plane, RETRIED, runTask, startEngine } from './kubernetes-host.ts';

/** How attempts end, wait and are ended as pods, as kubelets show it. */

eachOnItsPlane();

it('a pod ends well: its outputs are taken, and the engine has written three times', async () => {
  await kubelet(() => [waiting('ContainerCreating'), running, { ...running, ...succeeded('x=5\n') }]);
  startEngine();
  const { status } = await runTask({});
  expect(status).toMatchObject({ phase: 'Succeeded', outputs: { x: 5 } });
  const own = plane.writes.filter(({ op }) => op !== 'create' && op !== 'delete');
  expect(own.length).toBeLessThanOrEqual(3);
  expect(plane.writes.filter(({ op }) => op === 'create')).toHaveLength(1);
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
    plane.cluster,
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
  await untilObject<Execution>(plane.cluster, keyOf('Execution', 'flow-1'), why);
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
  await untilObject<Execution>(plane.cluster, keyOf('Execution', 'flow-1'), why);
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
  await untilObject<Execution>(plane.cluster, keyOf('Execution', 'flow-1'), says);
  clock.leap(600_000);
  expect((await done).status).toMatchObject({
    error: { reason: 'QueueTimeout' },
    nodes: { one: { phase: 'TimedOut' } },
  });
  await expect(plane.cluster.get(keyOf('Pod', 'flow-1-one-1'))).rejects.toThrow('not found');
});

it('a run timeout ends the pod through its deadline, and its log stays', async () => {
  await kubelet(() => [running]);
  const { clock } = startEngine();
  const done = runTask({ timeout: { runMs: 60_000 } });
  await untilPod(plane.cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await untilObject<Execution>(
    plane.cluster,
    keyOf('Execution', 'flow-1'),
    (it) => it.status?.nodes?.one?.phase === 'Running',
  );
  clock.leap(60_000);
  expect((await done).status?.error).toMatchObject({ reason: 'RunTimeout' });
  const pod = await untilPod(plane.cluster, 'flow-1-one-1');
  expect(pod.spec.activeDeadlineSeconds).toBe(1);
});

it('an abort ends a pod that runs, and deletes one that never began', async () => {
  await kubelet(({ metadata }) => (metadata.name.includes('-one-') ? [running] : []));
  startEngine();
  const closure = workflow({ one: { kind: 'task' }, two: { kind: 'task' } });
  await register(plane.cluster, closure);
  await launch(plane.cluster, closure, 'flow-1');
  await untilPod(plane.cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await untilPod(plane.cluster, 'flow-1-two-1');
  await patchObject(plane.cluster, keyOf('Execution', 'flow-1'), { spec: { desired: 'Aborted' } });
  const { status } = await untilOver(plane.cluster, 'flow-1');
  expect(status).toMatchObject({ phase: 'Aborted', nodes: { one: { phase: 'Aborted' }, two: { phase: 'Aborted' } } });
  const deletes = plane.writes.filter(({ op }) => op === 'delete');
  expect(deletes).toMatchObject([{ key: { name: 'flow-1-two-1' }, if: { uid: expect.any(String) } }]);
});

it('a pod that a person deletes is tried again', async () => {
  await kubelet(({ metadata }) => (metadata.name.endsWith('-1') ? [running] : [succeeded('x=1\n')]));
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  await untilPod(plane.cluster, 'flow-1-one-1', ({ status }) => status?.phase === 'Running');
  await deleteObject(plane.cluster, keyOf('Pod', 'flow-1-one-1'));
  const isKnown = (it: Execution) => it.status?.nodes?.one?.error?.reason === 'Deleted';
  await untilObject<Execution>(plane.cluster, keyOf('Execution', 'flow-1'), isKnown);
  clock.leap(60_000);
  expect((await done).status?.phase).toBe('Succeeded');
});

const isPod = (write: Write): boolean => write.op === 'create' && write.object.kind === 'Pod';

it('a pod that is not admitted fails its attempt, with what was said', async () => {
  const message = 'pods "flow-1-one-1" is forbidden: violates PodSecurity "restricted:latest"';
  plane.refuse = (write) => (isPod(write) ? new ForbiddenError(message, keyOf('Pod', 'flow-1-one-1')) : undefined);
  startEngine();
  const { status } = await runTask(RETRIED);
  expect(status).toMatchObject({ phase: 'Failed', error: { reason: 'AdmissionRejected', message } });
});

it('a quota that is used up is waited for, visibly, and nothing fails', async () => {
  const message =
    'pods "flow-1-one-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2';
  plane.refuse = (write) => (isPod(write) ? new ForbiddenError(message, keyOf('Pod', 'flow-1-one-1')) : undefined);
  await kubelet(() => [succeeded('x=1\n')]);
  const { clock } = startEngine();
  const done = runTask(RETRIED);
  const says = (it: Execution) => it.status?.message?.includes('exceeded quota: small') === true;
  await untilObject<Execution>(plane.cluster, keyOf('Execution', 'flow-1'), says);
  plane.refuse = () => undefined;
  clock.leap(POD_REFUSED_RETRY_MS);
  expect((await done).status).toMatchObject({ phase: 'Succeeded', nodes: { one: { attempt: 1 } } });
});
