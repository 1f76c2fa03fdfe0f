import type { Pod, PodStatus } from '../../../src/cluster/index.ts';

/** Statuses of pods as kubelets, schedulers and controllers of Kubernetes write them, word for word. */

export const AT = '2026-03-01T10:00:00Z';
export const STARTED = '2026-03-01T10:00:05Z';
export const FINISHED = '2026-03-01T10:00:35Z';

type State = NonNullable<PodStatus['containerStatuses']>[number]['state'];

const condition = (type: string, status: 'True' | 'False', reason = '', message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: AT,
});

const container = (state: State) => [
  { name: 'task', ready: state.running !== undefined, restartCount: 0, image: 'busybox:1.37', state },
];

export const terminated = (exitCode: number, reason: string, message?: string): PodStatus['containerStatuses'] =>
  container({
    terminated: {
      exitCode,
      reason,
      ...(message !== undefined && { message }),
      startedAt: STARTED,
      finishedAt: FINISHED,
    },
  });

export const waiting = (reason: string, message?: string): PodStatus => ({
  phase: 'Pending',
  startTime: AT,
  conditions: [condition('PodScheduled', 'True')],
  containerStatuses: container({ waiting: { reason, ...(message !== undefined && { message }) } }),
});

export const running: PodStatus = {
  phase: 'Running',
  startTime: AT,
  conditions: [condition('PodScheduled', 'True'), condition('Ready', 'True')],
  containerStatuses: container({ running: { startedAt: STARTED } }),
};

export const succeeded = (message: string): PodStatus => ({
  ...running,
  phase: 'Succeeded',
  containerStatuses: terminated(0, 'Completed', message),
});

export const failed = (
  exitCode: number,
  reason: string,
  pod: Pick<PodStatus, 'reason' | 'message'> & { readonly disrupted?: readonly [string, string] } = {},
  message?: string,
): PodStatus => ({
  phase: 'Failed',
  startTime: AT,
  ...(pod.reason !== undefined && { reason: pod.reason }),
  ...(pod.message !== undefined && { message: pod.message }),
  conditions: [
    ...(pod.disrupted === undefined ? [] : [condition('DisruptionTarget', 'True', ...pod.disrupted)]),
    condition('PodScheduled', 'True'),
  ],
  containerStatuses: terminated(exitCode, reason, message),
});

export const unschedulable: PodStatus = {
  phase: 'Pending',
  conditions: [
    condition(
      'PodScheduled',
      'False',
      'Unschedulable',
      '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
    ),
  ],
};

/** Refused by a kubelet at its door: no container was ever made. */
export const rejected = (reason: string, message: string): PodStatus => ({
  phase: 'Failed',
  reason,
  message,
  startTime: AT,
});

export const lost: PodStatus = {
  ...running,
  reason: 'NodeLost',
  message: 'Node worker-2 which was running pod run-a-1 is unresponsive',
};

export const collected: PodStatus = {
  ...running,
  phase: 'Failed',
  conditions: [condition('DisruptionTarget', 'True', 'DeletionByPodGC', 'PodGC: node no longer exists')],
};

export const EVICTED_FOR_MEMORY = {
  reason: 'Evicted',
  message:
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 17348Ki. Container task was using 512Mi, request is 100Mi, has larger consumption of memory. ',
  disrupted: ['TerminationByKubelet', 'The node was low on resource: memory. '] as const,
};
export const OVER_ITS_STORAGE = {
  reason: 'Evicted',
  message: 'Container task exceeded its local ephemeral storage limit "1Gi". ',
};
export const DEADLINE = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};
export const PREEMPTED = [
  'PreemptionByScheduler',
  'default-scheduler: preempting to accommodate a higher priority pod',
] as const;
export const DRAINED = ['EvictionByEvictionAPI', 'Eviction API: evicting'] as const;
export const TAINTED = ['DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'] as const;

/** Ended by its deadline while its sandbox could not be made: as a kubelet of 1.36 left it. */
export const neverMade: PodStatus = {
  phase: 'Failed',
  startTime: AT,
  ...DEADLINE,
  conditions: [condition('PodReadyToStartContainers', 'False'), condition('PodScheduled', 'True')],
  containerStatuses: container({
    terminated: {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
      startedAt: null as unknown as string,
      finishedAt: null as unknown as string,
    },
  }),
};

/** A pod of an attempt with this status. */
export function podWith(status: PodStatus, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'run-a-1', namespace: 'shop-production', uid: 'u1', ...metadata },
    spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: 'busybox:1.37', command: ['true'] }] },
    status,
  };
}
