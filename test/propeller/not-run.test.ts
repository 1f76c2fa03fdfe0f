import { describe, expect, it } from 'vitest';
import type { ActionClosure, NodeClosure, SwitchAction, WorkflowClosure } from '../../src/compiler/index.ts';
import { notRun } from '../../src/compiler/index.ts';
import { expr, literal, taskClosure, workflow } from './closures.ts';
import { createWorld, end, livePods, nodeOf, settle, statusOf } from './world.ts';

const retries = taskClosure().retries;
const CHILD = { name: 'child', closure: 'd'.repeat(64) };
const BRANCH: ActionClosure = { kind: 'compute', outputs: { x: 'integer' }, values: { x: literal(1) } };

const KINDS: readonly (ActionClosure | SwitchAction)[] = [
  { kind: 'workflow', outputs: {}, workflow: 'd'.repeat(64), with: {} },
  { kind: 'launchPlan', outputs: {}, launchPlan: CHILD, with: {}, retries, timeout: {} },
  { kind: 'switch', outputs: { x: 'integer?' }, branches: [{ when: expr('true'), action: BRANCH }] },
  { kind: 'approve', outputs: {}, message: literal('ok?') },
  { kind: 'signal', outputs: { value: 'integer' } },
  { kind: 'sleep', outputs: {}, duration: literal('1h') },
  { kind: 'dynamic', outputs: {}, task: 'd'.repeat(64), with: {}, tasks: {} },
];

/** A task, then the node `x`, then one that waits for it. */
function around(node: NodeClosure): WorkflowClosure {
  const closure = workflow({
    before: { kind: 'task' },
    x: { kind: 'compute', values: { x: literal(1) }, needs: ['before'] },
    after: { kind: 'task', needs: ['x'] },
  });
  return { ...closure, nodes: closure.nodes.map((other) => (other.id === 'x' ? node : other)) };
}

const GUARDED: NodeClosure = { id: 'x', upstream: [0], ...BRANCH, when: expr('true') };

describe('a node that is not run', () => {
  it.each([
    ...KINDS.map((action) => [`${action.kind}`, { id: 'x', upstream: [0], ...action } as NodeClosure] as const),
    ['with a condition', GUARDED] as const,
  ])('%s: fails in its turn and says why', (_name, node) => {
    const world = createWorld(around(node));
    settle(world);
    expect(nodeOf(world, 'x')).toBeUndefined();
    for (const pod of livePods(world)) end(world, pod, { text: '{"x": 1}' });
    settle(world);
    const message = `this version does not run ${notRun(node)}`;
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'x', reason: 'NotSupported', message } });
    expect(nodeOf(world, 'x')).toMatchObject({ phase: 'Failed', error: { reason: 'NotSupported' } });
    expect(nodeOf(world, 'after')).toMatchObject({ phase: 'Skipped' });
  });

  it('names its kind', () => {
    expect(KINDS.map((action) => notRun({ id: 'x', upstream: [], ...action } as NodeClosure))).toEqual([
      'a "workflow" node',
      'a "launchPlan" node',
      'a "switch" node',
      'an "approve" node',
      'a "signal" node',
      'a "sleep" node',
      'a "dynamic" node',
    ]);
    expect(notRun(GUARDED)).toBe('a node with "when"');
  });
});
