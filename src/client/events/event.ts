import type { UnixMs } from '../../base/index.ts';

/** What happened to an execution, a node of it, or one attempt. */
export type EventWhat =
  | 'Created'
  | 'Started'
  | 'Paused'
  | 'Resumed'
  | 'AbortRequested'
  | 'Answered'
  | 'NodeStarted'
  | 'BranchTaken'
  | 'ChildStarted'
  | 'AttemptQueued'
  | 'AttemptRunning'
  | 'AttemptEnded'
  | 'NodeSucceeded'
  | 'NodeFailed'
  | 'NodeTimedOut'
  | 'NodeSkipped'
  | 'NodeAborted'
  | 'NodeRecovered'
  | 'NodeCached'
  | 'Succeeded'
  | 'Failed'
  | 'TimedOut'
  | 'Aborted'
  | 'Notified'
  | 'NotificationPending'
  | 'NotificationFailed';

/** Who made it happen. */
export type EventActor =
  | { readonly kind: 'engine' }
  /** What runs attempts: the node agent, or a kubelet. */
  | { readonly kind: 'runtime' }
  | { readonly kind: 'scheduler'; readonly schedule: string }
  /** Absent name: somebody who did not say who. */
  | { readonly kind: 'person'; readonly name?: string }
  | { readonly kind: 'execution'; readonly name: string };

/** One entry of an execution's history. */
export interface ExecutionEvent {
  readonly at: UnixMs;
  readonly what: EventWhat;
  readonly by: EventActor;
  /** Path of the node. */
  readonly node?: string;
  /** Index of a map's subtask. */
  readonly index?: number;
  readonly attempt?: number;
  /** Why, in a few words. */
  readonly cause?: string;
}

/** The same for the same thing that happened, however often history is read: what was told is not told again. */
export function eventId({ what, node = '', index = -1, attempt = 0, at }: ExecutionEvent): string {
  const isRepeatable = what === 'Paused' || what === 'Resumed' || what === 'AbortRequested';
  return JSON.stringify([what, node, index, attempt, isRepeatable ? at : 0]);
}
