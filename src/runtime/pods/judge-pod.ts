import { instantMs } from '../../base/index.ts';
import { ANNOTATION, type ContainerStatus, type Pod } from '../../cluster/index.ts';
import { judgeWaiting } from './judge-waiting.ts';
import { TASK_CONTAINER } from './kubernetes-pod.ts';
import { conditionOf, said } from './pod-condition.ts';
import type { PodSeen } from './pod-form.ts';

type Terminated = Extract<PodSeen, { readonly kind: 'Terminated' }>;
type End = Pick<Terminated, 'reason' | 'message' | 'exitCode'> & { readonly ending?: string; readonly signal?: number };

/**
 * A kubelet hands over the last 4,096 bytes of the termination message, so one of that size may have lost its beginning.
 * https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
 */
const CUT_MESSAGE_BYTES = 4_096;
/** As the kubelet of a lost container has it. */
const UNKNOWN_EXIT = 137;

/** What a pod that a kubelet runs shows of its attempt. */
export function judgePod(pod: Pod): PodSeen {
  const { status, metadata } = pod;
  const state = statusOfTask(pod)?.state;
  const ending = metadata.annotations?.[ANNOTATION.abort];
  const asked = ending === undefined ? {} : { ending };
  if (state?.terminated !== undefined && isClear(pod, state.terminated)) {
    const ranMs = (instantMs(state.terminated.finishedAt) ?? 0) - (instantMs(state.terminated.startedAt) ?? 0);
    const ran = instantMs(state.terminated.startedAt) === undefined || ranMs < 0 ? {} : { ranMs };
    return { kind: 'Terminated', ...asked, ...ran, ...endOfContainer(pod, state.terminated) };
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') {
    return { kind: 'Terminated', ...asked, ...endOfPod(pod) };
  }
  const startedAt = instantMs((state?.running ?? state?.terminated)?.startedAt);
  if (startedAt === undefined) return judgeWaiting(pod, statusOfTask(pod));
  const why = troubleOf(pod);
  return { kind: 'Running', startedAt, ...(why !== undefined && { why }) };
}

/**
 * A container's end is shown about a second before the phase of its pod, and is taken at once where it tells all. A container
 * that was killed to empty its machine has failed like any other until the pod says so, together with its phase.
 */
function isClear(pod: Pod, { exitCode, reason }: NonNullable<ContainerStatus['state']['terminated']>): boolean {
  const { status, metadata } = pod;
  const isPlain = reason !== 'Error' && reason !== 'ContainerStatusUnknown';
  if (exitCode === 0 || isPlain || status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  if (metadata.deletionTimestamp !== undefined || metadata.annotations?.[ANNOTATION.abort] !== undefined) return true;
  // The phase waits for containers that the task's end does not end.
  return conditionOf(pod, 'DisruptionTarget') !== undefined || (status?.containerStatuses?.length ?? 0) > 1;
}

function statusOfTask({ status }: Pod): ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === TASK_CONTAINER);
}

function endOfContainer(pod: Pod, ended: NonNullable<ContainerStatus['state']['terminated']>): End {
  const { exitCode, reason = '', message = '' } = ended;
  if (exitCode === 0 && reason !== 'OOMKilled') return endOfSuccess(message);
  const evicted = evictionOf(pod);
  if (evicted !== undefined) return { exitCode, ...evicted };
  switch (reason) {
    case 'OOMKilled':
      return { exitCode, reason, message };
    case 'StartError':
    case 'ContainerCannotRun':
      return { exitCode, reason: 'StartError', message: said(message, 'its command could not be started') };
    case 'ContainerStatusUnknown': {
      const lost = { exitCode, reason: 'Lost', message: said(message, 'its kubelet does not know how it ended') };
      return endedBySomebody(pod, ended) ?? lost;
    }
    default:
      return endedBySomebody(pod, ended) ?? { exitCode, reason: 'Error', message, ...signalOf(exitCode) };
  }
}

function endOfSuccess(message: string): End {
  if (Buffer.byteLength(message) < CUT_MESSAGE_BYTES) return { exitCode: 0, reason: 'Completed', message };
  const limit = CUT_MESSAGE_BYTES - 1;
  const what = `its outputs have more than ${limit} bytes, which is as much as a pod can hand back: keep large results elsewhere and give their place`;
  return { exitCode: 0, reason: 'OutputsTooLarge', message: what };
}

/** A shell's way to say that a signal ended it: 128 and the signal. */
function signalOf(exitCode: number): { readonly signal?: number } {
  const signal = exitCode - 128;
  return signal > 0 && signal < 32 ? { signal } : {};
}

/** The system took the pod away: by a condition, or by the reason that its phase has. */
function evictionOf(pod: Pod): Pick<End, 'reason' | 'message'> | undefined {
  const { reason = '', message = '' } = pod.status ?? {};
  if (reason === 'Evicted') {
    // What it used itself past its own limit is its own fault, and would happen anywhere.
    const isOwn =
      /(exceeded its local ephemeral storage limit|exceeds the total limit of containers|exceeds the limit)/;
    return {
      reason: isOwn.test(message) ? 'OutOfStorage' : 'Evicted',
      message: said(message, 'its machine was short of something'),
    };
  }
  if (SYSTEM_ENDS.has(reason)) return { reason, message: said(message, 'its machine was taken away') };
  if (reason === 'DeadlineExceeded') return undefined;
  const disrupted = conditionOf(pod, 'DisruptionTarget');
  if (disrupted?.status !== 'True') return undefined;
  return { reason: DISRUPTIONS[disrupted.reason] ?? 'Evicted', message: said(disrupted.message, disrupted.reason) };
}

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions; all else is an eviction. */
const DISRUPTIONS: Readonly<Record<string, string>> = {
  PreemptionByScheduler: 'Preempted',
  DeletionByPodGC: 'NodeLost',
};

/** Reasons of phase Failed that are no fault of the task, and are told as they are. */
const SYSTEM_ENDS: ReadonlySet<string> = new Set(['Terminated', 'NodeShutdown', 'NodeLost', 'Preempting', 'Shutdown']);

/** The deadline is the run timeout, as far as the task is concerned. A deletion that began before the end ended it. */
function endedBySomebody(
  pod: Pod,
  { exitCode, finishedAt, message = '' }: NonNullable<ContainerStatus['state']['terminated']>,
): End | undefined {
  const { status, metadata } = pod;
  if (metadata.annotations?.[ANNOTATION.abort] !== undefined) return { exitCode, reason: 'Aborted', message };
  if (status?.reason === 'DeadlineExceeded') return { ...deadline(exitCode), message };
  const goneAt = instantMs(metadata.deletionTimestamp);
  if (goneAt === undefined) return undefined;
  // Times of a cluster have whole seconds.
  const askedAt = goneAt - (metadata.deletionGracePeriodSeconds ?? 0) * 1_000;
  if ((instantMs(finishedAt) ?? askedAt) < askedAt) return undefined;
  return { exitCode, reason: 'Deleted', message: 'its pod was deleted by something else than the engine' };
}

function deadline(exitCode: number): End {
  const ending = 'RunTimeout: it was active longer than the deadline of its pod';
  return { exitCode, reason: 'Aborted', message: '', ending };
}

/** The pod is over, and of the container nothing is known but that it does not run. */
function endOfPod(pod: Pod): End {
  const { phase, reason = '', message = '' } = pod.status ?? {};
  const exitCode = UNKNOWN_EXIT;
  if (phase === 'Succeeded') return { exitCode, reason: 'Lost', message: 'its pod shows no end of its container' };
  if (reason === 'DeadlineExceeded') {
    const isAsked = pod.metadata.annotations?.[ANNOTATION.abort] !== undefined;
    return isAsked ? { exitCode, reason: 'Aborted', message: '' } : deadline(exitCode);
  }
  const evicted = evictionOf(pod);
  if (evicted !== undefined) return { exitCode, ...evicted };
  if (reason === '') return { exitCode, reason: 'Lost', message: said(message, 'its pod failed and does not say why') };
  // Everything else that a kubelet says in this way it says at the door: OutOfcpu, NodeAffinity, UnexpectedAdmissionError, …
  return { exitCode, reason: 'NodeRejected', message: said(`${reason}: ${message}`, reason) };
}

/** Why nothing more may be heard of a container that runs. */
function troubleOf(pod: Pod): string | undefined {
  const { status } = pod;
  if (status?.reason === 'NodeLost') return said(status.message ?? '', 'its machine does not answer');
  const disrupted = conditionOf(pod, 'DisruptionTarget');
  return disrupted?.status === 'True' ? said(disrupted.message, disrupted.reason) : undefined;
}
