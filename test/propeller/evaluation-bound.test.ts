import { expect, it } from 'vitest';
import type { NodeClosure } from '../../src/compiler/closure.ts';
import { restore, step } from '../../src/propeller/index.ts';
import { executionOf, expr, planOf, workflow } from './closures.ts';

it('a step leaves to the next one what its expressions have no room for', () => {
  const each: NodeClosure = {
    kind: 'computeMap',
    id: 'each',
    upstream: [],
    over: {},
    items: expr('inputs.xs'),
    values: { x: expr('inputs.xs.map(a, a + 1).map(b, b + item).size()') },
    outputs: { x: 'list<integer>' },
    minSuccessRatio: 1,
  } as unknown as NodeClosure;
  const closure = { ...workflow({}, { inputs: { xs: { type: 'list<integer>' } } }), nodes: [each] };
  const xs = Array.from({ length: 500 }, (_, i) => i);
  const { state } = restore(planOf(closure), executionOf(closure, { inputs: { xs } }), 0);
  const settings = { maxParallelism: 25, maxStreak: Number.POSITIVE_INFINITY };
  let result = step(state, [{ kind: 'Admit' }], 0, settings);
  const firstSubtasks = result.transitions;
  let steps = 1;
  for (; result.hasMore; steps++) result = step(result.state, [], 0, settings);
  expect(result.state.phase).toBe('Succeeded');
  expect(firstSubtasks).toBeGreaterThan(10);
  expect(steps).toBeGreaterThan(1);
});
