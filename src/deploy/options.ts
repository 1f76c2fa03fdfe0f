/** What somebody may choose of an installation. */
export interface InstallOptions {
  /** Of the controller and the propeller shards, with a registry, and better with a digest. */
  readonly image: string;
  /** Of each component; one alone is not there while it is replaced. */
  readonly replicas: number;
  /** For the Prometheus operator, whose kind ServiceMonitor the cluster must have. */
  readonly serviceMonitor: boolean;
  /** A ConfigMap that Grafana's sidecar takes up. */
  readonly dashboard: boolean;
}

export const DEFAULT_REPLICAS = 2;
