import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  type CacheEntry,
  type Execution,
  ExpiredError,
  type Revision,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import type { Existing } from './check.ts';
import { NAMESPACE, PROJECT } from './definitions.ts';
import { type Ledger, noteExecution } from './ledger.ts';

/** Reads all that the ledger can speak of. */
export async function readExisting(cluster: KubernetesCluster): Promise<Existing> {
  // The archive after the store: what moves meanwhile is then in one of them, or in both.
  const live = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
  const archived = await allArchived(cluster);
  const revisions = await cluster.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE });
  const entries = await cluster.list<CacheEntry>('CacheEntry', { namespace: NAMESPACE });
  const byUid = new Map([...archived, ...live.items].map((execution) => [execution.metadata.uid, execution]));
  return {
    executions: [...byUid.values()],
    revisions: new Set(revisions.items.map(({ metadata }) => metadata.name.slice(PROJECT.length + 1))),
    cacheEntries: new Set(entries.items.map(({ metadata }) => metadata.uid ?? '')),
    version: Number(live.resourceVersion),
  };
}

async function allArchived(cluster: KubernetesCluster): Promise<readonly Execution[]> {
  const found: Execution[] = [];
  for (let token: string | undefined; ; ) {
    const page = await cluster.list<Execution>('Execution', {
      namespace: NAMESPACE,
      archived: {},
      limit: 500,
      ...(token !== undefined && { continueToken: token }),
    });
    found.push(...page.items);
    token = page.continueToken;
    if (token === undefined) return found;
  }
}

/**
 * Watches executions until the signal, from the version that the last watch had reached, over restarts too. Versions
 * must rise, and what is seen must go on from what was seen before.
 */
export async function observe(cluster: KubernetesCluster, ledger: Ledger, signal: AbortSignal): Promise<void> {
  let from = String(ledger.latestVersion);
  while (!signal.aborted) {
    try {
      let last = Number(from);
      for await (const events of cluster.watch<Execution>('Execution', {
        namespace: NAMESPACE,
        resourceVersion: from,
        signal,
      })) {
        for (const event of events) {
          if (event.type === 'BOOKMARK') continue;
          const version = Number(event.object.metadata.resourceVersion);
          if (version <= last) ledger.problems.push(`a watch gave version ${version} after ${last}`);
          last = version;
          from = String(version);
          noteExecution(ledger, event.object, true);
        }
      }
    } catch (error) {
      if (error instanceof ExpiredError) from = await relist(cluster, ledger, signal);
      // Anything else is what a killed process leaves of a connection.
      else if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function relist(cluster: KubernetesCluster, ledger: Ledger, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
      for (const execution of items) noteExecution(ledger, execution, true);
      return resourceVersion;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return '0';
}
