import { instantMs, POD_GIVE_UP_MS } from '../../base/index.ts';
import type { ContainerStatus, Pod } from '../../cluster/index.ts';
import { conditionOf, said } from './pod-condition.ts';
import type { GiveUp, PodSeen } from './pod-form.ts';

type Waiting = Extract<PodSeen, { readonly kind: 'Waiting' }>;

/** Reasons of `waiting` that are no more than that it takes its time. */
const ON_THE_WAY: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing', '']);

/**
 * Reasons of `waiting` that seldom heal, as kubelets write them, and as what an attempt fails when they last.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go and pkg/kubelet/kuberuntime
 */
const GIVE_UP: Readonly<Record<string, GiveUp>> = {
  ErrImagePull: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.imagePull },
  ImagePullBackOff: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.imagePull },
  RegistryUnavailable: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.imagePull },
  ImageInspectError: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.imagePull },
  SignatureValidationFailed: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.imagePull },
  ErrImageNeverPull: { reason: 'ImagePullFailed', afterMs: POD_GIVE_UP_MS.invalid },
  InvalidImageName: { reason: 'InvalidImageName', afterMs: POD_GIVE_UP_MS.invalid },
  CreateContainerConfigError: { reason: 'ContainerConfigError', afterMs: POD_GIVE_UP_MS.container },
  CreateContainerError: { reason: 'StartError', afterMs: POD_GIVE_UP_MS.container },
  RunContainerError: { reason: 'StartError', afterMs: POD_GIVE_UP_MS.container },
  CreatePodSandboxError: { reason: 'StartError', afterMs: POD_GIVE_UP_MS.container },
};

/** What a kubelet says of a Secret or ConfigMap, or a key in one, that is not there: it goes on as soon as that is. */
const COMES_LATER = /^(secret|configmap) "[^"]*" not found$|^couldn't find key /i;

/** What a pod waits for that has not begun. */
export function judgeWaiting(pod: Pod, container: ContainerStatus | undefined): Waiting {
  const gone = pod.metadata.deletionTimestamp;
  if (gone !== undefined) return { kind: 'Waiting', why: 'its pod is being deleted' };
  const { reason = '', message = '' } = firstWaiting(pod, container) ?? {};
  if (!ON_THE_WAY.has(reason)) {
    const why = said(`${reason}: ${message}`, reason);
    const giveUp = GIVE_UP[reason];
    if (giveUp === undefined || (reason === 'CreateContainerConfigError' && COMES_LATER.test(message))) {
      return { kind: 'Waiting', why: reason === 'CreateContainerConfigError' ? said(message, reason) : why };
    }
    const since = instantMs(pod.status?.startTime);
    return { kind: 'Waiting', why, giveUp: { ...giveUp, ...(since !== undefined && { since }) } };
  }
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False') return { kind: 'Waiting' };
  return { kind: 'Waiting', why: said(`${scheduled.reason}: ${scheduled.message}`, scheduled.reason) };
}

/** Init containers come first, and what they wait for keeps all others waiting. */
function firstWaiting(
  { status }: Pod,
  container: ContainerStatus | undefined,
): ContainerStatus['state']['waiting'] | undefined {
  const inits = (status?.initContainerStatuses ?? []).map(({ state }) => state.waiting);
  return inits.find((waiting) => waiting !== undefined && !ON_THE_WAY.has(waiting.reason)) ?? container?.state.waiting;
}
