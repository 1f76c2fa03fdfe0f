import { expect, it } from 'vitest';
import { viewExecution } from '../../src/client/index.ts';
import type { NodeStatus } from '../../src/cluster/index.ts';
import { executionOf } from '../propeller/closures.ts';
import { compiledWorkflow } from '../propeller/compiled.ts';

const closure = compiledWorkflow({
  inner: 'nodes: { a: { task: work, with: { a: 1 } }, b: { task: work, with: { a: 1 }, needs: [a] } }',
  main: `
    nodes:
      w: { workflow: inner }
      s: { switch: [{ when: "\${{ 1 > 2 }}", then: { sleep: 1s } }, { when: "\${{ 2 > 1 }}", then: { workflow: inner } }], needs: [w] }
      d: { dynamic: { task: plan, with: { a: 1 }, tasks: [work], outputs: {} } }
    onFailure: { workflow: inner }
  `,
});
const done: NodeStatus = { phase: 'Succeeded', finishedAt: '2026-01-02T03:04:06Z' };
const nodes: Record<string, NodeStatus> = {
  'w/b': { phase: 'Failed', error: { reason: 'NonZeroExit', message: 'no' } },
  'w/a': done,
  w: { phase: 'Failed' },
  s: { phase: 'Running', branch: 1 },
  's/a': done,
  d: { phase: 'Running', closure: 'd'.repeat(64) },
  'd/two': { phase: 'Running', startedAt: '2026-01-02T03:04:08Z' },
  'd/one': { phase: 'Succeeded', startedAt: '2026-01-02T03:04:07Z' },
  onFailure: { phase: 'Running' },
  'onFailure/a': { phase: 'Running' },
};
const execution = { ...executionOf(closure), status: { phase: 'Running' as const, nodeCount: 3, nodes } };

it('nodes that run others have these behind them, in the order of their workflow, else of their start', () => {
  const view = viewExecution(execution, closure, 0);
  expect(view.nodes.map(({ id, depth, kind, phase }) => [id, depth, kind, phase])).toEqual([
    ['w', 0, 'workflow', 'Failed'],
    ['w/a', 1, 'task', 'Succeeded'],
    ['w/b', 1, 'task', 'Failed'],
    ['s', 0, 'workflow', 'Running'],
    ['s/a', 1, 'task', 'Succeeded'],
    ['s/b', 1, 'task', 'Pending'],
    ['d', 0, 'dynamic', 'Running'],
    ['d/one', 1, 'unknown', 'Succeeded'],
    ['d/two', 1, 'unknown', 'Running'],
    ['onFailure', 0, 'workflow', 'Running'],
    ['onFailure/a', 1, 'task', 'Running'],
    ['onFailure/b', 1, 'task', 'Pending'],
  ]);
  expect(view.nodes.find(({ id }) => id === 'w/b')?.upstream).toEqual(['w/a']);
});

it('nodes of a workflow that a task wrote are in its order and of its kinds, once it could be read', () => {
  const written = compiledWorkflow({
    inner: 'nodes: { deep: { sleep: 1s } }',
    main: 'nodes: { one: { workflow: inner }, two: { task: work, with: { a: 1 }, needs: [one] } }',
  });
  const digest = 'd'.repeat(64);
  const under = { 'd/one/deep': done };
  const made = { ...execution, status: { ...execution.status, nodes: { ...nodes, ...under } } };
  const view = viewExecution(made, closure, 0, new Map([[digest, written]]));
  expect(
    view.nodes.filter(({ id }) => id.startsWith('d')).map(({ id, kind, closure: its }) => [id, kind, its]),
  ).toEqual([
    ['d', 'dynamic', digest],
    ['d/one', 'workflow', undefined],
    ['d/one/deep', 'sleep', undefined],
    ['d/two', 'task', undefined],
  ]);
});

it('a node that runs others tells how far these are', () => {
  const innerOf = (id: string) => viewExecution(execution, closure, 0).nodes.find((node) => node.id === id)?.inner;
  expect(innerOf('w')).toEqual({ size: 2, succeeded: 1, failed: 1, running: 0 });
  expect(innerOf('d')).toEqual({ size: 2, succeeded: 1, failed: 0, running: 1 });
  expect(innerOf('w/a')).toBeUndefined();
});

it('counts are of the workflow’s own nodes', () => {
  expect(viewExecution(execution, closure, 0).counts).toEqual({ total: 3, ended: 1, running: 2, failed: 1 });
  expect(viewExecution(execution, undefined, 0).counts).toEqual({ total: 3, ended: 1, running: 2, failed: 1 });
});
