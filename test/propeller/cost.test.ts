import { expect, it } from 'vitest';
import { spend } from '../../src/propeller/cost.ts';
import type { EngineState, Terminated } from '../../src/propeller/index.ts';
import type { PlannedTask } from '../../src/propeller/plan.ts';

const NOW = 100_000;
const taskWith = (requests: Record<string, string>) =>
  ({ closure: { resources: { requests } } }) as unknown as PlannedTask;
const ended = (ranMs?: number): Terminated => ({
  kind: 'Terminated',
  exitCode: 0,
  reason: 'Completed',
  message: '',
  ...(ranMs !== undefined && { ranMs }),
});

it('adds up what attempts ran and asked for, and writes it with their ends', () => {
  const state = { cost: undefined } as unknown as EngineState;
  const round = { state, status: {} as Record<string, never>, now: NOW };
  spend(round, taskWith({ cpu: '500m', memory: '512Mi' }), undefined, ended(2_000));
  expect(round.status).toEqual({ cost: { attemptSeconds: 2, cpuSeconds: 1, memoryGiBSeconds: 1 } });
  spend(round, taskWith({}), NOW - 1_500, undefined);
  expect(round.status).toEqual({ cost: { attemptSeconds: 3.5, cpuSeconds: 1, memoryGiBSeconds: 1 } });
  expect(state.cost).toEqual(round.status.cost);
});

it.each([
  ['never ran', undefined, ended()],
  ['ran no time', undefined, ended(0)],
  ['is gone, and nobody saw it run', undefined, undefined],
])('writes nothing for an attempt that %s', (_, runningAt, seen) => {
  const round = { state: { cost: undefined } as unknown as EngineState, status: {}, now: NOW };
  spend(round, taskWith({ cpu: '1' }), runningAt, seen);
  expect(round.status).toEqual({});
});

it('goes on from what a restart finds in status', () => {
  const state = { cost: { attemptSeconds: 0.1 } } as unknown as EngineState;
  const round = { state, status: {}, now: NOW };
  spend(round, taskWith({}), undefined, ended(200));
  expect(state.cost).toEqual({ attemptSeconds: 0.3 });
});
