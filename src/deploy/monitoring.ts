import { SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { dashboard } from './dashboard.ts';
import { PART_OF } from './labels.ts';
import type { Manifest } from './manifest.ts';
import type { InstallOptions } from './options.ts';

/** What Prometheus' operator and Grafana's sidecar take up, as far as it was asked for. */
export function monitoringManifests(options: InstallOptions): readonly Manifest[] {
  return [...(options.dashboard ? [dashboardMap()] : []), ...(options.serviceMonitor ? [serviceMonitor()] : [])];
}

/** Grafana's sidecar looks for this label in all namespaces. */
function dashboardMap(): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'pipectl-dashboard',
      namespace: SYSTEM_NAMESPACE,
      labels: { ...PART_OF, grafana_dashboard: '1' },
    },
    data: { 'pipectl.json': `${JSON.stringify(dashboard(), null, 2)}\n` },
  };
}

function serviceMonitor(): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'pipectl', namespace: SYSTEM_NAMESPACE, labels: PART_OF },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': 'pipectl' } },
      endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }],
    },
  };
}
