import { MAX_ERROR_LENGTH } from '../../base/index.ts';
import { ForbiddenError, InvalidError } from '../../cluster/index.ts';
import type { PodRefusal } from './pod-form.ts';

/** What an admission plugin says when there is no room now: https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
const NO_ROOM = /exceeded quota: /;
/** Not about the pod: a rule that the engine lacks, or a namespace that is going away. */
const NOT_ALLOWED = /^\S+ is forbidden: User "[^"]*" cannot /;
const NAMESPACE_ENDS = /because it is being terminated/;

/** What it means that a cluster refused to create a pod; undefined: the refusal is not about this pod. */
export function judgeRefusal(error: unknown): PodRefusal | undefined {
  if (!(error instanceof ForbiddenError || error instanceof InvalidError)) return undefined;
  const message = error.message.slice(0, MAX_ERROR_LENGTH);
  if (error instanceof InvalidError) return { kind: 'Reject', reason: 'PodInvalid', message };
  if (NO_ROOM.test(message)) return { kind: 'Wait', message };
  if (NOT_ALLOWED.test(message)) {
    return { kind: 'Wait', message: `the engine may not create pods here, and waits until it may: ${message}` };
  }
  if (NAMESPACE_ENDS.test(message)) return { kind: 'Wait', message };
  return { kind: 'Reject', reason: 'AdmissionRejected', message };
}
