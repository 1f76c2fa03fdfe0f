import { BugError } from '../base/index.ts';

/** Any object of a cluster, as it is applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A kind of manifests: where the API server keeps its objects. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Every kind of which there are manifests, in the order in which they are applied. */
export const RESOURCES: ReadonlyMap<string, Resource> = new Map([
  [
    'CustomResourceDefinition',
    { apiVersion: 'apiextensions.k8s.io/v1', plural: 'customresourcedefinitions', namespaced: false },
  ],
  ['Namespace', { apiVersion: 'v1', plural: 'namespaces', namespaced: false }],
  ['ServiceAccount', { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true }],
  ['ClusterRole', { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterroles', namespaced: false }],
  [
    'ClusterRoleBinding',
    { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterrolebindings', namespaced: false },
  ],
  ['Role', { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'roles', namespaced: true }],
  ['RoleBinding', { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'rolebindings', namespaced: true }],
  ['ConfigMap', { apiVersion: 'v1', plural: 'configmaps', namespaced: true }],
  ['Service', { apiVersion: 'v1', plural: 'services', namespaced: true }],
  ['Deployment', { apiVersion: 'apps/v1', plural: 'deployments', namespaced: true }],
  ['PodDisruptionBudget', { apiVersion: 'policy/v1', plural: 'poddisruptionbudgets', namespaced: true }],
  ['NetworkPolicy', { apiVersion: 'networking.k8s.io/v1', plural: 'networkpolicies', namespaced: true }],
  ['ServiceMonitor', { apiVersion: 'monitoring.coreos.com/v1', plural: 'servicemonitors', namespaced: true }],
]);

/** The URL path of an object. Throws for a kind that no manifest here has. */
export function manifestPath({ kind, metadata: { name, namespace } }: Manifest): string {
  const resource = RESOURCES.get(kind);
  if (resource === undefined) throw new BugError(`no manifest is a ${kind}`);
  const { apiVersion } = resource;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
  return `${root}${inside}/${resource.plural}/${name}`;
}

/** `Deployment pipectl-system/pipectl-controller`, for people. */
export function manifestName({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
