import { join } from 'node:path';
import type { Cluster } from '../cluster/index.ts';

export interface ConnectOptions {
  /** Absent: `$KUBECONFIG`, else `~/.kube/config`, as kubectl does. */
  readonly kubeconfigPath?: string;
  readonly context?: string;
}

/** A cluster port over the wire. Opening it reads the kubeconfig; the first call finds out whether anyone answers. */
export interface Connected {
  readonly cluster: Cluster;
  /** For messages, for example `http://127.0.0.1:7411`. */
  readonly server: string;
  /** Of the kubeconfig's context. */
  readonly namespace?: string;
  close(): void | Promise<void>;
}

export type Connector = (options: ConnectOptions) => Promise<Connected>;

export interface SessionOptions {
  readonly connect: Connector;
  readonly dataFolder: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/** Connects to the control plane that options, environment and data folder name, in this order. */
export async function openSession(options: SessionOptions): Promise<Connected> {
  const kubeconfigPath = chooseKubeconfig(options);
  return options.connect({
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    ...(options.context !== undefined && { context: options.context }),
  });
}

/**
 * `--kubeconfig`, else `$PIPECTL_KUBECONFIG`, else the one of the local control plane where there is one, else
 * undefined: kubectl's. A context alone asks for kubectl's, since the local one has only one.
 */
export function chooseKubeconfig(options: Omit<SessionOptions, 'connect'>): string | undefined {
  const { kubeconfig, context, env, dataFolder, exists } = options;
  if (kubeconfig !== undefined) return kubeconfig;
  if (env.PIPECTL_KUBECONFIG !== undefined && env.PIPECTL_KUBECONFIG !== '') return env.PIPECTL_KUBECONFIG;
  const local = join(dataFolder, 'kubeconfig');
  return context === undefined && exists(local) ? local : undefined;
}
