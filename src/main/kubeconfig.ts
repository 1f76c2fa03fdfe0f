import { type Clock, type Log, MAX_REPOSITORIES, type Random } from '../base/index.ts';
import { type Cluster, type Repository, reflect, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { type DataFolder, kubeconfigText, writePrivateFile } from './data-folder.ts';

export interface KubeconfigOptions {
  readonly cluster: Cluster;
  readonly folder: DataFolder;
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Writes the kubeconfig now, and again when the first project becomes active: its context then names that project's
 * namespace, so that a bare `kubectl get executions` shows something.
 */
export function keepKubeconfig(options: KubeconfigOptions): { close(): Promise<void> } {
  const { cluster, folder, port } = options;
  const server = `https://127.0.0.1:${port}`;
  const active = new Map<string, string>();
  let namespace: string | undefined;
  writePrivateFile(folder.kubeconfig, kubeconfigText(server, folder, undefined));
  const stop = new AbortController();
  const reflector = reflect<Repository>(
    cluster,
    'Repository',
    { ...options, namespace: SYSTEM_NAMESPACE },
    {
      changed(changes) {
        for (const change of changes) {
          const found = change.type === 'set' ? activeNamespace(change.object) : undefined;
          const name = change.type === 'set' ? change.object.metadata.name : change.key.name;
          if (found === undefined) active.delete(name);
          else if (active.size < MAX_REPOSITORIES) active.set(name, found);
        }
        const chosen = [...active.values()].sort()[0];
        // A choice once made stays while it is there: a shell's default must not jump as repositories come.
        if (namespace !== undefined && [...active.values()].includes(namespace)) return;
        if (chosen === namespace) return;
        namespace = chosen;
        writePrivateFile(folder.kubeconfig, kubeconfigText(server, folder, namespace));
      },
    },
    stop.signal,
  );
  return {
    async close() {
      stop.abort();
      await reflector.done;
    },
  };
}

function activeNamespace({ status }: Repository): string | undefined {
  const domain = Object.entries(status?.domains ?? {}).find(([, { lastApplied }]) => lastApplied !== undefined);
  return domain === undefined || status?.project === undefined ? undefined : `${status.project}-${domain[0]}`;
}
