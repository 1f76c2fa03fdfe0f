/** What somebody may choose of an installation. */
export interface InstallOptions {
  /** Of the program that makes the manifests. */
  readonly version: string;
  /** Of the controller and the propeller shards, with a registry, and better with a digest. */
  readonly image: string;
  /** Of the controller; one alone is not there while it is replaced. */
  readonly replicas: number;
  /** A PersistentVolumeClaim for repositories that are pushed here; absent: what remotes have is fetched again. */
  readonly dataClaim?: string;
  /** For the Prometheus operator, whose kind ServiceMonitor the cluster must have. */
  readonly serviceMonitor: boolean;
  /** A ConfigMap that Grafana's sidecar takes up. */
  readonly dashboard: boolean;
}

export const DEFAULT_REPLICAS = 2;
