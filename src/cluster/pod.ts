import type { Json } from '../base/index.ts';
import type { Condition, KubeObject } from './object.ts';
import type { SecretRef } from './secret.ts';

/** As much of Kubernetes' Pod as we write and read. What only a kubelet looks at is in the extra fields. */
export interface Pod extends KubeObject {
  readonly kind: 'Pod';
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface PodSpec {
  readonly restartPolicy: 'Never';
  readonly activeDeadlineSeconds?: number;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly nodeName?: string;
  readonly volumes?: readonly PodVolume[];
  readonly [field: string]: unknown;
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
  readonly volumeMounts?: readonly VolumeMount[];
  readonly terminationMessagePath?: string;
  readonly [field: string]: unknown;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

/** A volume: its name, and under the name of its source (`configMap`, `emptyDir`, …) that source's own fields. */
export interface PodVolume {
  readonly name: string;
  readonly [source: string]: Json;
}

/** A variable: written out, or a value of a Secret or a ConfigMap of the pod's namespace, or a field of the pod. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: EnvSource };

export type EnvSource =
  | { readonly secretKeyRef: SecretRef }
  | { readonly configMapKeyRef: { readonly name: string; readonly key: string } }
  | { readonly fieldRef: { readonly fieldPath: string } };

/** Condition of a pod whose outputs are in the object store in part; its message is their BlobRefs as JSON. */
export const OUTPUTS_STORED = 'pipectl.dev/OutputsStored';

export interface PodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly startTime?: string;
  readonly conditions?: readonly Condition[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
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
