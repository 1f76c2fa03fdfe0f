import { createHash } from 'node:crypto';
import type { Log } from '../../../src/base/index.ts';
import { nextTick } from '../../../src/calendar/index.ts';
import type { Schedule } from '../../../src/cluster/index.ts';
import { ExpiredError, KINDS, type Write } from '../../../src/cluster/index.ts';
import { tickRule } from '../../../src/control/scheduler/index.ts';
import { chanceOf } from '../world/random.ts';
import { type Commit, createStore, type SimStore } from '../world/store.ts';
import { createTimeline, type Timeline } from '../world/timeline.ts';
import { createEngine } from './engine.ts';
import { createPeople, NAMESPACE, type People } from './people.ts';
import type { TickFault, TickPlan } from './plan.ts';
import {
  breakWatches,
  createSchedulerProcess,
  freezeProcess,
  killProcess,
  type ProcessOptions,
  type SchedulerProcess,
  startProcess,
  wakeProcess,
} from './processes.ts';

/** Schedulers over one cluster, with those who change schedules and something that runs executions. */
export interface TickWorld {
  readonly timeline: Timeline;
  readonly store: SimStore;
  readonly people: People;
  readonly processes: readonly SchedulerProcess[];
  readonly options: ProcessOptions;
  /** Told of each commit, before anybody else hears of it. */
  readonly watchers: ((commits: readonly Commit[]) => void)[];
  readonly note: (text: string) => void;
  readonly hash: () => string;
  readonly disk: { slowUntil: number; fullUntil: number };
  readonly skew: { ms: number };
  /** The most that a clock of a scheduler ever was wrong. */
  aheadMs: number;
  behindMs: number;
  /** The latest that a clock of a scheduler ever showed before it was set. */
  shownUntil: number;
  troubledUntil: number;
  isCalm: boolean;
}

export interface TickWorldOptions {
  readonly trace?: (at: number, text: string) => void;
  readonly wrote: (process: string, writes: readonly Write[]) => void;
}

export function createTickWorld(plan: TickPlan, { trace, wrote }: TickWorldOptions): TickWorld {
  const timeline = createTimeline(plan.startMs);
  const hash = createHash('sha1');
  let unhashed = '';
  /** Many texts at a time: each costs less so. */
  const digest = (text: string): void => {
    unhashed += text;
    if (unhashed.length < 65_536) return;
    hash.update(unhashed);
    unhashed = '';
  };
  const note = (text: string): void => {
    digest(`${timeline.now} ${text}\n`);
    trace?.(timeline.now, text);
  };
  const disk = { slowUntil: 0, fullUntil: 0 };
  const diskChance = chanceOf(plan.seed, 'disk');
  const watchers: TickWorld['watchers'] = [];
  const store = createStore({
    timeline,
    random: chanceOf(plan.seed, 'uids'),
    disk: {
      latencyMs: () => (timeline.now < disk.slowUntil ? diskChance.between(50, 3_000) : diskChance.between(0.05, 1)),
      isFull: () => timeline.now < disk.fullUntil,
    },
    onCommit(commits, text) {
      digest(`${timeline.now} ${text}`);
      if (trace !== undefined) for (const line of text.trimEnd().split('\n')) trace(timeline.now, line.slice(0, 700));
      for (const watch of watchers) watch(commits);
    },
  });
  const engine = createEngine({ timeline, chance: chanceOf(plan.seed, 'engine'), store });
  watchers.push(engine.observe);
  const skew = { ms: 0 };
  const nextTickOf = (name: string): number | undefined => {
    const live = store.find({ kind: 'Schedule', namespace: NAMESPACE, name }) as Schedule | undefined;
    if (live === undefined || live.spec.cron === '61 * * * *' || live.spec.timeZone.startsWith('Mars'))
      return undefined;
    return nextTick(tickRule(live), timeline.now);
  };
  const log = (process: string): Log => ({
    write(level, message, fields) {
      if (trace === undefined) return;
      trace(timeline.now, `${process} ${level}: ${message} ${JSON.stringify(fields ?? {})}`.slice(0, 700));
    },
  });
  const world: TickWorld = {
    timeline,
    store,
    people: createPeople({ timeline, store, skew, nextTickOf }),
    processes: Array.from({ length: plan.schedulers }, (_, number) => createSchedulerProcess(number)),
    options: { plan, timeline, store, log, wrote, crash: (process, forMs) => crash(world, process, forMs) },
    watchers,
    note,
    hash: () => hash.copy().update(unhashed).digest('hex'),
    disk,
    skew,
    aheadMs: 0,
    behindMs: 0,
    shownUntil: 0,
    troubledUntil: 0,
    isCalm: false,
  };
  return world;
}

/** The process ends; in one process with its store, what is not on the disk is gone. */
function crash(world: TickWorld, process: SchedulerProcess, forMs: number): void {
  const { timeline, options, store, note } = world;
  world.troubledUntil = Math.max(world.troubledUntil, timeline.now + forMs);
  note(`scheduler-${process.number} dies`);
  killProcess(process);
  if (options.plan.mode === 'embedded') store.losePower();
  timeline.after(world.isCalm ? 0 : forMs, () => startProcess(process, options));
}

export function strike(world: TickWorld, fault: TickFault): void {
  const { processes, timeline, disk, store, skew } = world;
  world.note(`fault ${JSON.stringify(fault)}`);
  const until = timeline.now + ('forMs' in fault ? fault.forMs : 0);
  world.troubledUntil = Math.max(world.troubledUntil, until);
  const process = 'who' in fault ? processes[fault.who] : undefined;
  switch (fault.kind) {
    case 'crash':
      if (process?.link !== undefined) crash(world, process, fault.forMs);
      return;
    case 'outage':
      for (const each of processes) if (each.link !== undefined) crash(world, each, fault.forMs);
      return;
    case 'crashAtWrite':
      if (process !== undefined) process.doom = { skip: fault.skip, isDone: fault.isDone, forMs: fault.forMs };
      return;
    case 'freeze':
      if (process !== undefined) freezeProcess(process, until);
      return;
    case 'partition':
      if (process === undefined) return;
      process.weather.partitionedUntil = until;
      breakWatches(process, new Error('the connection was lost'));
      return;
    case 'slow':
      if (process !== undefined) process.weather.slowUntil = until;
      return;
    case 'stale':
      if (process !== undefined) process.weather.staleUntil = until;
      return;
    case 'flaky': {
      const [refused = 0, lostBefore = 0, lostAfter = 0] = fault.rates;
      if (process !== undefined) Object.assign(process.weather, { flakyUntil: until, refused, lostBefore, lostAfter });
      return;
    }
    case 'cut':
      if (process !== undefined) breakWatches(process, new Error('the socket was reset'));
      return;
    case 'forget':
      for (const { kind } of KINDS) store.forget(kind);
      for (const each of processes) breakWatches(each, new ExpiredError('too old resource version'));
      return;
    case 'slowDisk':
      disk.slowUntil = until;
      return;
    case 'fullDisk':
      disk.fullUntil = until;
      return;
    case 'clock': {
      const of = fault.who === -1 ? skew : process?.skew;
      if (of === undefined) return;
      noteShown(world);
      of.ms += fault.byMs;
      if (of === skew) return;
      world.aheadMs = Math.max(world.aheadMs, of.ms);
      world.behindMs = Math.max(world.behindMs, -of.ms);
    }
  }
}

/** How far the clock of a scheduler is ahead now, at most. */
export function aheadNowMs({ processes }: TickWorld): number {
  return Math.max(0, ...processes.map(({ skew }) => skew.ms));
}

function noteShown(world: TickWorld): void {
  world.shownUntil = Math.max(world.shownUntil, world.timeline.now + aheadNowMs(world));
}

/** Nothing goes wrong from here on. */
export function calmDown(world: TickWorld): void {
  noteShown(world);
  world.isCalm = true;
  world.troubledUntil = Math.max(world.troubledUntil, world.timeline.now);
  Object.assign(world.disk, { slowUntil: 0, fullUntil: 0 });
  world.skew.ms = 0;
  for (const process of world.processes) {
    Object.assign(process.weather, { partitionedUntil: 0, flakyUntil: 0, staleUntil: 0, slowUntil: 0 });
    process.skew.ms = 0;
    process.doom = undefined;
    wakeProcess(process);
    startProcess(process, world.options);
  }
}
