import { sha256 } from '../base/index.ts';
import type { Execution, ExecutionError } from './execution-kind.ts';
import { LABEL, labelValue } from './labels.ts';
import { API_VERSION, type KubeObject } from './object.ts';

export type NotificationEvent = 'Succeeded' | 'Failed' | 'TimedOut' | 'Aborted' | 'WaitingForApproval';

interface SecretValue {
  readonly secret: { readonly name: string; readonly key: string };
}

/** Who is told, and how. Addresses and credentials stand in secrets of the execution's namespace. */
export type NotificationTarget =
  | { readonly webhook: { readonly url: SecretValue; readonly signingKey: SecretValue } }
  | { readonly slack: { readonly url: SecretValue } }
  | {
      readonly cloudEvents: {
        readonly url: SecretValue;
        readonly mode: 'structured' | 'binary';
        readonly signingKey?: SecretValue;
      };
    }
  | { readonly email: { readonly smtp: SecretValue; readonly from: string; readonly to: readonly string[] } };

export type NotificationRule = NotificationTarget & { readonly on: readonly NotificationEvent[] };

/** What a receiver is told. Neither inputs nor outputs: these may be large, and nobody has asked who reads them. */
export interface NotificationContent {
  readonly event: NotificationEvent;
  /** When it happened. */
  readonly at: string;
  readonly execution: string;
  readonly uid: string;
  readonly repository: string;
  readonly commit: string;
  readonly workflow: string;
  readonly launchPlan?: string;
  readonly startedAt?: string;
  readonly error?: ExecutionError;
  /** Path of the node that waits, and what it says. */
  readonly node?: string;
  readonly message?: string;
}

/**
 * Something to be told to somebody: an entry of the outbox. Written with the status that it is about, deleted some time
 * after it was delivered or given up. Not owned by its execution, which may leave the live objects first.
 */
export interface Notification extends KubeObject {
  readonly kind: 'Notification';
  readonly spec: NotificationContent & { readonly target: NotificationTarget };
  readonly status?: NotificationStatus;
}

export interface NotificationStatus {
  /** `Failed`: it was given up. */
  readonly phase: 'Pending' | 'Delivered' | 'Failed';
  /** Tries so far. */
  readonly attempts: number;
  /** Why the last try failed. Never what a secret says. */
  readonly message?: string;
  readonly retryAt?: string;
  /** When it was delivered or given up. */
  readonly endedAt?: string;
}

/** By how a target is called in definitions, columns and metrics. */
export function channelOf(target: NotificationTarget): 'webhook' | 'slack' | 'cloudEvents' | 'email' {
  if ('webhook' in target) return 'webhook';
  if ('slack' in target) return 'slack';
  return 'cloudEvents' in target ? 'cloudEvents' : 'email';
}

/**
 * An entry of the outbox. Its name is a hash of what it is about and `place`, which tells apart the rules of one execution:
 * written again, it meets itself.
 */
export function newNotification(
  { metadata }: Execution,
  content: NotificationContent,
  target: NotificationTarget,
  place: string,
): Notification {
  const { namespace, name, uid = '' } = metadata;
  const hash = sha256([uid, content.event, content.node ?? '', place].join('\n')).slice(0, 12);
  return {
    apiVersion: API_VERSION,
    kind: 'Notification',
    metadata: {
      ...(namespace !== undefined && { namespace }),
      name: `${name.slice(0, 200).replace(/[-.]+$/, '')}-${hash}`,
      labels: { [LABEL.execution]: labelValue(name) },
    },
    spec: { ...content, target },
  };
}
