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

/** Where the API server keeps objects of a kind: `plural`, and whether they stand in namespaces. */
const RESOURCES: ReadonlyMap<string, { readonly plural: string; readonly namespaced: boolean }> = new Map([
  ['CustomResourceDefinition', { plural: 'customresourcedefinitions', namespaced: false }],
  ['Namespace', { plural: 'namespaces', namespaced: false }],
  ['ServiceAccount', { plural: 'serviceaccounts', namespaced: true }],
  ['ClusterRole', { plural: 'clusterroles', namespaced: false }],
  ['ClusterRoleBinding', { plural: 'clusterrolebindings', namespaced: false }],
  ['Role', { plural: 'roles', namespaced: true }],
  ['RoleBinding', { plural: 'rolebindings', namespaced: true }],
  ['ConfigMap', { plural: 'configmaps', namespaced: true }],
  ['PersistentVolumeClaim', { plural: 'persistentvolumeclaims', namespaced: true }],
  ['Service', { plural: 'services', namespaced: true }],
  ['Deployment', { plural: 'deployments', namespaced: true }],
  ['StatefulSet', { plural: 'statefulsets', namespaced: true }],
  ['PodDisruptionBudget', { plural: 'poddisruptionbudgets', namespaced: true }],
  ['NetworkPolicy', { plural: 'networkpolicies', namespaced: true }],
  ['ServiceMonitor', { plural: 'servicemonitors', namespaced: true }],
]);

/** The URL path of an object. Throws for a kind that no manifest here has. */
export function manifestPath({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const resource = RESOURCES.get(kind);
  if (resource === undefined) throw new Error(`no manifest is a ${kind}`);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const inside = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
  return `${root}${inside}/${resource.plural}/${name}`;
}

/** `Deployment pipectl-system/pipectl-controller`, for people. */
export function manifestName({ kind, metadata: { name, namespace } }: Manifest): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
