import { createHash } from 'node:crypto';
import type { Log } from '../../../src/base/index.ts';
import { createVault, openSecrets } from '../../../src/cluster/adapters/secrets/index.ts';
import {
  type Cluster,
  type Execution,
  ExpiredError,
  KINDS,
  NotFoundError,
  type Secret,
  type Secrets,
  withArchive,
} from '../../../src/cluster/index.ts';
import type { Fault, SimPlan } from '../plan.ts';
import { type Agent, createAgent } from './agent.ts';
import { createArchive, type SimArchive, type SimArchiveOptions } from './archive.ts';
import { createRepository, type SimRepository } from './git.ts';
import {
  createProcess,
  double,
  isWanted,
  kill,
  type ProcessOptions,
  RETENTION_POLICY,
  ROLES,
  type Role,
  type SimProcess,
  start,
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
      onEnded: (ended) => world.processes.get('retention')?.retention?.ended(ended),
    },
    disk,
    doomed,
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

export function startAll(world: World): void {
  for (const process of world.processes.values()) if (process.link === undefined) start(process, world.options);
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

function losePower({ store, archive, agent }: World): void {
  store.losePower();
  archive?.losePower();
  agent.losePower();
}

/** In one process with the store, all of it ends; and what is not on the disk is gone. */
export function crash(world: World, role: Role, forMs: number): void {
  const { processes, timeline, options } = world;
  world.troubledUntil = Math.max(world.troubledUntil, timeline.now + forMs);
  const victims = options.mode === 'embedded' ? [...processes.values()] : [processes.get(role) as SimProcess];
  if (options.mode === 'embedded') losePower(world);
  for (const process of victims) kill(process);
  timeline.after(world.isCalm ? 0 : forMs, () => {
    for (const process of victims) if (process.link === undefined) start(process, options);
  });
}

/** What only those write who run as this role; what users write is none of it. */
const WRITTEN_BY: readonly (readonly [prefix: string, kinds: ReadonlySet<string>])[] = [
  ['propeller', new Set(['Pod', 'Execution'])],
  ['scheduler', new Set(['Schedule', 'Execution'])],
  ['reconciler', new Set(['Revision', 'Repository', 'Platform', 'Task', 'Workflow', 'LaunchPlan'])],
  ['retention', new Set(['Pod', 'Execution', 'CacheEntry'])],
];

function isWriteOf(role: Role, commit: Commit): boolean {
  const { kind } = commit.kind === 'put' ? commit.object : commit.key;
  const isOwn = WRITTEN_BY.some(([prefix, kinds]) => role.startsWith(prefix) && kinds.has(kind));
  if (!isOwn || role === 'reconciler') return isOwn;
  if (role === 'retention') return commit.kind === 'delete';
  if (role !== 'scheduler') return kind === 'Pod' ? commit.kind === 'put' : commit.kind === 'status';
  if (kind === 'Schedule') return commit.kind === 'status';
  return commit.kind === 'put' && (commit.object as Execution).spec.trigger.kind === 'schedule';
}

function doom(world: World, commits: readonly Commit[]): void {
  const { doomed, processes, timeline } = world;
  for (const fault of doomed.splice(0)) {
    const { kind, role, forMs } = fault;
    if (!commits.some((commit) => isWriteOf(role, commit))) doomed.push(fault);
    else if (kind === 'crashAtCommit') crash(world, role, forMs);
    else {
      world.troubledUntil = Math.max(world.troubledUntil, timeline.now + forMs);
      (processes.get(role) as SimProcess).weather.partitionedUntil = timeline.now + forMs;
    }
  }
}

const ORDINARY: ReadonlySet<Fault['kind']> = new Set(['evict', 'lose', 'vanish', 'crashAtCommit', 'cutAtCommit']);

/** Makes a fault happen now. */
export function strike(world: World, fault: Fault): void {
  const { processes, disk, timeline, agent, store } = world;
  const lastsMs = 'forMs' in fault ? fault.forMs : 'lateMs' in fault ? fault.lateMs : 0;
  const until = timeline.now + lastsMs;
  const process = 'role' in fault ? (processes.get(fault.role) as SimProcess) : undefined;
  // That attempts end by themselves is nothing that anybody must first recover from.
  if (!ORDINARY.has(fault.kind)) world.troubledUntil = Math.max(world.troubledUntil, until);
  switch (fault.kind) {
    case 'crash':
      crash(world, fault.role, fault.forMs);
      return;
    case 'crashAtCommit':
    case 'cutAtCommit':
      world.doomed.push({ kind: fault.kind, role: fault.role, forMs: fault.forMs });
      return;
    case 'power':
      losePower(world);
      for (const role of ROLES) crash(world, role, fault.forMs);
      return;
    case 'partition':
      process!.weather.partitionedUntil = until;
      breakWatches(process!, new Error('the connection was lost'));
      return;
    case 'stale':
      process!.weather.staleUntil = until;
      return;
    case 'slow':
      process!.weather.slowUntil = until;
      return;
    case 'flaky': {
      const [refused = 0, lostBefore = 0, lostAfter = 0] = fault.rates;
      Object.assign(process!.weather, { flakyUntil: until, refused, lostBefore, lostAfter });
      return;
    }
    case 'reshard':
      reshard(world, fault);
      return;
    case 'double':
      replace(world, process!, fault);
      return;
    case 'cut':
      breakWatches(process!, new Error('the socket was reset'));
      return;
    case 'forget':
      for (const { kind } of KINDS) store.forget(kind);
      for (const each of processes.values()) breakWatches(each, new ExpiredError('too old resource version'));
      return;
    case 'clock':
      process!.skew.ms += fault.byMs;
      world.worstSkewMs = Math.max(world.worstSkewMs, Math.abs(process!.skew.ms));
      return;
    case 'slowDisk':
      disk.slowUntil = until;
      return;
    case 'fullDisk':
      disk.fullUntil = until;
      return;
    case 'stopMachine':
      agent.pauseUntil(until);
      return;
    case 'evict':
    case 'lose':
    case 'vanish':
      agent.disturb(fault.kind, fault.choice);
      return;
  }
}

/** Another number of propellers: those that are too many give up what they have, those that are missing begin. */
function reshard(world: World, { shards, late, lateMs }: Extract<Fault, { kind: 'reshard' }>): void {
  world.shards = shards;
  world.divisions++;
  for (const process of world.processes.values()) {
    if (process.role === late) world.timeline.after(lateMs, () => tellDivision(world, process));
    else tellDivision(world, process);
  }
  world.timeline.after(1_000, () => startAll(world));
}

function tellDivision(world: World, process: SimProcess): void {
  if (isWanted(process, world.options)) process.reshard?.(world.shards);
  else if (process.link !== undefined) {
    const { link } = process;
    void process.retire?.().then(() => {
      if (process.link !== link) return;
      // What is told to end ends, also when it has become wanted again: then another takes its place.
      kill(process);
      startAll(world);
    });
  }
}

/** Somebody takes a process for dead, one that is cut off or not, and starts another; both are there for a while. */
function replace(world: World, process: SimProcess, { cutMs, forMs }: Extract<Fault, { kind: 'double' }>): void {
  if (process.link === undefined || world.options.mode === 'embedded') return;
  const { timeline, doubles } = world;
  const old = double(process, world.options);
  doubles.add(old);
  if (cutMs > 0) {
    old.weather.partitionedUntil = timeline.now + cutMs;
    breakWatches(old, new Error('the connection was lost'));
  }
  timeline.after(forMs, () => {
    doubles.delete(old);
    kill(old);
  });
}

function breakWatches({ link }: SimProcess, error: Error): void {
  for (const breaker of [...(link?.breakers ?? [])]) breaker(error);
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

/** Nothing goes wrong from here on. */
export function calmDown(world: World): void {
  world.isCalm = true;
  Object.assign(world.disk, { slowUntil: 0, fullUntil: 0 });
  world.doomed.length = 0;
  for (const old of world.doubles) kill(old);
  world.doubles.clear();
  for (const { weather, skew } of world.processes.values()) {
    Object.assign(weather, { partitionedUntil: 0, flakyUntil: 0, staleUntil: 0, slowUntil: 0 });
    skew.ms = 0;
  }
  startAll(world);
}

export { RETENTION_POLICY };
