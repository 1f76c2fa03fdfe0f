import type { BlobRefs, Json, JsonObject } from '../../../base/index.ts';
import { type Container, type MergePatch, OUTPUTS_STORED, type Pod } from '../../../cluster/index.ts';
import type { EndedEvent } from './protocol.ts';

/** Whether the pod has ended for good. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** The status of a pod that cannot start yet; the reason is what a kubelet says where a secret is missing. */
export function waitingStatus(pod: Pod, message: string): MergePatch {
  const waiting = { reason: 'CreateContainerConfigError', message };
  return { phase: 'Pending', containerStatuses: [containerStatus(pod, false, { waiting })] };
}

/** The status of a pod whose process runs. */
export function runningStatus(pod: Pod, startedAtMs: number): MergePatch {
  const startedAt = instant(startedAtMs);
  return {
    phase: 'Running',
    startTime: startedAt,
    ...conditionsOf(pod, startedAt),
    containerStatuses: [containerStatus(pod, true, { running: { startedAt } })],
  };
}

/** The status of a pod whose processes are gone. */
export function endedStatus(pod: Pod, end: EndedEvent): MergePatch {
  const message = [end.note, end.outputs].filter((text) => text !== undefined && text !== '').join('\n');
  const finishedAt = instant(end.finishedAtMs);
  const terminated: JsonObject = {
    exitCode: end.exitCode,
    ...(end.signal !== undefined && { signal: end.signal }),
    reason: end.reason,
    ...(message !== '' && { message }),
    startedAt: instant(end.startedAtMs),
    finishedAt,
  };
  return {
    phase: end.reason === 'Completed' ? 'Succeeded' : 'Failed',
    ...(end.reason !== 'Completed' && { reason: end.reason }),
    ...(end.note !== undefined && { message: end.note }),
    startTime: instant(end.startedAtMs),
    ...conditionsOf(pod, finishedAt, end.storedOutputs),
    containerStatuses: [containerStatus(pod, false, { terminated })],
  };
}

function containerStatus(pod: Pod, ready: boolean, state: JsonObject): JsonObject {
  const container = pod.spec.containers[0] as Container;
  return { name: container.name, ready, restartCount: 0, image: container.image, state };
}

function conditionsOf(pod: Pod, now: string, stored?: BlobRefs): { readonly conditions?: readonly Json[] } {
  const conditions = [...limitsCondition(pod, now), ...storedCondition(now, stored)];
  return conditions.length === 0 ? {} : { conditions };
}

/** Says which of its outputs are in the object store. */
function storedCondition(now: string, stored: BlobRefs | undefined): readonly Json[] {
  if (stored === undefined || Object.keys(stored).length === 0) return [];
  const message = JSON.stringify(stored);
  return [{ type: OUTPUTS_STORED, status: 'True', reason: 'TooLarge', message, lastTransitionTime: now }];
}

/** Says which limits of the pod this host does not apply, if there are any. */
function limitsCondition(pod: Pod, now: string): readonly Json[] {
  const limits = pod.spec.containers[0]?.resources?.limits ?? {};
  const missing = Object.keys(limits).filter((name) => !isApplied(name));
  if (missing.length === 0) return [];
  const message = `a local process cannot be limited in ${missing.join(', ')}; it runs without`;
  const condition = {
    type: 'LimitsApplied',
    status: 'False',
    reason: 'NotSupported',
    message,
    lastTransitionTime: now,
  };
  return [condition];
}

/** Memory is watched through /proc (see the spawner's memory check); nothing else is held back. */
export function isApplied(resource: string): boolean {
  return resource === 'memory' && process.platform === 'linux';
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
