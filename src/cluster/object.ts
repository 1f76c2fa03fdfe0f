import type { Json } from '../base/index.ts';
import type { FieldSet } from './field-set.ts';

/** The API group and version of every kind of our own. */
export const API_VERSION = 'pipectl.dev/v1';
/** Where repositories, revisions and closures live; definitions and executions live in `<project>-<domain>`. */
export const SYSTEM_NAMESPACE = 'pipectl-system';

/** Kubernetes' ObjectMeta, as much of it as we read or write. Times are RFC 3339 in UTC. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque; equal means same version of the object. Embedded: the store's revision as decimal digits. */
  readonly resourceVersion?: string;
  /** Counts changes of spec, not of status. */
  readonly generation?: number;
  readonly creationTimestamp?: string;
  /** When it will be gone at the latest: the request to delete it, plus the grace that it got. */
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  /** Who owns which fields; see `server-side-apply.ts`. Absent: nobody asked, or nobody applied. */
  readonly managedFields?: readonly ManagedFields[];
}

/** What one manager owns, in the words of Kubernetes' ManagedFieldsEntry. */
export interface ManagedFields {
  readonly manager: string;
  /** `Apply`: the manager named these fields when it applied last. `Update`: it changed them in another way. */
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** When it changed something last, RFC 3339. */
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Any object of the API. Readonly to the core: a store hands out shared, frozen-by-type values. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** Names one object. Cluster-scoped kinds (Namespace) have no namespace. */
export interface ObjectKey {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** A Kubernetes condition. `lastTransitionTime` moves only when `status` does. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** A JSON merge patch (RFC 7386): null removes, objects merge, all else replaces. */
export type MergePatch = { readonly [key: string]: Json };
