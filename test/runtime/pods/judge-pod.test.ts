import { describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import { ANNOTATION, ForbiddenError, InvalidError, type Pod } from '../../../src/cluster/index.ts';
import { createKubernetesPods, createSourceMaps, judgePod, type PodSeen } from '../../../src/runtime/index.ts';
import {
  AT,
  collected,
  DEADLINE,
  DRAINED,
  EVICTED_FOR_MEMORY,
  failed,
  lost,
  neverMade,
  OVER_ITS_STORAGE,
  PREEMPTED,
  podWith,
  rejected,
  running,
  succeeded,
  TAINTED,
  terminated,
  unschedulable,
  waiting,
} from './kubelet-statuses.ts';

const RAN = { ranMs: 30_000 };
const DELETED = { deletionTimestamp: '2026-03-01T10:00:40Z', deletionGracePeriodSeconds: 10 };
const ABORTED = { annotations: { [ANNOTATION.abort]: 'Aborted: by ada' } };
const pull = 'failed to pull and unpack image "registry.example/none:1": not found';

/** What a pod shows → how the attempt is judged by it. */
const ROWS: readonly (readonly [string, Pod, Partial<PodSeen>])[] = [
  ['has just been made', podWith({ phase: 'Pending' }), { kind: 'Waiting' }],
  [
    'finds no place',
    podWith(unschedulable),
    { kind: 'Waiting', why: expect.stringMatching(/^Unschedulable: 0\/3 nodes are available: 3 Insufficient cpu/) },
  ],
  ['has a place', podWith({ phase: 'Pending', conditions: waiting('').conditions ?? [] }), { kind: 'Waiting' }],
  ['makes its container', podWith(waiting('ContainerCreating')), { kind: 'Waiting' }],
  [
    'cannot pull its image',
    podWith(waiting('ErrImagePull', pull)),
    { kind: 'Waiting', why: `ErrImagePull: ${pull}`, giveUp: { reason: 'ImagePullFailed', afterMs: 180_000 } },
  ],
  [
    'waits to pull its image again',
    podWith(waiting('ImagePullBackOff', 'Back-off pulling image "registry.example/none:1"')),
    {
      kind: 'Waiting',
      why: 'ImagePullBackOff: Back-off pulling image "registry.example/none:1"',
      giveUp: { reason: 'ImagePullFailed', afterMs: 180_000 },
    },
  ],
  [
    'names no image',
    podWith(waiting('InvalidImageName', 'Failed to apply default image tag "UPPER": couldn\'t parse image name')),
    { kind: 'Waiting', giveUp: { reason: 'InvalidImageName', afterMs: 10_000 } },
  ],
  [
    'misses a secret, which may come',
    podWith(waiting('CreateContainerConfigError', 'secret "warehouse" not found')),
    { kind: 'Waiting', why: 'secret "warehouse" not found' },
  ],
  [
    'misses a key, which may come',
    podWith(waiting('CreateContainerConfigError', "couldn't find key password in Secret shop-production/warehouse")),
    { kind: 'Waiting', why: "couldn't find key password in Secret shop-production/warehouse" },
  ],
  [
    'is configured in a way that never works',
    podWith(waiting('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root')),
    { kind: 'Waiting', giveUp: { reason: 'ContainerConfigError', afterMs: 120_000 } },
  ],
  [
    'cannot make its container',
    podWith(waiting('CreateContainerError', 'context deadline exceeded')),
    { kind: 'Waiting', giveUp: { reason: 'StartError', afterMs: 120_000 } },
  ],
  ['is deleted before it began', podWith(unschedulable, DELETED), { kind: 'Waiting', why: 'its pod is being deleted' }],
  ['runs', podWith(running), { kind: 'Running', startedAt: Date.parse('2026-03-01T10:00:05Z') }],
  [
    'runs on a machine that does not answer',
    podWith(lost),
    { kind: 'Running', why: 'Node worker-2 which was running pod run-a-1 is unresponsive' },
  ],
  [
    'has succeeded, and its phase does not say so yet',
    podWith({ ...running, containerStatuses: terminated(0, 'Completed', 'b=42\n') ?? [] }),
    { kind: 'Terminated', exitCode: 0, reason: 'Completed', message: 'b=42\n', ...RAN },
  ],
  ['has succeeded', podWith(succeeded('b=42\n')), { kind: 'Terminated', reason: 'Completed', message: 'b=42\n' }],
  [
    'hands over as much as a kubelet takes',
    podWith(succeeded('x'.repeat(4_096))),
    { kind: 'Terminated', exitCode: 0, reason: 'OutputsTooLarge', message: expect.stringMatching(/4095 bytes/) },
  ],
  ['hands over one byte less', podWith(succeeded('x'.repeat(4_095))), { kind: 'Terminated', reason: 'Completed' }],
  [
    'has failed, and its phase does not say yet why',
    podWith({ ...running, containerStatuses: terminated(1, 'Error') ?? [] }),
    { kind: 'Running' },
  ],
  ['has failed', podWith(failed(3, 'Error')), { kind: 'Terminated', exitCode: 3, reason: 'Error', ...RAN }],
  ['was killed', podWith(failed(137, 'Error')), { kind: 'Terminated', exitCode: 137, reason: 'Error', signal: 9 }],
  [
    'used too much memory',
    podWith(failed(137, 'OOMKilled')),
    { kind: 'Terminated', exitCode: 137, reason: 'OOMKilled' },
  ],
  [
    'names a command that is not there',
    podWith(failed(128, 'StartError', {}, 'exec: "nope": executable file not found in $PATH: unknown')),
    { kind: 'Terminated', reason: 'StartError', message: 'exec: "nope": executable file not found in $PATH: unknown' },
  ],
  [
    'was evicted from a machine without memory',
    podWith(failed(137, 'Error', EVICTED_FOR_MEMORY)),
    { kind: 'Terminated', reason: 'Evicted', message: expect.stringMatching(/low on resource: memory/) },
  ],
  [
    'used more disk than its own limit',
    podWith(failed(137, 'Error', OVER_ITS_STORAGE)),
    {
      kind: 'Terminated',
      reason: 'OutOfStorage',
      message: 'Container task exceeded its local ephemeral storage limit "1Gi".',
    },
  ],
  [
    'was preempted',
    podWith(failed(143, 'Error', { disrupted: PREEMPTED }), DELETED),
    { kind: 'Terminated', reason: 'Preempted' },
  ],
  [
    'was drained',
    podWith(failed(143, 'Error', { disrupted: DRAINED }), DELETED),
    { kind: 'Terminated', reason: 'Evicted' },
  ],
  [
    'was taken from a machine that did not answer',
    podWith(failed(137, 'Error', { disrupted: TAINTED }), DELETED),
    { kind: 'Terminated', reason: 'Evicted' },
  ],
  [
    'succeeded although it was drained',
    podWith({ ...failed(0, 'Completed', { disrupted: DRAINED }, 'b=1'), phase: 'Succeeded' }, DELETED),
    { kind: 'Terminated', reason: 'Completed', message: 'b=1' },
  ],
  [
    'was on a machine that is shut down',
    podWith(
      failed(143, 'Error', {
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
      }),
    ),
    { kind: 'Terminated', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' },
  ],
  [
    'came to a machine that is shut down',
    podWith(rejected('NodeShutdown', 'Pod was rejected as the node is shutting down.')),
    { kind: 'Terminated', reason: 'NodeShutdown' },
  ],
  [
    'was on a machine that is gone',
    podWith(collected),
    { kind: 'Terminated', reason: 'NodeLost', message: 'PodGC: node no longer exists' },
  ],
  [
    'ended in a way that its kubelet does not know',
    podWith(
      failed(137, 'ContainerStatusUnknown', {}, 'The container could not be located when the pod was terminated'),
    ),
    { kind: 'Terminated', reason: 'Lost', message: 'The container could not be located when the pod was terminated' },
  ],
  [
    'found its machine full',
    podWith(
      rejected(
        'OutOfcpu',
        "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3100, capacity: 4000",
      ),
    ),
    { kind: 'Terminated', reason: 'NodeRejected', message: expect.stringMatching(/^OutOfcpu: Pod was rejected/) },
  ],
  [
    'lost its device at the door',
    podWith(
      rejected(
        'UnexpectedAdmissionError',
        'Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected',
      ),
    ),
    { kind: 'Terminated', reason: 'NodeRejected', message: expect.stringMatching(/^UnexpectedAdmissionError: /) },
  ],
  [
    'was active past its deadline',
    podWith(failed(137, 'Error', DEADLINE)),
    { kind: 'Terminated', reason: 'Aborted', ending: expect.stringMatching(/^RunTimeout: /) },
  ],
  [
    'was ended by the engine through its deadline',
    podWith(failed(143, 'Error', DEADLINE), ABORTED),
    { kind: 'Terminated', reason: 'Aborted', ending: 'Aborted: by ada' },
  ],
  [
    'was ended by the engine before it began',
    podWith({ ...waiting('ImagePullBackOff'), phase: 'Failed', ...DEADLINE }, ABORTED),
    { kind: 'Terminated', reason: 'Aborted', ending: 'Aborted: by ada' },
  ],
  [
    'was ended by the engine before its container was made',
    podWith(neverMade, ABORTED),
    { kind: 'Terminated', reason: 'Aborted', ending: 'Aborted: by ada' },
  ],
  [
    'was past its deadline before its container was made',
    podWith(neverMade),
    { kind: 'Terminated', reason: 'Aborted', ending: expect.stringMatching(/^RunTimeout: /) },
  ],
  [
    'was deleted by a person',
    podWith({ ...running, containerStatuses: terminated(143, 'Error') ?? [] }, DELETED),
    { kind: 'Terminated', reason: 'Deleted' },
  ],
  [
    'had failed before it was deleted',
    podWith(failed(1, 'Error'), { ...DELETED, deletionTimestamp: '2026-03-01T10:05:00Z' }),
    { kind: 'Terminated', reason: 'Error', exitCode: 1 },
  ],
  ['failed and does not say why', podWith({ phase: 'Failed' }), { kind: 'Terminated', reason: 'Lost' }],
];

describe('a pod that', () => {
  it.each(ROWS)('%s', (_, pod, expected) => {
    const seen = judgePod(pod);
    expect(seen).toMatchObject(expected);
    const { giveUp } = expected as { readonly giveUp?: object };
    if (seen.kind === 'Waiting') expect(seen.giveUp).toEqual(giveUp && { ...giveUp, since: Date.parse(AT) });
  });
});

const quota = 'pods "run-a-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2';
const security =
  'pods "run-a-1" is forbidden: violates PodSecurity "restricted:latest": privileged (container "task" must not set securityContext.privileged=true)';
const rbac =
  'pods is forbidden: User "system:serviceaccount:pipectl-system:propeller" cannot create resource "pods" in API group "" in the namespace "shop-production"';

describe('a pod is refused', () => {
  const nothing = { cluster: undefined as never, clock: undefined as never, log: undefined as never };
  const form = createKubernetesPods(createSourceMaps(nothing));
  it.each([
    ['for a quota that is used up: it waits', new ForbiddenError(quota), { kind: 'Wait', message: quota }],
    ['for a rule that the engine lacks: it waits', new ForbiddenError(rbac), { kind: 'Wait' }],
    [
      'in a namespace that goes away: it waits',
      new ForbiddenError(
        'pods "a" is forbidden: unable to create new content in namespace x because it is being terminated',
      ),
      { kind: 'Wait' },
    ],
    [
      'by Pod Security: it fails',
      new ForbiddenError(security),
      { kind: 'Reject', reason: 'AdmissionRejected', message: security },
    ],
    [
      'by a webhook: it fails',
      new ForbiddenError('admission webhook "policy.example" denied the request: no latest tags'),
      { kind: 'Reject', reason: 'AdmissionRejected' },
    ],
    [
      'for a priority class that is not there: it fails',
      new ForbiddenError('pods "a" is forbidden: no PriorityClass with name high was found'),
      { kind: 'Reject', reason: 'AdmissionRejected' },
    ],
    [
      'as no pod at all: it fails',
      new InvalidError('Pod "a" is invalid: spec.containers[0].image: Required value'),
      { kind: 'Reject', reason: 'PodInvalid' },
    ],
  ])('%s', (_, error, expected) => expect(form.judgeRefusal(error)).toMatchObject(expected));

  it('by a server that is busy: that is not about the pod', () => {
    expect(form.judgeRefusal(new WaitError('too many requests', 1_000))).toBeUndefined();
  });
});
