import {
  instantText,
  type Json,
  MAX_OBJECT_STORE_MESSAGE_LENGTH,
  StalledError,
  type UnixMs,
  WaitError,
} from '../../base/index.ts';
import type { Condition, MergePatch, Platform } from '../../cluster/index.ts';
import { redactText } from '../../observe/index.ts';

export const OBJECT_STORE_READY = 'ObjectStoreReady';

export type Outcome = Pick<Condition, 'status' | 'reason' | 'message'>;

export function usable(place: string): Outcome {
  return { status: 'True', reason: 'Usable', message: shortened(`blobs can be kept in ${place}`) };
}

export function notUsable(error: unknown): Outcome {
  const reason =
    error instanceof StalledError ? error.reason : error instanceof WaitError ? 'Unavailable' : 'Unexpected';
  return { status: 'False', reason, message: shortened(error instanceof Error ? error.message : String(error)) };
}

/** What of a platform's status is to be written so that it tells this, or nothing of it; undefined when it does already. */
export function conditionPatch(platform: Platform, outcome: Outcome | undefined, now: UnixMs): MergePatch | undefined {
  const before = platform.status?.conditions ?? [];
  const old = before.find(({ type }) => type === OBJECT_STORE_READY);
  const others = before.filter(({ type }) => type !== OBJECT_STORE_READY);
  if (outcome === undefined) return old === undefined ? undefined : { conditions: others as unknown as Json };
  const { generation } = platform.metadata;
  const isSame =
    old?.status === outcome.status &&
    old.reason === outcome.reason &&
    old.message === outcome.message &&
    old.observedGeneration === generation;
  if (isSame) return undefined;
  const condition: Condition = {
    type: OBJECT_STORE_READY,
    ...outcome,
    lastTransitionTime: old?.status === outcome.status ? old.lastTransitionTime : instantText(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  return { conditions: [...others, condition] as unknown as Json };
}

function shortened(message: string): string {
  const clean = redactText(message.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' '));
  return clean.length > MAX_OBJECT_STORE_MESSAGE_LENGTH
    ? `${clean.slice(0, MAX_OBJECT_STORE_MESSAGE_LENGTH - 1)}…`
    : clean;
}
