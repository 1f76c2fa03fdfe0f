import { createHash } from 'node:crypto';
import type { Log } from '../../../src/base/index.ts';
import { createVault, openSecrets } from '../../../src/cluster/adapters/secrets/index.ts';
import { type Cluster, NotFoundError, type Secret, type Secrets, withArchive } from '../../../src/cluster/index.ts';
import type { Fault, SimPlan } from '../plan.ts';
import { type Agent, createAgent } from './agent.ts';
import { createArchive, type SimArchive, type SimArchiveOptions } from './archive.ts';
import { doom, strikeWork } from './faults.ts';
import { createRepository, type SimRepository } from './git.ts';
import {
  createProcess,
  type ProcessOptions,
  RETENTION_POLICY,
  ROLES,
  type Role,
  type SimProcess,
} from './processes.ts';
import { type Chance, chanceOf } from './random.ts';
import { type Commit, createStore, type Disk, type SimStore } from './store.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** The start of every world: a Thursday, three days before Europe changes its clocks. */
export const START_MS = Date.UTC(2026, 2, 26, 21, 0, 0);

/** A whole simulated installation: a store, its processes, a machine that runs pods, repositories, and their users. */
export interface World {
  readonly plan: SimPlan;
  readonly timeline: Timeline;
  readonly store: SimStore;
  /** Of a world in one process; the others have none. */
  readonly archive: SimArchive | undefined;
  /** What users reach: the store, and the archive behind it. */
  readonly cluster: Cluster;
  readonly agent: Agent;
  readonly processes: ReadonlyMap<Role, SimProcess>;
  /** Processes whose place another has taken, and which go on. */
  readonly doubles: Set<SimProcess>;
  readonly repositories: readonly SimRepository[];
  /** Of what users choose at the time; faults and latencies have streams of their own. */
  readonly chance: Chance;
  readonly watchers: ((commits: readonly Commit[]) => void)[];
  /** Told what leaves the archive, and why. */
  readonly archiveWatchers: SimArchiveOptions['onRemove'][];
  /** Told of a shard in a process of its own that works on something else. */
  readonly ownerWatchers: ((process: SimProcess) => void)[];
  /** Told what processes log, but for details. */
  readonly logWatchers: ((text: string) => void)[];
  /** Runs `work` when no other push to that repository is on its way. */
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  readonly note: (text: string) => void;
  /** Digest of all that happened so far. */
  readonly hash: () => string;
  readonly options: ProcessOptions;
  readonly disk: { slowUntil: number; fullUntil: number };
  /** Roles whose process dies, or is cut off, with the next commit of its own, before it is told of it. */
  readonly doomed: { readonly kind: 'crashAtCommit' | 'cutAtCommit'; readonly role: Role; readonly forMs: number }[];
  /** Faults that wait for something that they can disturb. */
  readonly awaiting: { readonly work: Fault[]; readonly push: Fault[] };
  /** Until when something goes wrong, as far as it is known; in the past: nothing does. */
  troubledUntil: number;
  shards: number;
  /** The most that a clock was ever wrong: what was timed by it is as late. */
  worstSkewMs: number;
  /** How often the keys were divided anew. */
  divisions: number;
  isCalm: boolean;
}

export interface WorldOptions {
  /** Told what happens, in words; absent: nobody asks. */
  readonly trace?: (at: number, text: string) => void;
}

export function createWorld(plan: SimPlan, { trace }: WorldOptions = {}): World {
  const { seed, mode } = plan;
  const timeline = createTimeline(START_MS);
  const digest = createTraceDigest();
  const note = (text: string): void => {
    digest.add(`${timeline.now} ${text}\n`);
    trace?.(timeline.now, text);
  };
  const disk = { slowUntil: 0, fullUntil: 0 };
  const diskChance = chanceOf(seed, 'disk');
  const watchers: World['watchers'] = [];
  const doomed: World['doomed'] = [];
  const logWatchers: World['logWatchers'] = [];
  const archiveWatchers: World['archiveWatchers'] = [];
  const ports: Disk = {
    latencyMs: () => (timeline.now < disk.slowUntil ? diskChance.between(50, 3_000) : diskChance.between(0.05, 1)),
    isFull: () => timeline.now < disk.fullUntil,
  };
  const { bytes } = chanceOf(seed, 'vault');
  const vault = mode === 'kubernetes' ? undefined : createVault(bytes(32), bytes);
  const store = createStore({
    timeline,
    random: chanceOf(seed, 'uids'),
    disk: ports,
    seal: vault?.seal,
    onCommit(commits, text) {
      digest.add(`${timeline.now} ${text}`);
      if (trace !== undefined) for (const line of text.trimEnd().split('\n')) trace(timeline.now, line.slice(0, 600));
      for (const watch of watchers) watch(commits);
      if (doomed.length > 0) doom(world, commits);
      if (world.awaiting.work.length > 0) strikeWork(world, commits);
    },
  });
  const archive =
    mode === 'kubernetes'
      ? undefined
      : createArchive({
          timeline,
          disk: ports,
          chance: chanceOf(seed, 'archive'),
          onRemove(entry, why) {
            const { namespace, name } = entry.execution.metadata;
            note(`archive lets go of ${namespace}/${name}: ${why}`);
            for (const watch of archiveWatchers) watch(entry, why);
          },
        });
  const live = clusterOf(store);
  const repositories = Array.from({ length: plan.repositories }, (_, i) => createRepository(`repo-${i}`));
  const inTurn = createTurns();
  const log = (process: string): Log => ({
    write(level, message, fields) {
      if (level === 'debug' || (trace === undefined && logWatchers.length === 0)) return;
      const text = `${process} ${level}: ${message} ${JSON.stringify(fields ?? {})}`;
      trace?.(timeline.now, text.slice(0, 600));
      for (const hear of logWatchers) hear(text);
    },
  });
  const secrets = vault === undefined ? plainSecrets(store) : openSecrets({ cluster: live, vault, environment: {} });
  const agent = createAgent({ seed, timeline, store, clock: () => Math.floor(timeline.now), secrets });
  watchers.push((commits) => agent.observe(commits));
  const world: World = {
    plan,
    timeline,
    store,
    archive,
    cluster: archive === undefined ? live : withArchive(live, archive),
    agent,
    processes: new Map(ROLES.map((role) => [role, createProcess(role)])),
    doubles: new Set(),
    repositories,
    chance: chanceOf(seed, 'users'),
    watchers,
    archiveWatchers,
    ownerWatchers: [],
    logWatchers,
    inTurn,
    note,
    hash: digest.read,
    options: {
      seed,
      timeline,
      store,
      mode,
      repositories,
      inTurn,
      log,
      shards: () => world.shards,
      archive,
      onOwned(process) {
        for (const watch of world.ownerWatchers) watch(process);
      },
      onEnded: (ended) => world.processes.get('retention')?.retention?.ended(ended),
    },
    disk,
    doomed,
    awaiting: { work: [], push: [] },
    troubledUntil: START_MS,
    shards: plan.shards,
    worstSkewMs: 0,
    divisions: 0,
    isCalm: false,
  };
  return world;
}

/** Of all that happened: texts are hashed many at a time. */
function createTraceDigest(): { add(text: string): void; readonly read: () => string } {
  const hash = createHash('sha1');
  let pending = '';
  return {
    add(text) {
      pending += text;
      if (pending.length < 65_536) return;
      hash.update(pending);
      pending = '';
    },
    read: () => hash.copy().update(pending).digest('hex'),
  };
}

/** One after the other, per repository. */
function createTurns(): World['inTurn'] {
  const last = new Map<string, Promise<void>>();
  return (repository, work) => {
    const run = (last.get(repository) ?? Promise.resolve()).then(work);
    last.set(
      repository,
      run.catch(() => undefined),
    );
    return run;
  };
}

/** As a kubelet reads them: Kubernetes keeps values as they are given. */
function plainSecrets(store: SimStore): Secrets {
  return {
    async read(namespace, { name, key }) {
      const found = store.find({ kind: 'Secret', namespace, name }) as Secret | undefined;
      const value = found?.data?.[key];
      if (value === undefined) return { kind: 'missing', message: `secret "${name}" not found` };
      return { kind: 'value', bytes: Buffer.from(value, 'base64') };
    },
  };
}

/** The store as users reach it: with no weather in between. */
function clusterOf(store: SimStore): Cluster {
  return {
    get: async (key) => store.get(key) as never,
    list: (kind, options) => store.list(kind, options) as never,
    watch: (kind, options) => store.watch(kind, options) as never,
    write: (writes, options) => store.write(writes, options),
    podLogs(key) {
      throw new NotFoundError(key);
    },
  };
}

export { RETENTION_POLICY };
