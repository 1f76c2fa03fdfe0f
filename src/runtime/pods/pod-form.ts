import type { UnixMs } from '../../base/index.ts';
import type { Pod, Write } from '../../cluster/index.ts';
import type { PodSettings } from '../../language/index.ts';

/**
 * How attempts become pods, where a kubelet runs them. Without a form the engine makes pods as the node agent of one
 * machine takes them, and asks it by an annotation to end them.
 */
export interface PodForm {
  /**
   * Sees to it that what new pods mount is there, and learns how. Undefined: nothing has to be waited for. Resolves with the
   * attempts that cannot be made. Errors: WaitError when this cannot be known now; what the cluster throws.
   */
  readonly prepare: (wanted: readonly WantedPod[]) => Promise<Refused> | undefined;
  /** The pod, once `prepare` has been through. */
  readonly podOf: (wanted: WantedPod) => Pod;
  /** The writes that end a pod that is there: `ending` says why, and stands in its abort annotation. */
  readonly endOf: (pod: Pod, ending: string) => readonly Write[];
  /** What a pod shows of its attempt. */
  readonly judge: (pod: Pod) => PodSeen;
  /** What it means that the cluster refused to create a pod; undefined: nothing that is about this pod. */
  readonly judgeRefusal: (error: unknown) => PodRefusal | undefined;
}

/** A pod as one machine takes it, and what else its task says of it. */
export interface WantedPod {
  readonly pod: Pod;
  readonly settings: PodSettings | undefined;
  readonly timeout: { readonly queueMs?: number; readonly runMs?: number };
}

/** Why attempts cannot be made, by the names of their pods. */
export type Refused = ReadonlyMap<string, { readonly reason: string; readonly message: string }>;

export type PodRefusal =
  /** Nobody's fault but time's: it is asked for again, and the execution says what it waits for. */
  | { readonly kind: 'Wait'; readonly message: string }
  /** It will not be taken as it is: the attempt has failed. */
  | { readonly kind: 'Reject'; readonly reason: string; readonly message: string };

/** What a pod shows of its attempt. Whose fault an end is, the engine knows by its reason. */
export type PodSeen =
  /** `why`: what its start waits for besides its turn. `giveUp`: that does not heal by itself; after so long it is to be ended. */
  | { readonly kind: 'Waiting'; readonly why?: string; readonly giveUp?: GiveUp }
  /** `why`: what is the matter with it. */
  | { readonly kind: 'Running'; readonly startedAt: UnixMs; readonly why?: string }
  | {
      readonly kind: 'Terminated';
      readonly exitCode: number;
      readonly signal?: number;
      readonly reason: string;
      /** Text of the outputs, or what the system says. */
      readonly message: string;
      /** The abort annotation's text. */
      readonly ending?: string;
      readonly ranMs?: number;
    };

export interface GiveUp {
  readonly reason: string;
  readonly afterMs: number;
  /** When its kubelet took the pod: the trouble is no older. */
  readonly since?: UnixMs;
}
