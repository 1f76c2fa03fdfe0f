import type { Clock, Log } from '../../../src/base/index.ts';
import type { Cluster, WatchEvent, Write } from '../../../src/cluster/index.ts';
import { type Scheduler, startScheduler } from '../../../src/control/scheduler/index.ts';
import type { LeaseTiming } from '../../../src/control/shards/index.ts';
import { createClient } from '../world/client.ts';
import { calm, clockOf, endLife, isDead, type Link, never, newLife, type Weather } from '../world/link.ts';
import { chanceOf } from '../world/random.ts';
import type { SimStore } from '../world/store.ts';
import type { Timeline } from '../world/timeline.ts';
import type { TickPlan } from './plan.ts';

/** One scheduler, as a process that dies, is started again, or stands still for a while and goes on as if nothing had been. */
export interface SchedulerProcess {
  readonly number: number;
  weather: Weather;
  readonly skew: { ms: number };
  lives: number;
  link: Link | undefined;
  scheduler: Scheduler | undefined;
  /** Until then nothing of it runs, and what would have run then goes on: all at once, when it wakes. */
  frozenUntil: number;
  readonly sleepers: Set<() => void>;
  /** Dies at a write of its own, after so many others. */
  doom: { skip: number; readonly isDone: boolean; readonly forMs: number } | undefined;
}

export interface ProcessOptions {
  readonly plan: TickPlan;
  readonly timeline: Timeline;
  readonly store: SimStore;
  readonly log: (process: string) => Log;
  /** Told of writes of a scheduler that the store has taken. */
  readonly wrote: (process: string, writes: readonly Write[]) => void;
  readonly crash: (process: SchedulerProcess, forMs: number) => void;
}

/** Shorter than the time after which a tick is missed: nobody ticks for longer by what he knew before he was cut off. */
const LEASES: LeaseTiming = { durationMs: 50_000, renewDeadlineMs: 35_000, retryMs: 15_000 };
const QUICK_LEASES: LeaseTiming = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
/** What is listed anew from time to time is most of what a quiet scheduler does. */
const RELIST_MS = 6 * 3_600_000;

export function createSchedulerProcess(number: number): SchedulerProcess {
  return {
    number,
    weather: calm(),
    skew: { ms: 0 },
    lives: 0,
    link: undefined,
    scheduler: undefined,
    frozenUntil: 0,
    sleepers: new Set(),
    doom: undefined,
  };
}

export function startProcess(process: SchedulerProcess, options: ProcessOptions): void {
  if (process.link !== undefined) return;
  const { plan, timeline } = options;
  const name = `scheduler-${process.number}/${process.lives++}`;
  const link: Link = {
    name,
    timeline,
    mode: plan.mode,
    chance: chanceOf(plan.seed, name),
    weather: process.weather,
    skew: process.skew,
    ...newLife(),
    log: options.log(name),
  };
  process.link = link;
  process.frozenUntil = 0;
  const cluster = createClient(ownStore(process, link, options), link);
  const timing = plan.hasQuickLeases ? QUICK_LEASES : LEASES;
  // In one process with its store it may do without, and does so in every other world.
  const isAlone = plan.mode === 'embedded' && plan.seed % 2 === 0;
  const host = {
    cluster: stoppable(process, link, cluster),
    clock: stoppableClock(process, link),
    random: link.chance,
    log: link.log,
    relistMs: RELIST_MS,
    // In some worlds all ticks are prepared before they are due, in others hardly any.
    ...(plan.seed % 4 === 2 && { aheadFrom: 1 }),
  };
  process.scheduler = startScheduler(isAlone ? host : { ...host, election: { identity: name, timing } });
}

export function killProcess(process: SchedulerProcess): void {
  const { link } = process;
  process.link = undefined;
  process.scheduler = undefined;
  process.frozenUntil = 0;
  process.sleepers.clear();
  if (link !== undefined) endLife(link);
}

/** It stands still until then, or for longer where it does already. */
export function freezeProcess(process: SchedulerProcess, until: number): void {
  process.frozenUntil = Math.max(process.frozenUntil, until);
}

export function wakeProcess(process: SchedulerProcess): void {
  process.frozenUntil = 0;
  for (const wake of [...process.sleepers]) wake();
}

export function breakWatches({ link }: SchedulerProcess, error: Error): void {
  for (const breaker of [...(link?.breakers ?? [])]) breaker(error);
}

/** The store as this process reaches it: it may die before or after any write, and stand still between two of them. */
function ownStore(process: SchedulerProcess, link: Link, { store, wrote, crash }: ProcessOptions): SimStore {
  return {
    ...store,
    async write(writes, writeOptions) {
      const doom = isDead(link) ? undefined : process.doom;
      const isNow = doom !== undefined && doom.skip-- <= 0;
      if (isNow) process.doom = undefined;
      if (isNow && !doom.isDone) {
        crash(process, doom.forMs);
        return never();
      }
      const written = await store.write(writes, writeOptions);
      wrote(link.name, writes);
      if (isNow) {
        if (!isDead(link)) crash(process, doom.forMs);
        return never();
      }
      await thaw(process, link);
      return written;
    },
  };
}

/** Resolves when the process runs. */
async function thaw(process: SchedulerProcess, link: Link): Promise<void> {
  while (link.timeline.now < process.frozenUntil) {
    await new Promise<void>((resolve) => void asleep(process, link, resolve));
  }
}

/** Goes on when the process does. Answers how to sleep for ever. */
function asleep(process: SchedulerProcess, { timeline }: Link, goOn: () => void): () => void {
  const leave = (): void => {
    cancel();
    process.sleepers.delete(wake);
  };
  const wake = (): void => {
    leave();
    goOn();
  };
  const cancel = timeline.after(process.frozenUntil - timeline.now, wake);
  process.sleepers.add(wake);
  return leave;
}

function stoppable(process: SchedulerProcess, link: Link, cluster: Cluster): Cluster {
  const after = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      if (link.timeline.now < process.frozenUntil) await thaw(process, link);
      if (isDead(link)) await never();
    }
  };
  return {
    get: (key) => after(cluster.get(key)),
    list: (kind, options) => after(cluster.list(kind, options)),
    write: (writes, options) => after(cluster.write(writes, options)),
    podLogs: cluster.podLogs,
    watch(kind, options) {
      const inner = cluster.watch(kind, options);
      return (async function* () {
        for await (const batch of inner) {
          if (link.timeline.now < process.frozenUntil) await thaw(process, link);
          yield batch as readonly WatchEvent<never>[];
        }
      })();
    },
  };
}

function stoppableClock(process: SchedulerProcess, link: Link): Clock {
  const { now, at } = clockOf(link);
  return {
    now,
    at(time, run) {
      let cancelThaw = (): void => undefined;
      const ring = (): void => {
        if (isDead(link)) return;
        if (process.frozenUntil <= link.timeline.now) run();
        else cancelThaw = asleep(process, link, ring);
      };
      const cancel = at(time, ring);
      return () => {
        cancel();
        cancelThaw();
      };
    },
  };
}
