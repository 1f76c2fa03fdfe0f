import { hostname } from 'node:os';
import type { Log } from '../base/index.ts';
import { openArchive } from '../cluster/adapters/archive/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../cluster/adapters/embedded/index.ts';
import { createVault, openSecrets, openVaultKey } from '../cluster/adapters/secrets/index.ts';
import { type Archive, type Cluster, type Secrets, withArchive } from '../cluster/index.ts';
import { startBackfills } from '../control/backfill/index.ts';
import { type Deliveries, startDeliveries } from '../control/notifications/index.ts';
import { startObjectStoreChecks } from '../control/object-store/index.ts';
import { followPlatform, reportShards } from '../control/propeller/index.ts';
import {
  type BlobSweep,
  createBlobSweep,
  createBlobUse,
  followRetentionPolicy,
  startCollection,
  startRetention,
} from '../control/retention/index.ts';
import { startScheduler } from '../control/scheduler/index.ts';
import { createSourceObjects } from '../control/sources/index.ts';
import { createHttpSender } from '../notify/adapters/http/index.ts';
import { createMailSender } from '../notify/adapters/smtp/index.ts';
import { bootId, type NodeAgent, type NodeAgentOptions, startNodeAgent } from '../runtime/adapters/process/index.ts';
import { openSources } from '../runtime/index.ts';
import { openAuditLog } from './audit-log.ts';
import { openYoungCollector } from './collector.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { startGitSide } from './git-side.ts';
import { tuneHeap } from './heap.ts';
import { type Host, hostClock, hostRandom } from './host.ts';
import { type HostGit, type LocalScheme, openHostGit } from './host-git.ts';
import { releaseIdleMemory } from './idle-memory.ts';
import { keepKubeconfig } from './kubeconfig.ts';
import { startLocalShards } from './local-shards.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { lazyStore, objectStoreOpener, withStoredOutputs } from './object-store.ts';
import { serve } from './serve.ts';

export interface DaemonOptions {
  readonly dataFolder: string;
  /** Port on 127.0.0.1; 0: any free one. */
  readonly port: number;
  /** Schemes of remotes to follow besides https and ssh: for machines of one's own, and tests. */
  readonly localSchemes?: readonly LocalScheme[];
  /** Do without git though it is there: follow remotes over HTTPS, serve none. */
  readonly withoutGit?: boolean;
  readonly log: Log;
}

/** A control plane in this process. */
export interface Daemon {
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly token: string;
  readonly gitUrl: string;
  /** Whether there is git to serve repositories with. */
  readonly servesGit: boolean;
  /** Resolves when it has stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** The longest that a timer of Node's takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What was started, to be ended in reverse order. */
export type Ends = (() => void | Promise<void>)[];

/**
 * Starts the whole control plane on one data folder: store, API, git endpoint, loops and node agent.
 * Rejects with StalledError when the folder is taken or unusable, or the port is in use; then nothing
 * of it is left running.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const ends: Ends = [];
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return await start(options, ends, endAll);
  } catch (error) {
    await endAll();
    throw error;
  }
}

async function start(options: DaemonOptions, ends: Ends, endAll: () => Promise<void>): Promise<Daemon> {
  tuneHeap();
  ends.push(stayAlive());
  const { log, localSchemes = [], withoutGit = false } = options;
  const folder = openDataFolder(options.dataFolder, hostClock.now());
  ends.push(() => folder.release());
  const host = { clock: hostClock, random: hostRandom, log };
  const vault = createVault(openVaultKey(folder.secretsKey, process.env.PIPECTL_SECRETS_PASSPHRASE || undefined));
  // Ends after the store: what that still writes is audited as well.
  const audit = openAuditLog({ folder: folder.audit, clock: hostClock, log });
  ends.push(() => audit.close());
  const store = await openEmbeddedStore({ folder: folder.store, seal: vault.seal, ...host });
  ends.push(() => store.close());
  const archive = openArchive({ path: folder.archive, clock: hostClock });
  ends.push(() => archive.close());
  // What reads executions by name sees the archived ones too; what keeps and counts the live ones works on the store.
  const planes: Planes = { store, archive, cluster: withArchive(store, archive) };
  const secrets = openSecrets({ cluster: store, vault, environment: process.env });
  const hostGit = await openHostGit({ folder: folder.git, withoutGit, localSchemes, log }, ends);
  const { resync, use } = startGitSide(store, hostGit, host, ends);
  // Before anybody can push: what a push notes of its refs must not meet what this reads of them.
  await resync.all();
  const { values, blobs } = startValues(store, secrets, host, ends);
  const agent = await startAgent(folder, planes, { hostGit, secrets, values }, host, ends);
  const metrics = createMetrics();
  const shown = { ...planes, cluster: withStoredOutputs(planes.cluster, values) };
  const url = await serve({ ...options, ...host, ...shown, folder, hostGit, resync, metrics, secrets, audit }, ends);
  // Last, since each begins by reading what there is, which must not keep clients waiting.
  const deliveries = startDeliveries({
    cluster: store,
    secrets,
    senders: { http: createHttpSender(), mail: createMailSender() },
    ...host,
  });
  ends.push(() => deliveries.stop());
  startLoops(planes, { agent, deliveries, folder, blobs }, metrics, host, ends);
  const collection = startCollection({ cluster: store, archive, use, blobs, ...host });
  ends.push(() => collection.stop());
  const kubeconfig = keepKubeconfig({ cluster: store, folder, port: Number(new URL(url).port), ...host });
  ends.push(() => kubeconfig.close());
  ends.push(releaseIdleMemory().stop);

  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;
  return {
    url,
    kubeconfigPath: folder.kubeconfig,
    token: folder.token,
    gitUrl: `${url}/git/`,
    servesGit: hostGit.served !== undefined,
    ended,
    stop: () => {
      stopping ??= endAll().finally(end);
      return stopping;
    },
  };
}

/** Timers of the host's clock keep no process alive, and while it starts and ends there may be nothing else to wait for. */
function stayAlive(): () => void {
  const timer = setInterval(() => {}, MAX_TIMER_MS);
  return () => clearInterval(timer);
}

/** The object store that git names: where tasks keep what is too large for objects, and what sweeps it. */
function startValues(
  store: EmbeddedStore,
  secrets: Secrets,
  host: Host,
  ends: Ends,
): { readonly values: NonNullable<NodeAgentOptions['objectStore']>; readonly blobs: BlobSweep } {
  const open = objectStoreOpener({ secrets, environment: process.env, takesFolder: true, ...host });
  const checks = startObjectStoreChecks({ cluster: store, open, ...host });
  ends.push(() => checks.stop());
  const use = createBlobUse();
  const current = async () => (checks.isNamed() ? checks.current() : undefined);
  return {
    values: lazyStore(checks, use),
    blobs: createBlobSweep({ cluster: store, store: current, use, log: host.log }),
  };
}

/** The objects of this control plane: those that live, those that are over, and both as one. */
interface Planes {
  readonly store: EmbeddedStore;
  readonly archive: Archive;
  readonly cluster: Cluster;
}

async function startAgent(
  folder: DataFolder,
  { store, cluster }: Planes,
  {
    hostGit,
    secrets,
    values,
  }: {
    readonly hostGit: HostGit;
    readonly secrets: Secrets;
    readonly values: NonNullable<NodeAgentOptions['objectStore']>;
  },
  host: Host,
  ends: Ends,
): Promise<NodeAgent> {
  const { repositories, remotes, proxyFor } = hostGit;
  const ending = new AbortController();
  ends.push(() => ending.abort());
  const readerOf = createSourceObjects({
    cluster: store,
    secrets,
    proxyFor,
    fetchBlobs: remotes.fetchBlobs,
    stored: (name) => repositories.reader(name),
    signal: ending.signal,
  });
  const sources = await openSources({
    folder: folder.sources,
    readerOf,
    bootId: bootId(),
    ...host,
  });
  const agent = await startNodeAgent({
    cluster,
    folder: folder.attempts,
    sources,
    secrets,
    objectStore: values,
    ...host,
  });
  store.serveLogs((key, logOptions) => agent.podLogs(key, logOptions));
  ends.push(() => agent.stop('end'));
  return agent;
}

/** Everything that makes executions move: propeller, scheduler, retention. */
function startLoops(
  { store, archive, cluster }: Planes,
  {
    agent,
    deliveries,
    folder,
    blobs,
  }: {
    readonly agent: NodeAgent;
    readonly deliveries: Deliveries;
    readonly folder: DataFolder;
    readonly blobs: BlobSweep;
  },
  metrics: Metrics,
  host: Host,
  ends: Ends,
): void {
  const retention = startRetention({
    cluster: store,
    archive,
    sweepLogs: (limits) => agent.sweepLogs(limits),
    ...host,
  });
  ends.push(() => retention.stop());
  const policy = followRetentionPolicy({ cluster: store, retention, ...host });
  ends.push(() => policy.stop());
  const propeller = startLocalShards({
    cluster,
    store,
    folder,
    identity: `${hostname()}-${process.pid}-${Buffer.from(host.random.bytes(4)).toString('hex')}`,
    onRound: metrics.onRound,
    onEnded(ended) {
      metrics.onEnded(ended);
      const { namespace, name, uid, finishedAt } = ended;
      retention.ended({ namespace, name, uid, finishedAt });
    },
    hasOnlyOwnPods: true,
    ...host,
  });
  ends.push(() => propeller.stop());
  const report = reportShards({ cluster: store, shards: propeller.statsByShard, ...host });
  ends.push(() => report.stop());
  // One shard where git says nothing of them.
  const onSynced = (): void => void propeller.setSharding(platform.sharding());
  const platform = followPlatform({ cluster: store, propeller, onSynced, ...host });
  ends.push(() => platform.stop());
  const onPrepared = openYoungCollector();
  const scheduler = startScheduler({ cluster, onTick: metrics.onTick, onPrepared, ...host });
  ends.push(() => scheduler.stop());
  const backfills = startBackfills({ cluster, ...host });
  ends.push(() => backfills.stop());
  metrics.watch({ store, agent, propeller, scheduler, backfills, deliveries, blobs: blobs.stats });
}
