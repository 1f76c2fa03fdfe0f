import { isReconcilerWrite } from './invariants/definitions.ts';
import { createFacts, type Facts } from './invariants/facts.ts';
import { beginWatching, checkCalm, checkCommits, checkNow, checkRest } from './invariants/index.ts';
import { livingExecutions } from './invariants/schedules.ts';
import type { SimPlan } from './plan.ts';
import { INACTIVE } from './workload/definitions.ts';
import { abortAll, act, createUsers, pushVariants, runMissing, type Users } from './workload/users.ts';
import { calmDown, startAll, strikeInTime } from './world/faults.ts';
import { kill, recoveryMs } from './world/processes.ts';
import { createWorld, START_MS, type World } from './world/world.ts';

export interface Violation {
  /** Number in the list of DESIGN's invariants; 0: it never comes to rest. */
  readonly invariant: number;
  readonly at: number;
  readonly text: string;
}

export interface SimResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly hash: string;
  readonly events: number;
  readonly executions: number;
  /** Propellers at the start. */
  readonly shards: number;
  readonly phases: Readonly<Record<string, number>>;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Calm time in which what was begun goes on; then users end what is left, in line behind what takes long. */
const REST_HOURS = 10;
/** Time for what is aborted to end. */
const END_HOURS = 2;
const LOOK_MS = 30 * MINUTE;
/** Callbacks in that time. The busiest half hours of a world, when much is begun anew after long faults, have a tenth of it. */
const MAX_EVENTS_AT_A_LOOK = 100_000;

class Violated extends Error {}

/** Plays one world from its plan to its rest. The same plan gives the same result, to the last bit of its hash. */
export async function simulate(plan: SimPlan, options: Parameters<typeof createWorld>[1] = {}): Promise<SimResult> {
  // Thousands of refusals are part of every world; their stacks are half of what they cost.
  if (options.trace === undefined) Error.stackTraceLimit = 0;
  const world = createWorld(plan, options);
  const users = createUsers();
  let violation: Violation | undefined;
  const violate = (invariant: number, text: string): never => {
    violation ??= { invariant, at: world.timeline.now - START_MS, text };
    throw new Violated(text);
  };
  const facts = createFacts(world, users, violate);
  world.watchers.push((commits) => checkCommits(facts, commits));
  beginWatching(facts);
  const onRejection = (error: unknown): void => {
    if (error instanceof Violated) return;
    violation ??= { invariant: 0, at: world.timeline.now - START_MS, text: `unhandled: ${(error as Error)?.stack}` };
  };
  process.on('unhandledRejection', onRejection);
  const { setImmediate: realSetImmediate } = globalThis;
  globalThis.setImmediate = ((run: (...args: unknown[]) => void, ...args: unknown[]) =>
    world.timeline.after(0, () => run(...args))) as unknown as typeof setImmediate;
  try {
    await play(world, users, facts, () => violation !== undefined);
  } catch (error) {
    violation ??= { invariant: 0, at: world.timeline.now - START_MS, text: `unexpected: ${(error as Error).stack}` };
  } finally {
    globalThis.setImmediate = realSetImmediate;
    process.off('unhandledRejection', onRejection);
    for (const each of world.processes.values()) kill(each);
  }
  const phases: Record<string, number> = {};
  for (const { phase } of facts.executions.values()) phases[phase] = (phases[phase] ?? 0) + 1;
  const { events } = world.timeline;
  const { seed, shards } = plan;
  return { seed, violation, hash: world.hash(), events, executions: facts.executions.size, shards, phases };
}

async function play(world: World, users: Users, facts: Facts, isOver: () => boolean): Promise<void> {
  const { plan, timeline } = world;
  // A plan that was made shorter has others, which would come when all is calm.
  const isInTime = ({ atMs }: { readonly atMs: number }): boolean => atMs <= plan.hours * HOUR;
  for (const fault of plan.faults.filter(isInTime)) {
    timeline.after(fault.atMs, () => strikeInTime(world, fault));
  }
  for (const action of plan.actions.filter(isInTime)) {
    timeline.after(action.atMs, () => {
      world.note(`user ${JSON.stringify(action)}`);
      act(world, users, action);
    });
  }
  let before = 0;
  const look = (): void => {
    const busy = timeline.events - before;
    before = timeline.events;
    if (busy > MAX_EVENTS_AT_A_LOOK) facts.violate(0, `it runs in circles: ${busy} events in half an hour`);
    checkNow(facts);
    timeline.after(LOOK_MS, look);
  };
  timeline.after(LOOK_MS, look);
  startAll(world);
  const end = START_MS + plan.hours * HOUR;
  await timeline.drive(end, isOver);
  if (isOver()) return;
  world.note('calm');
  calmDown(world);
  await timeline.drive(timeline.now + recoveryMs(plan.seed) + 15 * MINUTE, isOver);
  if (isOver()) return;
  checkCalm(facts);
  await rest(world, users, facts, isOver);
}

/** Schedules are turned off; then all that was begun must end, and nothing more must happen. */
async function rest(world: World, users: Users, facts: Facts, isOver: () => boolean): Promise<void> {
  const { timeline, repositories } = world;
  for (const repository of repositories) {
    for (const [ref, head] of repository.refs) {
      const variants = users.variants.get(head);
      if (variants === undefined) continue;
      const { emptied: _, ...kept } = variants;
      const last = { ...kept, schedules: INACTIVE };
      void pushVariants(world, users, repository, ref, last, [head], 'rest').then((isAccepted) => {
        if (!isAccepted) facts.violate(0, `the last push to ${repository.name} was rejected`);
      });
    }
  }
  await timeline.drive(timeline.now + 10 * MINUTE, isOver);
  runMissing(world, users, Math.floor((world.plan.hours / 48) * 200));
  await emptied(REST_HOURS);
  if (isOver()) return;
  world.note('end');
  abortAll(world);
  await emptied(END_HOURS);
  await timeline.drive(timeline.now + 10 * MINUTE, isOver);
  if (isOver()) return;
  checkRest(facts);
  await repeat(world, facts, isOver);

  /** Half an hour at least, and `hours` while there is something that lives. */
  async function emptied(hours: number): Promise<void> {
    const latest = timeline.now + hours * HOUR;
    do {
      await timeline.drive(timeline.now + 30 * MINUTE, isOver);
    } while (!isOver() && timeline.now < latest && livingExecutions(facts) > 0);
  }
}

/** 16: processes that start anew find nothing to write. */
async function repeat(world: World, facts: Facts, isOver: () => boolean): Promise<void> {
  world.watchers.push((commits) => {
    const write = commits.find(isReconcilerWrite);
    if (write !== undefined)
      facts.violate(16, `a reconcile of nothing new writes ${JSON.stringify(write).slice(0, 300)}`);
  });
  const reconciler = world.processes.get('reconciler');
  if (reconciler !== undefined) kill(reconciler);
  startAll(world);
  await world.timeline.drive(world.timeline.now + 5 * MINUTE, isOver);
}
