import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SYSTEM_RETRIES, SYSTEM_BACKOFF } from '../../src/base/index.ts';
import { literal, workflow } from './closures.ts';
import { createWorld, end, isOver, livePods, nodeOf, settle, start, vanish, type World } from './world.ts';

/** Against a model that counts: what ends an attempt, whose budget it costs, how long the wait is, which machine is next. */

const backoff = { initialMs: 700, factor: 3, maxMs: 5_000 };
const timeout = { runMs: 60_000 };
const HOW = ['succeed', 'fail', 'overtime', 'lose', 'evict', 'vanish'] as const;
type How = (typeof HOW)[number];
const SYSTEM: ReadonlySet<How> = new Set(['lose', 'evict', 'vanish']);

const caseArb = fc.record({
  limit: fc.nat(3),
  own: fc.boolean(),
  override: fc.constantFrom(undefined, true, false),
  /** How the attempts of each subtask end; when there is no more, well. */
  ends: fc.array(fc.array(fc.constantFrom(...HOW), { maxLength: 9 }), { minLength: 1, maxLength: 3 }),
  isMap: fc.boolean(),
});
type Case = typeof caseArb extends fc.Arbitrary<infer T> ? T : never;

interface Seen {
  readonly attempt: number;
  readonly isInterruptible: boolean;
  readonly waitMs: number;
}

function make(vary: Case, restarts: boolean): World {
  const task = {
    retries: { limit: vary.limit, backoff },
    timeout,
    ...(vary.own && { interruptible: true as const }),
  };
  const over = literal(vary.ends.map((_, index) => index));
  const node = vary.isMap
    ? ({ kind: 'map', over, task, minSuccessRatio: 0.01 } as const)
    : ({ kind: 'task', task } as const);
  const spec = vary.override === undefined ? {} : { interruptible: vary.override };
  return createWorld(workflow({ n: node }), { restarts, spec });
}

/** Plays it to its end, one event at a time; what was seen of each subtask's attempts. */
function play(vary: Case, restarts: boolean): { readonly world: World; readonly seen: readonly Seen[][] } {
  const world = make(vary, restarts);
  const seen: Seen[][] = vary.ends.map(() => []);
  const endedAt = new Map<number, number>();
  for (let rounds = 0; rounds < 1_000 && !isOver(world); rounds++) {
    settle(world);
    const pod = livePods(world)[0];
    if (pod === undefined) {
      if (!isOver(world)) world.now = Math.max(world.now, world.wakeAt ?? Number.NaN);
      continue;
    }
    const index = Math.max(0, pod.index);
    const mine = seen[index] as Seen[];
    const { attempt, isInterruptible } = pod;
    mine.push({ attempt, isInterruptible, waitMs: pod.createdAt - (endedAt.get(index) ?? pod.createdAt) });
    finish(world, pod, vary.ends[index]?.[attempt - 1] ?? 'succeed');
    endedAt.set(index, world.now);
    settle(world);
  }
  return { world, seen };
}

function finish(world: World, pod: ReturnType<typeof livePods>[number], how: How): void {
  switch (how) {
    case 'succeed':
      end(world, pod, { text: 'x=1' });
      return;
    case 'fail':
      end(world, pod, { exitCode: 1 });
      return;
    case 'overtime':
      start(world, pod);
      settle(world);
      world.now += timeout.runMs;
      settle(world);
      end(world, pod, { exitCode: 143, reason: 'Aborted' });
      return;
    case 'lose':
      end(world, pod, { exitCode: 137, reason: 'Lost' });
      return;
    case 'evict':
      end(world, pod, { exitCode: 143, reason: 'Evicted' });
      return;
    case 'vanish':
      vanish(world, pod);
      return;
  }
}

/** What is to be seen of a subtask. */
function model({ limit, own, override }: Case, ends: readonly How[]) {
  const attempts: { isInterruptible: boolean; fullWaitMs: number }[] = [];
  let [user, system, fullWaitMs] = [0, 0, 0];
  for (let attempt = 1; ; attempt++) {
    attempts.push({ isInterruptible: (override ?? own) && system < MAX_SYSTEM_RETRIES, fullWaitMs });
    const how = ends[attempt - 1] ?? 'succeed';
    if (how === 'succeed') return { attempts, isWell: true };
    if (SYSTEM.has(how)) system++;
    else user++;
    if (SYSTEM.has(how) ? system > MAX_SYSTEM_RETRIES : user > limit) return { attempts, isWell: false };
    const { initialMs, factor, maxMs } = SYSTEM.has(how) ? SYSTEM_BACKOFF : backoff;
    fullWaitMs = Math.min(maxMs, initialMs * factor ** ((SYSTEM.has(how) ? system : user) - 1));
  }
}

describe('attempts', () => {
  it('cost the budget of whose fault they were, wait in proportion, and the last of the system is not interruptible', () => {
    fc.assert(
      fc.property(caseArb, fc.boolean(), (given, restarts) => {
        const vary = given.isMap ? given : { ...given, ends: given.ends.slice(0, 1) };
        const { world, seen } = play(vary, restarts);
        const models = vary.ends.map((ends) => model(vary, ends));
        for (const [index, { attempts }] of models.entries()) {
          const mine = seen[index] as Seen[];
          expect(mine.map(({ attempt }) => attempt)).toEqual(attempts.map((_, at) => at + 1));
          expect(mine.map(({ isInterruptible }) => isInterruptible)).toEqual(
            attempts.map((one) => one.isInterruptible),
          );
          if (vary.ends.length > 1) continue;
          for (const [at, { waitMs }] of mine.entries()) {
            const { fullWaitMs } = attempts[at] as (typeof attempts)[number];
            expect(waitMs).toBeLessThanOrEqual(fullWaitMs);
            expect(waitMs).toBeGreaterThanOrEqual(Math.floor(fullWaitMs * 0.75));
          }
        }
        expect(nodeOf(world, 'n')?.phase).toSatisfy((phase: string) =>
          models.some(({ isWell }) => isWell) ? phase === 'Succeeded' : phase === 'Failed' || phase === 'TimedOut',
        );
      }),
      { numRuns: 300 },
    );
  });

  it('wait as long in every replay, whether workers were replaced or not', () => {
    fc.assert(
      fc.property(caseArb, (given) => {
        const vary = { ...given, isMap: false, ends: given.ends.slice(0, 1) };
        expect(play(vary, true).seen).toEqual(play(vary, false).seen);
      }),
      { numRuns: 50 },
    );
  });
});
