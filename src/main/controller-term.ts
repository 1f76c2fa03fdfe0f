import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { KubernetesCluster } from '../cluster/adapters/kubernetes/index.ts';
import { openSecrets, PLAIN_VALUES } from '../cluster/adapters/secrets/index.ts';
import type { Secrets } from '../cluster/index.ts';
import { startTokens } from '../control/access/index.ts';
import { startBackfills } from '../control/backfill/index.ts';
import { startDeliveries } from '../control/notifications/index.ts';
import { startObjectStoreChecks } from '../control/object-store/index.ts';
import { followRetentionPolicy, startCollection, startRetention } from '../control/retention/index.ts';
import { startScheduler } from '../control/scheduler/index.ts';
import { createSourceObjects, layOutSources } from '../control/sources/index.ts';
import { createHttpSender } from '../notify/adapters/http/index.ts';
import { createMailSender } from '../notify/adapters/smtp/index.ts';
import { createSourceMaps } from '../runtime/index.ts';
import { openAuditLog } from './audit-log.ts';
import type { Ends } from './daemon.ts';
import { keepFleetSize } from './fleet-size.ts';
import { startGitServices } from './git-services.ts';
import { startGitSide } from './git-side.ts';
import type { Host } from './host.ts';
import { type HostGit, type LocalScheme, openHostGit } from './host-git.ts';
import type { Metrics } from './metrics.ts';
import { objectStoreOpener } from './object-store.ts';

export interface TermOptions extends Host {
  /** Writes only while the lease is held. */
  readonly cluster: KubernetesCluster;
  readonly metrics: Metrics;
  readonly dataFolder: string;
  /** Folder of the audit log. */
  readonly audit: string;
  readonly localSchemes?: readonly LocalScheme[];
  readonly withoutGit?: boolean;
}

/** A controller at work. */
export interface Term {
  /** Answers git and webhooks; false when it is neither. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

/**
 * Starts every loop that one process in a cluster runs; what it starts is added to `ends`. Executions that are over stay
 * objects of the cluster for as long as retention lets them: there is no archive that clients of an API server could ask.
 */
export async function startTerm(options: TermOptions, ends: Ends): Promise<Term> {
  const { cluster, metrics, clock, random, log, localSchemes = [], withoutGit = false } = options;
  const host: Host = { clock, random, log };
  const git = join(options.dataFolder, 'git');
  for (const folder of [git, options.audit]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const audit = openAuditLog({ folder: options.audit, clock, log });
  ends.push(() => audit.close());
  const secrets = openSecrets({ cluster, vault: PLAIN_VALUES, environment: {} });
  const hostGit = await openHostGit({ folder: git, withoutGit, localSchemes, log }, ends);
  const { resync, use } = startGitSide(cluster, hostGit, host, ends);
  await resync.all();
  const tokens = await startTokens({ ...host, cluster, onRevoked: () => undefined });
  ends.push(() => tokens.stop());
  const { authenticate } = tokens;
  const services = await startGitServices(
    { ...host, cluster, store: cluster, hostGit, secrets, resync, metrics, audit, authenticate },
    ends,
  );
  ends.push(async () => {
    resync.close();
    await services.drained();
  });
  resync.allLater(services.inTurn);
  const layingOut = layOutSources({ ...host, cluster, sources: sourceMaps(options, { hostGit, secrets }, ends) });
  ends.push(() => layingOut.stop());
  startLoops(options, secrets, host, ends);
  const collection = startCollection({ cluster, use, ...host });
  ends.push(() => collection.stop());
  return { handle: services.handle };
}

function sourceMaps(
  { cluster, clock, log }: TermOptions,
  { hostGit, secrets }: { readonly hostGit: HostGit; readonly secrets: Secrets },
  ends: Ends,
): ReturnType<typeof createSourceMaps> {
  const { repositories, remotes, proxyFor } = hostGit;
  const ending = new AbortController();
  ends.push(() => ending.abort('ended'));
  const readerOf = createSourceObjects({
    cluster,
    secrets,
    proxyFor,
    fetchBlobs: remotes.fetchBlobs,
    stored: (name) => repositories.reader(name),
    signal: ending.signal,
  });
  return createSourceMaps({ cluster, clock, log, readerOf });
}

function startLoops({ cluster, metrics }: TermOptions, secrets: Secrets, host: Host, ends: Ends): void {
  const deliveries = startDeliveries({
    cluster,
    secrets,
    senders: { http: createHttpSender(), mail: createMailSender() },
    ...host,
  });
  ends.push(() => deliveries.stop());
  const open = objectStoreOpener({ secrets, environment: process.env, takesFolder: false, ...host });
  const objectStore = startObjectStoreChecks({ cluster, open, ...host });
  ends.push(() => objectStore.stop());
  const retention = startRetention({ cluster, ...host });
  ends.push(() => retention.stop());
  const policy = followRetentionPolicy({ cluster, retention, ...host });
  ends.push(() => policy.stop());
  // It is elected already: the lease of the controller is that of its scheduler.
  const scheduler = startScheduler({ cluster, onTick: metrics.onTick, ...host });
  ends.push(() => scheduler.stop());
  const backfills = startBackfills({ cluster, ...host });
  ends.push(() => backfills.stop());
  const fleet = keepFleetSize({ cluster, ...host });
  ends.push(() => fleet.stop());
  metrics.watch({ scheduler, backfills, deliveries });
}
