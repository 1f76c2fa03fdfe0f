import { homedir } from 'node:os';
import { join } from 'node:path';
import { WaitError } from '../base/index.ts';
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

/**
 * Connects to the control plane that options, environment and data folder name, in this order. Throws a WaitError when
 * none of them names any: the local one was never started.
 */
export async function openSession(options: SessionOptions): Promise<Connected> {
  const kubeconfigPath = chooseKubeconfig(options);
  if (kubeconfigPath === undefined && options.context === undefined && !hasOwnOfKubectl(options)) {
    const message = `there is no control plane in ${options.dataFolder}: \`pipectl up\` starts one`;
    throw new WaitError(message, RETRY_AFTER_START_MS);
  }
  return options.connect({
    ...(kubeconfigPath !== undefined && { kubeconfigPath }),
    ...(options.context !== undefined && { context: options.context }),
  });
}

/** Whether kubectl would find anything to connect with: a kubeconfig, or the account of the pod that this runs in. */
function hasOwnOfKubectl({ env, exists }: SessionOptions): boolean {
  if (env.KUBECONFIG !== undefined && env.KUBECONFIG !== '') return true;
  return env.KUBERNETES_SERVICE_HOST !== undefined || exists(join(env.HOME ?? homedir(), '.kube', 'config'));
}

const RETRY_AFTER_START_MS = 1_000;

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
