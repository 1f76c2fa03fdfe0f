import type { Log } from '../../../src/base/index.ts';
import { type Archive, withArchive } from '../../../src/cluster/index.ts';
import {
  followPlatform,
  type PropellerOptions,
  type PropellerStats,
  startPropeller,
  startPropellers,
} from '../../../src/control/propeller/index.ts';
import { startReconciler } from '../../../src/control/reconciler/index.ts';
import { createRegistration } from '../../../src/control/registration/index.ts';
import { type Retention, type RetentionPolicy, startRetention } from '../../../src/control/retention/index.ts';
import { startScheduler } from '../../../src/control/scheduler/index.ts';
import {
  createShardMap,
  type LeaseTiming,
  type Owner,
  type Ownership,
  type ShardMap,
  shardId,
  startShard,
} from '../../../src/control/shards/index.ts';
import type { PushHandler } from '../../../src/git/index.ts';
import { createResync } from '../../../src/main/resync.ts';
import { createClient } from './client.ts';
import type { SimRepository } from './git.ts';
import { type ClusterMode, calm, clockOf, endLife, isDead, type Link, newLife, type Weather } from './link.ts';
import { chanceOf } from './random.ts';
import type { SimStore } from './store.ts';
import type { Timeline } from './timeline.ts';

/** What runs of `control/`, each as a process that can die and be started again alone. A propeller is one shard of them. */
export const ROLES = [
  'propeller-0',
  'propeller-1',
  'propeller-2',
  'propeller-3',
  'scheduler',
  'reconciler',
  'retention',
] as const;
export const MAX_SHARDS = 4;
export type Role = (typeof ROLES)[number];

export interface SimProcess {
  readonly role: Role;
  weather: Weather;
  readonly skew: { ms: number };
  lives: number;
  link: Link | undefined;
  /** Of the reconciler's process: decides on pushes once it has compared its refs. */
  handler: PushHandler | undefined;
  /** Divides the executions anew; how many shards there are is known to all. */
  reshard: ((shards: number) => void) | undefined;
  /** Gives all that it has to others, and ends. Absent: it cannot. */
  retire: (() => Promise<void>) | undefined;
  /** Of the engines of this process. */
  stats: () => readonly PropellerStats[];
  /** What a shard in a process of its own works on; two while it still ends rounds of what it gives up. */
  owned: () => readonly Ownership[];
  /** Of retention's process. */
  retention: Pick<Retention, 'ended'> | undefined;
}

export interface ProcessOptions {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly store: SimStore;
  readonly mode: ClusterMode;
  /** How many propellers there are to be, now. */
  readonly shards: () => number;
  readonly repositories: readonly SimRepository[];
  /** Runs work on a repository while no push to it is decided or lands. */
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  readonly log: (process: string) => Log;
  /** Where executions go that are over; without one they are deleted. */
  readonly archive: Archive | undefined;
  /** Told when a shard in a process of its own works on something else. */
  readonly onOwned: (process: SimProcess) => void;
  /** Told of executions that have just ended, in one process with retention. */
  readonly onEnded: NonNullable<PropellerOptions['onEnded']>;
}

export function createProcess(role: Role): SimProcess {
  return {
    role,
    weather: calm(),
    skew: { ms: 0 },
    lives: 0,
    link: undefined,
    handler: undefined,
    reshard: undefined,
    retire: undefined,
    stats: () => [],
    owned: () => [],
    retention: undefined,
  };
}

/** Ends a life: no wait of it goes on, and what was not sent is not sent. */
export function kill(process: SimProcess): void {
  const { link } = process;
  process.link = undefined;
  process.handler = undefined;
  process.reshard = undefined;
  process.retire = undefined;
  process.stats = () => [];
  process.owned = () => [];
  process.retention = undefined;
  if (link === undefined) return;
  endLife(link);
}

/**
 * Another process takes the place of this one, which goes on by itself: nobody could end it. The result is the old one,
 * for whoever ends it at last.
 */
export function double(process: SimProcess, options: ProcessOptions): SimProcess {
  const old = { ...process };
  process.link = undefined;
  kill(process);
  process.weather = calm();
  start(process, options);
  return old;
}

/** Whether there is to be such a process: in one process with the store, all shards are part of the first. */
export function isWanted({ role }: SimProcess, { mode, shards }: ProcessOptions): boolean {
  if (!role.startsWith('propeller')) return true;
  return placeOf(role) < (mode === 'embedded' ? 1 : shards());
}

function placeOf(role: Role): number {
  return Number(role.slice('propeller-'.length));
}

/** How often the loops of a world do what they do from time to time, though nothing has happened. */
interface Timing {
  readonly timing: LeaseTiming;
  readonly relistMs: number;
  readonly parkAfterMs: number;
  readonly parkWindowMs: number;
  readonly lookMs: number;
}

/** Leases are longer than real ones; all else is as in production. */
const BUSY: Timing = {
  timing: { durationMs: 480_000, renewDeadlineMs: 340_000, retryMs: 180_000 },
  relistMs: 600_000,
  parkAfterMs: 5_000,
  parkWindowMs: 600_000,
  lookMs: 30_000,
};
const LAZY: Timing = {
  timing: { durationMs: 1_500_000, renewDeadlineMs: 1_380_000, retryMs: 1_200_000 },
  relistMs: 21_600_000,
  parkAfterMs: 180_000,
  parkWindowMs: 7_200_000,
  lookMs: 600_000,
};

/** Renewals, and looks at what has not changed, are most of what happens in a quiet world: so most worlds have fewer. */
export function timingOf(seed: number): Timing {
  return chanceOf(seed, 'timing').chance(0.0625) ? BUSY : LAZY;
}

/** Who waits for a lease asks for it again after so many times the pause at most. */
export const NEXT_TRY = 2.2;

/**
 * After the last trouble, until all is taken up again: who waits for a lease may have failed just before the trouble was over,
 * sees it by its next try, and finds it free by the first one after it has run out; and back-offs end, and requests time out.
 */
export function recoveryMs(seed: number): number {
  const { durationMs, retryMs } = timingOf(seed).timing;
  return Math.max(40 * 60_000, durationMs + 2 * NEXT_TRY * retryMs + 7 * 60_000);
}

export function start(process: SimProcess, options: ProcessOptions): void {
  if (!isWanted(process, options)) return;
  const { timeline, seed, mode, store } = options;
  const name = `${process.role}/${process.lives++}`;
  const link: Link = {
    name,
    timeline,
    mode,
    chance: chanceOf(seed, name),
    weather: process.weather,
    skew: process.skew,
    ...newLife(),
    log: options.log(name),
  };
  process.link = link;
  const cluster = createClient(store, link);
  const host = { cluster, clock: clockOf(link), random: link.chance, log: link.log, ...timingOf(seed) };
  switch (process.role) {
    case 'propeller-0':
      if (mode === 'embedded') startShards(process, host, options);
      else startOneShard(process, host, options);
      return;
    case 'propeller-1':
    case 'propeller-2':
    case 'propeller-3':
      startOneShard(process, host, options);
      return;
    case 'scheduler':
      startScheduler(mode === 'embedded' ? host : { ...host, election: { identity: name, timing: host.timing } });
      return;
    case 'retention': {
      const { archive } = options;
      process.retention = startRetention({
        ...host,
        ...(archive && { archive }),
        policy: RETENTION_POLICY,
        minAgeMs: 3_600_000,
      });
      return;
    }
    case 'reconciler':
      startGitSide(process, link, host, options);
      return;
  }
}

/** One propeller of several, each in a process of its own. */
function startOneShard(process: SimProcess, host: Host, options: ProcessOptions): void {
  const { shards, mode } = options;
  const propeller = startPropeller({ ...host, hasOnlyOwnPods: mode === 'embedded', beginsWith: 'nothing' });
  followPlatform({ ...host, propeller: { ...propeller, setSharding: () => undefined } });
  const mapOf = (count: number): ShardMap => createShardMap({ strategy: 'hash', shards: count });
  const shard = startShard({
    ...host,
    id: shardId(placeOf(process.role)),
    identity: `${process.role}/${process.lives}`,
    map: mapOf(shards()),
    owner: noted(process, propeller, options),
  });
  process.stats = () => [propeller.stats()];
  process.reshard = (count) => shard.setMap(mapOf(count));
  process.retire = async () => {
    await shard.stop();
    await propeller.stop();
  };
}

/** Keeps what the owner of a process works on where invariants see it. */
function noted(process: SimProcess, owner: Owner, { onOwned }: ProcessOptions): Owner {
  let now: readonly Ownership[] = [];
  let last: Ownership | undefined;
  process.owned = () => now;
  return {
    own(ownership) {
      const done = owner.own(ownership);
      now = [last, ownership].filter((each) => each !== undefined);
      last = ownership;
      onOwned(process);
      void done.then(() => {
        if (last === ownership) now = ownership === undefined ? [] : [ownership];
      });
      return done;
    },
  };
}

/** All shards of one process, which is that of the archive as well. */
function startShards(process: SimProcess, host: Host, { shards, archive, onEnded }: ProcessOptions): void {
  const propellers = startPropellers({
    ...host,
    cluster: archive === undefined ? host.cluster : withArchive(host.cluster, archive),
    identity: `${process.role}/${process.lives}`,
    workers: 50,
    maxParallelism: 25,
    hasOnlyOwnPods: true,
    onEnded,
  });
  // How many shards there are changes at other times than settings do: as one of the faults.
  followPlatform({ ...host, propeller: { ...propellers, setSharding: () => undefined } });
  const reshard = (count: number): void => void propellers.setSharding({ strategy: 'hash', shards: count });
  reshard(shards());
  process.stats = () => [...propellers.statsByShard().values()];
  process.reshard = reshard;
}

/** Two days hold what a month does: so little is kept. What is listed now and then costs as much as there is. */
export const RETENTION_POLICY: RetentionPolicy = {
  live: { maxAgeMs: 6 * 3_600_000, maxCount: 25 },
  executions: { maxAgeMs: 12 * 3_600_000, maxCount: 50 },
  pods: { maxAgeMs: 6 * 3_600_000, maxCount: 50 },
  logs: { maxAgeMs: 12 * 3_600_000, maxBytes: 1_000_000 },
};

type Host = Parameters<typeof startReconciler>[0] & Timing;

/** As the daemon does: compares the refs with what is noted before anybody can push, and again soon after. */
function startGitSide(process: SimProcess, link: Link, host: Host, options: ProcessOptions): void {
  const { repositories, inTurn } = options;
  const reconciler = startReconciler(host);
  const byName = (name: string): SimRepository => {
    const found = repositories.find((repository) => repository.name === name);
    if (found === undefined) throw new Error(`no repository ${name}`);
    return found;
  };
  const registration = createRegistration({
    ...host,
    refs: (name) => byName(name).refsNow(),
    objects: (name) => byName(name).reader,
    settled: (...about) => reconciler.settled(...about),
  });
  const list = async (): Promise<readonly string[]> => repositories.map(({ name }) => name);
  const resync = createResync({ registration, list, clock: host.clock, log: host.log });
  // Who dies gives up its turn: there is nobody left who could end it.
  const died = new Promise<void>((resolve) => link.died.signal.addEventListener('abort', () => resolve()));
  const ownTurn: typeof inTurn = (name, work) => inTurn(name, () => Promise.race([died, isDead(link) ? died : work()]));
  void resync.all().then(() => {
    if (isDead(link)) return;
    process.handler = resync.handler(ownTurn);
    resync.allLater(ownTurn);
  });
}
