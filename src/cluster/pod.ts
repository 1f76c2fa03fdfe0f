import type { Condition, KubeObject } from './object.ts';
import type { SecretRef } from './secret.ts';

/** As much of Kubernetes' Pod as we write and read. */
export interface Pod extends KubeObject {
  readonly kind: 'Pod';
  readonly spec: {
    readonly restartPolicy: 'Never';
    readonly activeDeadlineSeconds?: number;
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly Container[];
  };
  readonly status?: PodStatus;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly EnvVar[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

/** A variable: written out, or a value of a Secret of the pod's namespace. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: { readonly secretKeyRef: SecretRef } };

export interface PodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly startTime?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly image: string;
  readonly state: {
    readonly waiting?: { readonly reason: string; readonly message?: string };
    readonly running?: { readonly startedAt: string };
    readonly terminated?: {
      readonly exitCode: number;
      readonly signal?: number;
      /** `Completed`, `Error`, `OOMKilled`, …; ours: `Lost` when nobody knows how it ended. */
      readonly reason: string;
      /** The text of the outputs file, raw. */
      readonly message?: string;
      readonly startedAt: string;
      readonly finishedAt: string;
    };
  };
}
