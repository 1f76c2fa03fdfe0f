import type { Write } from '../../../src/cluster/index.ts';
import type { SimResult, Violation } from '../run.ts';
import { createTickFacts, hear } from './facts.ts';
import { createOracle } from './oracle.ts';
import type { TickAction, TickPlan } from './plan.ts';
import { killProcess, type SchedulerProcess, startProcess } from './processes.ts';
import { aheadNowMs, calmDown, createTickWorld, strike, type TickWorld, type TickWorldOptions } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Calm in which what is set aside may stay so, and then, mended, must come right. */
const CALM_MS = 5 * MINUTE;
const MENDED_MS = 12 * MINUTE;
/** Until whoever was last to lead is known to be gone. */
const LEASED_MS = 75_000;
const AGAIN_MS = 1_000;
/** Callbacks that no world needs. */
const MAX_EVENTS = 400_000;

class Violated extends Error {}

/** Plays one world of schedules, from its plan to its rest. The same plan gives the same result, to the last bit of its hash. */
export async function simulateTicks(plan: TickPlan, options: Pick<TickWorldOptions, 'trace'> = {}): Promise<SimResult> {
  if (options.trace === undefined) Error.stackTraceLimit = 0;
  let violation: Violation | undefined;
  const violate = (invariant: number, text: string): never => {
    violation ??= { invariant, at: world.timeline.now - plan.startMs, text };
    throw new Violated(text);
  };
  /** Who has made the state its own last. */
  let owner: string | undefined;
  const wrote = (process: string, writes: readonly Write[]): void => {
    for (const write of writes) {
      if (write.op !== 'patchStatus' || write.key.kind !== 'SchedulerState') continue;
      if ('epoch' in write.patch) {
        owner = process;
        facts.takenOverAt = world.timeline.now;
      } else if (process !== owner && 'settledUntil' in write.patch) {
        violation ??= {
          invariant: 2,
          at: world.timeline.now - plan.startMs,
          text: `${process} settles what is ${owner}'s`,
        };
      }
    }
  };
  const world = createTickWorld(plan, { ...options, wrote });
  const facts = createTickFacts({ mode: plan.mode, now: () => world.timeline.now, violate });
  const oracle = createOracle();
  world.watchers.push((commits) => {
    facts.aheadMs = world.aheadMs;
    facts.aheadNowMs = aheadNowMs(world);
    facts.behindMs = world.behindMs;
    facts.troubledUntil = world.troubledUntil;
    hear(facts, commits, oracle);
    oracle.check(facts);
  });
  const onRejection = (error: unknown): void => {
    if (error instanceof Violated) return;
    violation ??= {
      invariant: 0,
      at: world.timeline.now - plan.startMs,
      text: `unhandled: ${(error as Error)?.stack}`,
    };
  };
  process.on('unhandledRejection', onRejection);
  const { setImmediate: realSetImmediate } = globalThis;
  globalThis.setImmediate = ((run: (...args: unknown[]) => void, ...args: unknown[]) =>
    world.timeline.after(0, () => run(...args))) as unknown as typeof setImmediate;
  const isOver = (): boolean => violation !== undefined;
  try {
    await play(plan, world, isOver, () => {
      // What a clock that was ahead has settled, though it has not written that, is for its policies.
      facts.calmAt = Math.max(world.shownUntil, world.troubledUntil, facts.settledUntil ?? 0) + LEASED_MS;
    });
    if (!isOver()) oracle.end(facts);
  } catch (error) {
    violation ??= {
      invariant: 0,
      at: world.timeline.now - plan.startMs,
      text: `unexpected: ${(error as Error).stack}`,
    };
  } finally {
    globalThis.setImmediate = realSetImmediate;
    process.off('unhandledRejection', onRejection);
    for (const each of world.processes) killProcess(each);
  }
  const { events } = world.timeline;
  if (events > MAX_EVENTS) violation ??= { invariant: 0, at: 0, text: `it runs in circles: ${events} events` };
  const { seed, schedulers } = plan;
  return { seed, violation, hash: world.hash(), events, executions: facts.runs.size, shards: schedulers, phases: {} };
}

async function play(plan: TickPlan, world: TickWorld, isOver: () => boolean, isCalm: () => void): Promise<void> {
  const { timeline, people, processes, options, note } = world;
  people.begin();
  for (const fault of plan.faults) {
    timeline.after(fault.atMs, () => {
      if (!world.isCalm) strike(world, fault);
    });
  }
  const act = (action: TickAction): void => {
    // Who is in one process with the store is nobody to others while it stands still.
    const isAway = plan.mode === 'embedded' && !isAwake(processes[0] as SchedulerProcess);
    if (isAway) {
      timeline.after(AGAIN_MS, () => act(action));
      return;
    }
    note(`somebody ${JSON.stringify(action)}`);
    people.act(action);
  };
  const isAwake = ({ link, frozenUntil }: SchedulerProcess): boolean =>
    link !== undefined && timeline.now > frozenUntil;
  for (const action of plan.actions) timeline.after(action.atMs + 1, () => act(action));
  for (const process of processes) startProcess(process, options);
  await timeline.drive(plan.startMs + plan.hours * HOUR, isOver);
  if (isOver()) return;
  note('calm');
  calmDown(world);
  isCalm();
  await timeline.drive(timeline.now + CALM_MS, isOver);
  if (isOver()) return;
  note('mended');
  people.mend();
  await timeline.drive(timeline.now + MENDED_MS, isOver);
}
