import { type Execution, ExpiredError, KINDS } from '../../../src/cluster/index.ts';
import type { Fault } from '../plan.ts';
import { double, isWanted, kill, NEXT_TRY, ROLES, type Role, type SimProcess, start, timingOf } from './processes.ts';
import type { Commit } from './store.ts';
import type { World } from './world.ts';

/** Starts whoever is to run and does not. */
export function startAll(world: World): void {
  for (const process of world.processes.values()) if (process.link === undefined) start(process, world.options);
}

function losePower({ store, archive, agent }: World): void {
  store.losePower();
  archive?.losePower();
  agent.losePower();
}

/** In one process with the store, all of it ends; and what is not on the disk is gone. */
function crash(world: World, role: Role, forMs: number): void {
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
  ['scheduler', new Set(['Schedule', 'SchedulerState', 'Execution'])],
  ['reconciler', new Set(['Revision', 'Repository', 'Platform', 'Task', 'Workflow', 'LaunchPlan'])],
  ['retention', new Set(['Pod', 'Execution', 'CacheEntry'])],
];

function isWriteOf(role: Role, commit: Commit): boolean {
  const { kind } = commit.kind === 'put' ? commit.object : commit.key;
  const isOwn = WRITTEN_BY.some(([prefix, kinds]) => role.startsWith(prefix) && kinds.has(kind));
  if (!isOwn || role === 'reconciler') return isOwn;
  if (role === 'retention') return commit.kind === 'delete';
  if (role !== 'scheduler') return kind === 'Pod' ? commit.kind === 'put' : commit.kind === 'status';
  if (kind === 'Schedule' || kind === 'SchedulerState') return commit.kind === 'status';
  return commit.kind === 'put' && (commit.object as Execution).spec.trigger.kind === 'schedule';
}

/** Makes happen what waits for a write of its process. */
export function doom(world: World, commits: readonly Commit[]): void {
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

const MINUTE = 60_000;
const ORDINARY: ReadonlySet<Fault['kind']> = new Set(['evict', 'lose', 'vanish', 'crashAtCommit', 'cutAtCommit']);

/** Makes a fault happen now, or when there is something that it can disturb. */
export function strikeInTime(world: World, fault: Fault): void {
  const { awaiting, agent } = world;
  if (fault.awaits === 'push') awaiting.push.push(fault);
  else if (fault.awaits === 'work' && (awaiting.work.length > 0 || agent.live.size === 0)) awaiting.work.push(fault);
  else strike(world, fault);
}

/** Some time after work has begun, so that it is met at its start, in its middle and at its end. */
const WORK_MS = 20_000;

/** Makes happen what waits for an attempt, when there is one: with as much between one and the next as was meant. */
export function strikeWork(world: World, commits: readonly Commit[]): void {
  const { awaiting, agent, timeline } = world;
  if (agent.live.size === 0 || !commits.some((commit) => commit.kind === 'put' && commit.object.kind === 'Pod')) return;
  const faults = awaiting.work.splice(0);
  const first = faults[0] as Fault;
  for (const fault of faults) {
    timeline.after((first.atMs % WORK_MS) + Math.min(fault.atMs - first.atMs, 5 * MINUTE), () => {
      if (!world.isCalm) strike(world, fault);
    });
  }
}

/** Makes happen one fault that waits for a push, which has moved its ref and is about to be noted. */
export function strikePush(world: World): void {
  const fault = world.isCalm ? undefined : world.awaiting.push.shift();
  if (fault !== undefined) strike(world, fault);
}

/** Makes a fault happen now. */
function strike(world: World, fault: Fault): void {
  world.note(`fault ${JSON.stringify(fault)}`);
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
  const { timeline, doubles, plan } = world;
  const old = double(process, world.options);
  // As long as it lives the old one renews its lease, and how long ago that was the new one learns at its next try.
  world.troubledUntil = Math.max(
    world.troubledUntil,
    timeline.now + forMs + NEXT_TRY * timingOf(plan.seed).timing.retryMs,
  );
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

/** Nothing goes wrong from here on. */
export function calmDown(world: World): void {
  world.isCalm = true;
  Object.assign(world.disk, { slowUntil: 0, fullUntil: 0 });
  world.doomed.length = 0;
  world.awaiting.work.length = 0;
  world.awaiting.push.length = 0;
  for (const old of world.doubles) kill(old);
  world.doubles.clear();
  for (const { weather, skew } of world.processes.values()) {
    Object.assign(weather, { partitionedUntil: 0, flakyUntil: 0, staleUntil: 0, slowUntil: 0 });
    skew.ms = 0;
  }
  startAll(world);
}
