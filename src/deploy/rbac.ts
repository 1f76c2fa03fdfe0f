import { SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { labelsOf } from './labels.ts';
import type { Manifest } from './manifest.ts';
import { type Component, PERMISSIONS, type Permission } from './permissions.ts';

/** Service accounts, roles and bindings of the components. */
export function accessManifests(): readonly Manifest[] {
  return (['controller', 'propeller'] as const).flatMap((component) => [
    account(component),
    ...grants(component, 'cluster'),
    ...grants(component, 'system'),
  ]);
}

/** Name of all objects of a component. */
export function nameOf(component: Component): string {
  return `pipectl-${component}`;
}

function account(component: Component): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: nameOf(component), namespace: SYSTEM_NAMESPACE, labels: labelsOf(component) },
    automountServiceAccountToken: false,
  };
}

function grants(component: Component, scope: Permission['scope']): readonly Manifest[] {
  const isWide = scope === 'cluster';
  const prefix = isWide ? 'Cluster' : '';
  const metadata = {
    name: nameOf(component),
    ...(!isWide && { namespace: SYSTEM_NAMESPACE }),
    labels: labelsOf(component),
  };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind: `${prefix}Role`, metadata, rules: rulesOf(component, scope) },
    {
      apiVersion,
      kind: `${prefix}RoleBinding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: `${prefix}Role`, name: nameOf(component) },
      subjects: [{ kind: 'ServiceAccount', name: nameOf(component), namespace: SYSTEM_NAMESPACE }],
    },
  ];
}

/** The rules of a component's role, as RBAC writes them. */
export function rulesOf(component: Component, scope: Permission['scope']): readonly object[] {
  return PERMISSIONS.filter((row) => row.component === component && row.scope === scope).map(
    ({ group, resources, names, verbs }) => ({
      apiGroups: [group],
      resources,
      ...(names && { resourceNames: names }),
      verbs,
    }),
  );
}
