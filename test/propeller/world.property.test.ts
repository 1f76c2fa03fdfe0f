import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchText } from './batches.ts';
import { expr, literal, type NodeSketch, workflow } from './closures.ts';
import {
  createWorld,
  desire,
  double,
  end,
  isOver,
  livePods,
  nodeOf,
  runOut,
  settle,
  start,
  vanish,
  type World,
  type WorldPod,
} from './world.ts';

type Sketch = NodeSketch & { readonly needs: readonly string[] };

const retries = { limit: 1, backoff: { initialMs: 1_000, factor: 2, maxMs: 5_000 } };
const timeout = { queueMs: 20_000, runMs: 30_000, totalMs: 200_000 };

const nodeArb = fc.record({
  kind: fc.constantFrom('task', 'task', 'map', 'compute'),
  picks: fc.array(fc.nat(), { maxLength: 3 }),
  isTimed: fc.boolean(),
  size: fc.nat(5),
  concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  ratio: fc.constantFrom(1, 0.5),
  batch: fc.constantFrom(1, 1, 2, 3),
});

/** Any DAG of tasks, maps and computes whose nodes read outputs of earlier ones. */
const closureArb = fc
  .record({
    nodes: fc.array(nodeArb, { minLength: 1, maxLength: 7 }),
    failurePolicy: fc.constantFrom('failImmediately' as const, 'failAfterExecutable' as const),
  })
  .map(({ nodes, failurePolicy }) => {
    const sketches: Record<string, Sketch> = {};
    nodes.forEach((node, i) => {
      const needs = i === 0 ? [] : [...new Set(node.picks.map((pick) => `n${pick % i}`))];
      const scalars = needs.filter((id) => sketches[id]?.kind !== 'map').map((id) => `nodes.${id}.outputs.x`);
      const value = scalars.length === 0 ? literal(i) : expr(scalars.join(' % 1000 + '));
      const task = { retries, timeout: node.isTimed ? timeout : {} };
      if (node.kind === 'task') sketches[`n${i}`] = { kind: 'task', with: { a: value }, task, needs };
      else if (node.kind === 'compute') sketches[`n${i}`] = { kind: 'compute', values: { x: value }, needs };
      else {
        const over = literal(Array.from({ length: node.size }, (_, k) => k));
        const { concurrency, ratio: minSuccessRatio, batch } = node;
        const limits = { minSuccessRatio, batch, ...(concurrency && { concurrency }) };
        sketches[`n${i}`] = { kind: 'map', over, task, needs, ...limits };
      }
    });
    return workflow(sketches, { failurePolicy });
  });

type Move = readonly [
  'start' | 'part' | 'succeed' | 'fail' | 'lose' | 'vanish' | 'wait' | 'pause' | 'resume' | 'abort',
  number,
];

const movesArb = fc.array(
  fc.tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom<Move[0]>('start', 'succeed', 'part', 'fail', 'lose', 'wait') },
      { weight: 1, arbitrary: fc.constantFrom<Move[0]>('vanish', 'pause', 'resume', 'abort') },
    ),
    fc.nat(),
  ),
  { maxLength: 40 },
);

function play(world: World, [what, pick]: Move): void {
  // By name, so that worlds of one history agree on which pod it is.
  const live = livePods(world).sort((a, b) => (a.name < b.name ? -1 : 1));
  const pod = live[pick % Math.max(1, live.length)];
  if (what === 'wait') world.now += (pick % 15) * 1_000;
  if (what === 'pause') desire(world, 'Paused');
  if (what === 'resume') desire(world, 'Running');
  if (what === 'abort') desire(world, 'Aborted');
  if (pod === undefined) return;
  if (what === 'start' && pod.startedAt === undefined) start(world, pod);
  if (what === 'vanish') vanish(world, pod);
  if (what === 'succeed') end(world, pod, { text: double(pod) });
  if (what === 'fail')
    end(world, pod, pod.ending === undefined ? { exitCode: 1 } : { exitCode: 143, reason: 'Aborted' });
  if (what === 'lose') end(world, pod, { exitCode: 137, reason: 'Lost', text: inPart(pod, pick) });
  if (what === 'part') end(world, pod, { text: inPart(pod, pick) });
}

/** Of a batch: some members have ended well, some have failed, and of the rest nothing is told. */
function inPart(pod: WorldPod, pick: number): string {
  if (pod.members === undefined) return double(pod);
  const told = pod.members.slice(0, pick % (pod.members.length + 1));
  return batchText(
    pod,
    told.map(({ inputs }, place) => ((pick >> place) % 3 === 2 ? 1 : `x=${Number(inputs.a) * 2}`)),
  );
}

function finish(world: World): void {
  desire(world, 'Running');
  runOut(world);
}

describe('any history of any workflow', () => {
  it('keeps the invariants, ends, and leaves nothing running', () => {
    fc.assert(
      fc.property(
        closureArb,
        movesArb,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(1, 3, 100),
        (closure, moves, limit, maxStreak) => {
          const world = createWorld(closure, { settings: { maxParallelism: limit, maxStreak } });
          settle(world);
          for (const move of moves) {
            play(world, move);
            settle(world);
          }
          finish(world);
          expect(isOver(world)).toBe(true);
          expect(livePods(world)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of tasks and computes goes the same way when every step is a new worker’s', () => {
    fc.assert(
      fc.property(closureArb, movesArb, fc.integer({ min: 1, max: 4 }), (closure, moves, limit) => {
        fc.pre(closure.nodes.every((node) => node.kind !== 'map'));
        const settings = { maxParallelism: limit, maxStreak: 2 };
        const [one, many] = [false, true].map((restarts) => {
          const world = createWorld(closure, { settings, restarts });
          settle(world);
          for (const move of moves) {
            play(world, move);
            settle(world);
          }
          finish(world);
          return world;
        }) as [World, World];
        expect(many.trace).toEqual(one.trace);
        expect(many.execution).toEqual(one.execution);
      }),
      { numRuns: 300 },
    );
  });

  it('with maps keeps the invariants and ends when every step is a new worker’s', () => {
    fc.assert(
      fc.property(closureArb, movesArb, (closure, moves) => {
        const world = createWorld(closure, { restarts: true });
        settle(world);
        for (const move of moves) {
          play(world, move);
          settle(world);
        }
        finish(world);
        expect(livePods(world)).toEqual([]);
        for (const node of closure.nodes) {
          const outputs = nodeOf(world, node.id)?.outputs?.x;
          if (node.kind === 'map' && outputs !== undefined)
            expect(outputs).toHaveLength(nodeOf(world, node.id)?.map?.size ?? -1);
        }
      }),
      { numRuns: 200 },
    );
  });
});
