import { describe, expect, it } from 'vitest';
import type { ActionClosure, NodeClosure, WorkflowClosure } from '../../src/compiler/index.ts';
import { notRun, notRunNode } from '../../src/compiler/index.ts';
import { literal, workflow } from './closures.ts';
import { createWorld, end, livePods, nodeOf, settle, statusOf } from './world.ts';

const KINDS: readonly ActionClosure[] = [{ kind: 'dynamic', outputs: {}, task: 'd'.repeat(64), with: {}, tasks: {} }];

/** A task, then the node `x`, then one that waits for it. */
function around(node: NodeClosure): WorkflowClosure {
  const closure = workflow({
    before: { kind: 'task' },
    x: { kind: 'compute', values: { x: literal(1) }, needs: ['before'] },
    after: { kind: 'task', needs: ['x'] },
  });
  return { ...closure, nodes: closure.nodes.map((other) => (other.id === 'x' ? node : other)) };
}

describe('a node that is not run', () => {
  it.each(KINDS.map((action) => [`${action.kind}`, { id: 'x', upstream: [0], ...action } as NodeClosure] as const))(
    '%s: fails in its turn and says why',
    (_name, node) => {
      const world = createWorld(around(node));
      settle(world);
      expect(nodeOf(world, 'x')).toBeUndefined();
      for (const pod of livePods(world)) end(world, pod, { text: '{"x": 1}' });
      settle(world);
      const message = `this version does not run ${notRunNode(node)}`;
      expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'x', reason: 'NotSupported', message } });
      expect(nodeOf(world, 'x')).toMatchObject({ phase: 'Failed', error: { reason: 'NotSupported' } });
      expect(nodeOf(world, 'after')).toMatchObject({ phase: 'Skipped' });
    },
  );

  it('names its kind', () => {
    expect(KINDS.map((action) => notRun(action))).toEqual(['a "dynamic" node']);
  });
});
