import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_HANDLER, graphOf } from '../../../src/compiler/graph/index.ts';
import type { NodeClosure, WorkflowClosure } from '../../../src/compiler/index.ts';
import { commitOf, compileAll } from '../commit.ts';

const TASK = `kind: Task
metadata: { name: add }
spec: { inputs: { a: integer }, outputs: { b: integer }, run: { command: [./add] } }`;

function compiled(...documents: readonly string[]): WorkflowClosure {
  const outcome = compileAll(commitOf(TASK, ...documents));
  expect(outcome.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const found = outcome.kind === 'compiled' ? outcome.changed.find(({ name }) => name === 'w') : undefined;
  return found!.closure as WorkflowClosure;
}

/** A workflow of `compute` nodes with these upstreams. */
function workflowOf(upstreams: readonly (readonly number[])[]): WorkflowClosure {
  const nodes = upstreams.map(
    (upstream, at): NodeClosure => ({ id: `n${at}`, kind: 'compute', upstream, outputs: {}, values: {} }),
  );
  return { kind: 'Workflow', name: 'w', inputs: {}, outputs: {}, nodes, tasks: {}, failurePolicy: 'failImmediately' };
}

describe('graphOf', () => {
  it('names what each node runs, and when', () => {
    const inner = `kind: Workflow
metadata: { name: inner }
spec: { inputs: { a: integer }, nodes: { one: { compute: { x: "\${{ inputs.a }}" } } } }`;
    const plan = `kind: LaunchPlan
metadata: { name: nightly }
spec: { workflow: inner, inputs: { default: { a: 1 } } }`;
    const workflow = `kind: Workflow
metadata: { name: w, description: All of them. }
spec:
  inputs: { go: boolean, many: list<integer> }
  nodes:
    one: { task: add, with: { a: 1 }, when: "\${{ inputs.go }}" }
    many: { map: { task: add, over: { a: "\${{ inputs.many }}" } } }
    part: { workflow: inner, with: { a: 1 } }
    apart: { launchPlan: nightly }
    wait: { needs: [apart], sleep: 5m }
    which:
      switch:
        - { when: "\${{ inputs.go }}", then: { task: add, with: { a: 1 } } }
      else: { fail: "No way to go." }
  onFailure: { task: add, with: { a: 0 } }`;
    expect(graphOf(compiled(inner, plan, workflow))).toEqual({
      name: 'w',
      description: 'All of them.',
      nodes: [
        { id: 'one', kind: 'task', target: 'add', when: 'inputs.go' },
        { id: 'many', kind: 'map', target: 'add' },
        { id: 'part', kind: 'workflow', target: 'inner' },
        { id: 'apart', kind: 'launchPlan', target: 'nightly' },
        { id: 'wait', kind: 'sleep' },
        { id: 'which', kind: 'switch', target: 'add | fail' },
        { id: FAILURE_HANDLER, kind: 'task', target: 'add', isFailureHandler: true },
      ],
      edges: [{ from: 3, to: 4, isImplied: false }],
    });
  });

  it('finds the edges that add nothing to the order', () => {
    const { edges } = graphOf(workflowOf([[], [0], [0, 1], [0, 2]]));
    expect(edges.map(({ from, to, isImplied }) => `${from}${isImplied ? '..' : '->'}${to}`)).toEqual([
      '0->1',
      '0..2',
      '1->2',
      '0..3',
      '2->3',
    ]);
  });

  it('keeps the order of nodes when those edges are left out', () => {
    const upstreams = fc
      .integer({ min: 1, max: 40 })
      .chain((size) => fc.tuple(...Array.from({ length: size }, (_, at) => fc.subarray([...Array(at).keys()]))));
    fc.assert(
      fc.property(upstreams, (given) => {
        const { edges } = graphOf(workflowOf(given));
        const reach = (all: typeof edges) => {
          const before: Set<number>[] = given.map(() => new Set());
          for (const { from, to } of all) for (const node of [from, ...before[from]!]) before[to]!.add(node);
          return before;
        };
        const needed = edges.filter(({ isImplied }) => !isImplied);
        expect(reach(needed)).toEqual(reach(edges));
      }),
      { numRuns: 50 },
    );
  });
});
