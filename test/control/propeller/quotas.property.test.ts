import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createQuotas, type QuotaWait } from '../../../src/control/propeller/quotas.ts';

/** Executions that do what the engine does with a quota, in any order: limits hold, and nobody is left behind. */

interface Runner {
  readonly key: string;
  /** Attempts that it has still to start, each of this many cores. */
  todo: number;
  readonly cpu: number;
  readonly priority: number;
  live: number;
  phase: 'Queued' | 'Running' | 'Paused' | 'Over';
  isAwake: boolean;
  /** Of a round that is on its way to the disk: what follows when it is there. */
  land: (() => void) | undefined;
}

const LIMIT = { maxExecutions: 2, maxTasks: 4, cpu: '6' };

const runnersArb = fc.array(
  fc.record({ todo: fc.integer({ min: 1, max: 6 }), cpu: fc.integer({ min: 0, max: 6 }), priority: fc.nat(2) }),
  { minLength: 1, maxLength: 6 },
);
const movesArb = fc.array(
  fc.tuple(
    fc.constantFrom('turn', 'turn', 'turn', 'land', 'land', 'end', 'end', 'pause', 'resume', 'stumble', 'count'),
    fc.nat(5),
  ),
  { maxLength: 80 },
);

it('limits hold, and all come to their end, whatever happens in which order', () => {
  fc.assert(
    fc.property(runnersArb, movesArb, fc.boolean(), (given, moves, isSlow) => {
      const world = createWorld(given);
      for (const [move, pick] of moves) play(world, move, world.runners[pick % world.runners.length] as Runner);
      // Nobody interferes any more: whoever was woken takes its turn, what runs ends.
      for (const runner of world.runners) play(world, 'resume', runner);
      for (let rounds = 0; rounds < 1_000 && world.runners.some(({ phase }) => phase !== 'Over'); rounds++) {
        const awake = world.runners.find(({ isAwake, land }) => isAwake && land === undefined);
        const live = world.runners.find((runner) => runner.live > 0);
        const flying = world.runners.find(({ land }) => land !== undefined);
        // On a slow disk all who are awake have begun a round before the first of these is there.
        if (flying !== undefined && (!isSlow || awake === undefined)) land(flying);
        else if (awake !== undefined) turn(world, awake);
        else if (live !== undefined) play(world, 'end', live);
        else throw new Error(`all sleep: ${JSON.stringify(world.runners)}`);
      }
      expect(world.runners.every(({ phase }) => phase === 'Over')).toBe(true);
    }),
    {
      numRuns: 300,
      examples: [
        [
          [
            { todo: 2, cpu: 4, priority: 1 },
            { todo: 1, cpu: 0, priority: 0 },
          ],
          [
            ['turn', 0],
            ['turn', 1],
            ['end', 0],
            ['stumble', 0],
          ],
          false,
        ],
      ],
    },
  );
});

interface World {
  readonly quotas: ReturnType<typeof createQuotas>;
  readonly runners: readonly Runner[];
  now: number;
}

function createWorld(given: readonly Pick<Runner, 'todo' | 'cpu' | 'priority'>[]): World {
  const quotas = createQuotas();
  quotas.set([LIMIT]);
  const runners = given.map((one, index): Runner => {
    return { ...one, key: `r${index}`, live: 0, phase: 'Queued', isAwake: true, land: undefined };
  });
  return { quotas, runners, now: 0 };
}

function play(world: World, move: string, runner: Runner): void {
  const { quotas } = world;
  world.now++;
  // One round at a time: whatever else happens to it waits for that.
  land(runner);
  if (runner.phase === 'Over') return;
  switch (move) {
    case 'land':
      return;
    case 'turn':
      if (runner.isAwake) turn(world, runner);
      return;
    case 'end':
      if (runner.live === 0) return;
      runner.live--;
      turn(world, runner);
      return;
    case 'pause':
    case 'resume':
      if (runner.phase === 'Running' || move === (runner.phase === 'Paused' ? 'pause' : 'resume')) return;
      runner.phase = move === 'pause' ? 'Paused' : 'Queued';
      turn(world, runner);
      return;
    case 'stumble':
      // A round that failed: it is tried again later.
      quotas.leave('n', runner.key);
      runner.isAwake = true;
      return;
    case 'count':
      quotas.counting(world);
      for (const one of world.runners) if (one.phase === 'Running') recount(world, one);
      quotas.counted(world);
      return;
  }
}

function land(runner: Runner): void {
  const { land: then } = runner;
  runner.land = undefined;
  then?.();
}

function recount({ quotas }: World, runner: Runner): void {
  quotas.expect('n', runner.key, false);
  runner.isAwake = true;
}

/** A round of the engine, up to its write. */
function turn(world: World, runner: Runner): void {
  const { quotas } = world;
  runner.isAwake = false;
  const wake = (): void => {
    if (runner.phase !== 'Over') runner.isAwake = true;
  };
  const wait = (since: number): QuotaWait => ({ since, priority: runner.priority, wake });
  if (runner.phase === 'Paused') {
    quotas.forget('n', runner.key);
    return;
  }
  if (runner.phase === 'Queued') {
    const verdict = quotas.admit('n', runner.key, wait(Number(runner.key.slice(1))));
    if (verdict.kind !== 'Admit') return;
    runner.phase = 'Running';
  }
  const left = quotas.roomFor('n', runner.key)?.left ?? { tasks: 0, cpu: 0 };
  const before = left.tasks;
  while (runner.todo > 0 && left.tasks > 0 && left.cpu >= runner.cpu) {
    runner.todo--;
    runner.live++;
    left.tasks--;
    left.cpu -= runner.cpu;
  }
  const usage = { tasks: runner.live, cpu: runner.live * runner.cpu, memoryBytes: 0 };
  if (left.tasks < before) quotas.take('n', runner.key, usage);
  runner.land = () => {
    if (runner.todo > 0 || runner.live > 0) {
      quotas.note('n', runner.key, usage, runner.todo > 0 ? wait(world.now) : undefined);
      return;
    }
    runner.phase = 'Over';
    quotas.forget('n', runner.key);
  };
  check(world);
}

function check({ runners }: World): void {
  const running = runners.filter(({ phase }) => phase === 'Running');
  expect(running.length).toBeLessThanOrEqual(LIMIT.maxExecutions);
  expect(running.reduce((sum, { live }) => sum + live, 0)).toBeLessThanOrEqual(LIMIT.maxTasks);
  expect(running.reduce((sum, { live, cpu }) => sum + live * cpu, 0)).toBeLessThanOrEqual(Number(LIMIT.cpu));
}
