import { SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { customResourceDefinitions } from './crd.ts';
import { PART_OF, VERSION_LABEL } from './labels.ts';
import type { Manifest } from './manifest.ts';
import { monitoringManifests } from './monitoring.ts';
import { networkManifests } from './network.ts';
import type { InstallOptions } from './options.ts';
import { accessManifests } from './rbac.ts';
import { workloadManifests } from './workloads.ts';

/** All that an installation is made of, in the order in which it is applied. */
export function manifestsOf(options: InstallOptions): readonly Manifest[] {
  return [
    systemNamespace(options.version),
    ...(customResourceDefinitions() as readonly object[] as readonly Manifest[]),
    ...accessManifests(),
    ...networkManifests(),
    ...workloadManifests(options),
    ...monitoringManifests(options),
  ];
}

/** Its pods keep the strictest of Kubernetes' Pod Security Standards, and it is checked that they do. */
export function systemNamespace(version: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: SYSTEM_NAMESPACE,
      labels: {
        ...PART_OF,
        [VERSION_LABEL]: version,
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
    },
  };
}
