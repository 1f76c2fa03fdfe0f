import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/index.ts';
import { compiledWorkflow } from './compiled.ts';
import { createWorld, desire, end, livePods, nodeOf, runOut, settle, start, statusOf, type World } from './world.ts';

const closure = (extra = '') =>
  compiledWorkflow({
    main: `
      inputs: { n: { type: integer, default: 1 } }
      outputs: { sum: "\${{ nodes.d.outputs.sum }}" }
      nodes:
        d:
          dynamic:
            task: plan
            with: { a: "\${{ inputs.n }}" }
            tasks: [work, plan]
            outputs: { sum: integer }
          ${extra}
    `,
  });

const SPEC: Json = {
  outputs: { sum: '${{ nodes.a.outputs.x + nodes.b.outputs.x }}', more: 1 },
  nodes: { a: { task: 'work', with: { a: 10 } }, b: { task: 'work', with: { a: '${{ nodes.a.outputs.x }}' } } },
};

const podOf = (world: World, path: string) => {
  const pod = livePods(world).find((live) => live.path === path);
  if (pod === undefined) throw new Error(`${path} is not live: ${livePods(world).map((live) => live.path)}`);
  return pod;
};
const plan = (world: World, path: string, workflow: Json) => {
  end(world, podOf(world, path), { text: JSON.stringify({ workflow }) });
  settle(world);
};

describe.each([
  ['one worker', false],
  ['a new worker at every step', true],
])('a dynamic node, run by %s', (_, restarts) => {
  it('runs its task, then the workflow that this has written, which is stored by its digest', () => {
    const world = createWorld(closure(), { restarts });
    settle(world);
    expect(podOf(world, 'd').name).toBe('flow-abc123-d-1');
    plan(world, 'd', SPEC);
    expect(nodeOf(world, 'd')).toMatchObject({
      phase: 'Running',
      attempt: 1,
      closure: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect([...world.produced.keys()]).toEqual([nodeOf(world, 'd')?.closure]);
    expect(livePods(world).map(({ path }) => path)).toEqual(['d/a']);
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { sum: 60 } });
    expect(nodeOf(world, 'd')?.outputs).toEqual({ sum: 60 });
    expect(nodeOf(world, 'd')?.closure).toBe([...world.produced.keys()][0]);
  });

  it('fails when the workflow cannot be run, with what is wrong with it', () => {
    const world = createWorld(closure(), { restarts });
    settle(world);
    plan(world, 'd', { nodes: { a: { task: 'wrok', with: { a: 1 } } } });
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'd', reason: 'InvalidWorkflow' } });
    expect(nodeOf(world, 'd')?.error?.message).toMatch(/there is no task "wrok".*did you mean "work"/s);
    expect(world.produced.size).toBe(0);
  });

  it('lets its task try again, as for any output that does not fit', () => {
    const world = createWorld(closure('retries: 1'), { restarts });
    settle(world);
    plan(world, 'd', 7);
    expect(nodeOf(world, 'd')).toMatchObject({ phase: 'Queued', error: { reason: 'InvalidWorkflow' } });
    world.now += 2_000;
    settle(world);
    plan(world, 'd', SPEC);
    expect(nodeOf(world, 'd')).toMatchObject({ phase: 'Running', attempt: 2 });
    expect(nodeOf(world, 'd')).not.toHaveProperty('error');
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('may write a workflow with a dynamic node in it, but not for ever', () => {
    const nested = {
      outputs: { sum: 1 },
      nodes: { d: { dynamic: { task: 'plan', with: { a: 1 }, tasks: ['plan'], outputs: {} } } },
    };
    const world = createWorld(closure(), { restarts });
    settle(world);
    let path = 'd';
    for (; livePods(world).length > 0; path += '/d') plan(world, path, nested);
    expect(path.split('/')).toHaveLength(34);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'TooDeep' } });
  });

  it('fails with what it runs, and is ended with the execution', () => {
    const failed = createWorld(closure(), { restarts });
    settle(failed);
    plan(failed, 'd', SPEC);
    end(failed, podOf(failed, 'd/a'), { exitCode: 3 });
    settle(failed);
    expect(statusOf(failed)).toMatchObject({ phase: 'Failed', error: { node: 'd/a', exitCode: 3 } });
    expect(nodeOf(failed, 'd')).toMatchObject({ phase: 'Failed', error: { node: 'd/a' } });
    const aborted = createWorld(closure(), { restarts });
    settle(aborted);
    plan(aborted, 'd', SPEC);
    desire(aborted, 'Aborted');
    settle(aborted);
    end(aborted, podOf(aborted, 'd/a'), { exitCode: 143, reason: 'Aborted' });
    settle(aborted);
    expect(statusOf(aborted)).toMatchObject({ phase: 'Aborted', nodes: { d: { phase: 'Aborted' } } });
  });

  it('does not run what its task has written when it is to end already', () => {
    const aborted = createWorld(closure(), { restarts });
    settle(aborted);
    desire(aborted, 'Aborted');
    settle(aborted);
    plan(aborted, 'd', SPEC);
    expect(statusOf(aborted)).toMatchObject({ phase: 'Aborted', nodes: { d: { phase: 'Aborted' } } });
    const late = createWorld(closure('timeout: { total: 1m }'), { restarts });
    settle(late);
    late.now += 60_000;
    settle(late);
    plan(late, 'd', SPEC);
    expect(statusOf(late)).toMatchObject({ phase: 'Failed', error: { node: 'd', reason: 'TotalTimeout' } });
    for (const { produced } of [aborted, late]) expect(produced.size).toBe(0);
  });

  it('runs what its task has written when only that attempt was to end', () => {
    const world = createWorld(closure('timeout: { run: 1m }'), { restarts });
    settle(world);
    start(world, podOf(world, 'd'));
    settle(world);
    world.now += 60_000;
    settle(world);
    expect(podOf(world, 'd').ending).toMatch(/^RunTimeout/);
    plan(world, 'd', SPEC);
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { sum: 60 } });
  });

  it('is over its total timeout with task and workflow together', () => {
    const world = createWorld(closure('timeout: { total: 1m }'), { restarts });
    settle(world);
    world.now += 30_000;
    plan(world, 'd', SPEC);
    world.now += 30_000;
    settle(world);
    expect(podOf(world, 'd/a').ending).toMatch(/^WorkflowTimeout/);
    end(world, podOf(world, 'd/a'), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'd', reason: 'TotalTimeout' } });
    expect(nodeOf(world, 'd')?.phase).toBe('TimedOut');
  });
});
