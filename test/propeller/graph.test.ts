import { describe, expect, it } from 'vitest';
import { BugError } from '../../src/base/index.ts';
import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { buildPlan, nodeSlug, restore } from '../../src/propeller/index.ts';
import { executionOf, expr, literal, type NodeSketch, planOf, workflow } from './closures.ts';
import { createWorld, end, livePods, nodeOf, runOut, settle, statusOf, type World } from './world.ts';

const plusOne = (from: string): NodeSketch => ({ kind: 'compute', values: { x: expr(`${from} + 1`) } });

/** A chain of `length` compute nodes. */
function chain(length: number) {
  const nodes = Array.from({ length }, (_, i) => {
    const node = plusOne(i === 0 ? 'inputs.n' : `nodes.n${i - 1}.outputs.x`);
    return [`n${i}`, { ...node, needs: i === 0 ? [] : [`n${i - 1}`] }] as const;
  });
  const last = expr(`nodes.n${length - 1}.outputs.x`);
  return workflow(Object.fromEntries(nodes), {
    inputs: { n: { type: 'integer' } },
    outputs: { end: { type: 'integer', value: last } },
  });
}

const fail = (world: World, name: string) => {
  const pod = livePods(world).find((live) => live.name.includes(`-${name}-`));
  if (pod === undefined) throw new Error(`${name} is not live`);
  end(world, pod, { exitCode: 1 });
};

describe('compute nodes', () => {
  it.each([
    [1, 10],
    [3, 4],
    [1_000, 1],
  ])('with a streak of %d take %d writes for a chain of ten', (maxStreak, writes) => {
    const world = createWorld(chain(10), { spec: { inputs: { n: 0 } }, settings: { maxStreak } });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { end: 10 } });
    expect(world.trace).toHaveLength(writes);
  });

  it('that fail name the expression’s trouble', () => {
    const world = createWorld(workflow({ one: { kind: 'compute', values: { x: expr('1 / (1 - 1)') } } }));
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'one', reason: 'ExpressionFailed' } });
    expect(statusOf(world).error?.message).toContain('x');
  });

  it('keep what a merge patch cannot carry: nulls inside of objects', () => {
    const closure = workflow({
      one: { kind: 'compute', values: { x: literal({ a: null, b: [null] }) } },
      two: {
        kind: 'task',
        with: { a: expr('nodes.one.outputs.x') },
        needs: ['one'],
        task: { inputs: { a: { type: 'json' } } },
      },
    });
    const json = {
      ...closure,
      nodes: closure.nodes.map((node) => (node.id === 'one' ? { ...node, outputs: { x: 'json' } } : node)),
    };
    const world = createWorld(json, { restarts: true, settings: { maxStreak: 1, maxParallelism: 0 } });
    settle(world);
    expect(livePods(world)).toEqual([]);
    const free: World = { ...world, settings: { maxStreak: 1, maxParallelism: 1 } };
    settle(free);
    expect(livePods(free)[0]?.inputs).toEqual({ a: { a: null, b: [null] } });
  });
});

describe('max parallelism', () => {
  const wide = workflow({
    a: { kind: 'task' },
    b: { kind: 'task' },
    c: { kind: 'task' },
    d: { kind: 'task', needs: ['a'] },
    sum: { kind: 'compute', values: { x: literal(1) } },
  });

  it('gates starts in the order of the closure, and nothing else', () => {
    const world = createWorld(wide, { settings: { maxParallelism: 2 } });
    settle(world);
    expect(livePods(world).map((pod) => pod.name)).toEqual(['flow-abc123-a-1', 'flow-abc123-b-1']);
    expect(nodeOf(world, 'c')).toBeUndefined();
    expect(nodeOf(world, 'sum')?.phase).toBe('Succeeded');
    end(world, livePods(world)[0]!, { text: 'x=1' });
    settle(world);
    expect(livePods(world).map((pod) => pod.name)).toEqual(['flow-abc123-b-1', 'flow-abc123-c-1']);
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('of the execution stands above the platform’s', () => {
    const world = createWorld(wide, { settings: { maxParallelism: 1 }, spec: { maxParallelism: 3 } });
    settle(world);
    expect(livePods(world)).toHaveLength(3);
  });
});

describe('failure', () => {
  const nodes = {
    bad: { kind: 'task' },
    other: { kind: 'task' },
    worse: { kind: 'task' },
    afterBad: { kind: 'task', needs: ['bad', 'other'] },
    afterOther: { kind: 'task', needs: ['other'] },
    last: { kind: 'compute', values: { x: literal(1) }, needs: ['afterBad'] },
  } as const;

  it('with failImmediately ends what runs, skips what depended, starts nothing', () => {
    const world = createWorld(workflow(nodes));
    settle(world);
    fail(world, 'bad');
    settle(world);
    expect(statusOf(world).phase).toBe('Running');
    expect(livePods(world).map((pod) => pod.ending?.split(':')[0])).toEqual(['SiblingFailed', 'SiblingFailed']);
    for (const pod of livePods(world)) end(world, pod, { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Failed',
      error: { node: 'bad', reason: 'NonZeroExit' },
      nodes: { other: { phase: 'Aborted' }, afterBad: { phase: 'Skipped' }, last: { phase: 'Skipped' } },
    });
    expect(nodeOf(world, 'afterOther')).toBeUndefined();
  });

  it('with failAfterExecutable runs all that can run, and keeps every error', () => {
    const world = createWorld(workflow(nodes, { failurePolicy: 'failAfterExecutable' }));
    settle(world);
    fail(world, 'bad');
    settle(world);
    fail(world, 'worse');
    settle(world);
    runOut(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Failed',
      error: { node: 'bad' },
      nodes: {
        worse: { phase: 'Failed', error: { exitCode: 1 } },
        afterBad: { phase: 'Skipped' },
        afterOther: { phase: 'Succeeded' },
        last: { phase: 'Skipped' },
      },
    });
  });
});

describe('an execution', () => {
  it('of no nodes succeeds at once', () => {
    const world = createWorld(workflow({}));
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', nodeCount: 0 });
  });

  it('that is held shows why, and goes on when admitted', () => {
    const world = createWorld(workflow({}));
    world.inbox = [{ kind: 'Hold', message: 'waits for 1 of 1' }];
    settle(world);
    expect(statusOf(world)).toEqual({ phase: 'Queued', message: 'waits for 1 of 1' });
    world.inbox = [{ kind: 'Admit' }];
    settle(world);
    expect(statusOf(world)).not.toHaveProperty('message');
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('that is refused ends with the reason', () => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    world.inbox = [{ kind: 'Refuse', phase: 'Failed', error: { reason: 'ClosureMissing', message: 'gone' } }];
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'ClosureMissing' } });
  });
});

describe('closures and states that cannot be', () => {
  const closure = workflow({ a: { kind: 'task' }, b: { kind: 'task', needs: ['a'] } });
  it.each([
    ['a node before its upstream', { ...closure, nodes: [...closure.nodes].reverse() }],
    ['a task that is not there', { ...closure, tasks: {} }],
    ['two nodes of one id', { ...closure, nodes: closure.nodes.map((node) => ({ ...node, id: 'a' })) }],
    ['an expression that is none', workflow({ a: { kind: 'compute', values: { x: expr('1 +') } } })],
    [
      'a node kind of the future',
      { ...closure, nodes: closure.nodes.map((node) => ({ ...node, kind: 'dream' as 'task' })) },
    ],
  ])('are bugs: %s', (_, broken) => {
    expect(() => buildPlan('d', broken as WorkflowClosure)).toThrow(BugError);
  });

  it('are bugs: a status with a node that the closure has not', () => {
    const execution = {
      ...executionOf(closure),
      status: { phase: 'Running' as const, nodes: { zz: { phase: 'Queued' as const } } },
    };
    expect(() => restore(planOf(closure), execution, 0)).toThrow(BugError);
  });
});

it('node ids become parts of pod names that stay apart', () => {
  const ids = ['a', 'a-1', '1', 'A', 'a_b', 'a-b', 'constructor', '-', 'x'.repeat(100)];
  const slugs = ids.map(nodeSlug);
  expect(new Set(slugs).size).toBe(ids.length);
  for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
  for (const slug of slugs) expect(slug).not.toMatch(/(^|-)\d+$/);
});
