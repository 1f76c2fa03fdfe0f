import { ANNOTATION, LABEL, type ObjectKey, type Pod } from '../../../cluster/index.ts';
import type { SourceLease } from '../../sources.ts';
import type { PodCommand } from './pod-command.ts';
import type { StartedEvent } from './protocol.ts';

/**
 * Where an attempt stands for the agent:
 * preparing (its source is laid out) → queued → sent (to the spawner) → reporting → reported;
 * adopted: an earlier spawner runs it; clearing: it is lost, and what is left of it is being ended.
 */
export type Stage = 'preparing' | 'queued' | 'sent' | 'adopted' | 'clearing' | 'reporting' | 'reported';

/** One pod of this host. */
export interface Attempt {
  readonly uid: string;
  readonly key: ObjectKey;
  /** Of which execution it is: these take turns where the machine is full. */
  readonly execution: string;
  readonly pod: Pod;
  readonly command: PodCommand;
  stage: Stage;
  /** Its end is asked for. */
  isUnwanted: boolean;
  /** Its end is asked for by nobody but the agent, which stops. */
  isShutDown: boolean;
  /** The pod is gone: nobody is to be told. */
  isDeleted: boolean;
  /** The watch has shown its end, so that no older event of it can follow. */
  isSeenEnded: boolean;
  source: SourceLease | undefined;
  /** `NAME=value` of its secrets, once they were found. Only the spawner is told. */
  secretEnv: readonly string[];
  /** Its inputs file, where that has values of the object store. */
  inputsFile: string | undefined;
  started: StartedEvent | undefined;
  /** Signals were sent to it by the agent itself, as it is adopted. */
  isSignalled: boolean;
  cancelKill: (() => void) | undefined;
  /** The write of its status under way. */
  writing: Promise<void>;
}

export function newAttempt(pod: Pod, uid: string, command: PodCommand): Attempt {
  const { name, namespace, annotations, labels } = pod.metadata;
  const execution = annotations?.[ANNOTATION.execution] ?? labels?.[LABEL.execution] ?? '';
  return {
    uid,
    key: { kind: 'Pod', name, ...(namespace !== undefined && { namespace }) },
    execution: `${namespace ?? ''}/${execution}`,
    pod,
    command,
    stage: 'preparing',
    isUnwanted: false,
    isShutDown: false,
    isDeleted: false,
    isSeenEnded: false,
    source: undefined,
    secretEnv: [],
    inputsFile: undefined,
    started: undefined,
    isSignalled: false,
    cancelKill: undefined,
    writing: Promise.resolve(),
  };
}
