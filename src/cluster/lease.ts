import type { KubeObject } from './object.ts';

/** As much of Kubernetes' coordination.k8s.io/v1 Lease as we read and write. */
export interface Lease extends KubeObject {
  readonly kind: 'Lease';
  readonly spec: {
    /** Empty: given back. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds, as Kubernetes' MicroTime. */
    readonly acquireTime?: string;
    readonly renewTime?: string;
    /** How often the holder changed: the epoch of the one that holds it. */
    readonly leaseTransitions?: number;
  };
}

export const LEASE_API_VERSION = 'coordination.k8s.io/v1';
