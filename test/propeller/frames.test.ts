import { describe, expect, it } from 'vitest';
import { compiledWorkflow } from './compiled.ts';
import { endAborted, fail, phasesOf, podOf, succeed, WORKERS } from './nested-steps.ts';
import { createWorld, desire, livePods, nodeOf, runOut, settle, statusOf } from './world.ts';

describe.each(WORKERS)('conditions, run by %s', (_, restarts) => {
  const closure = compiledWorkflow({
    main: `
      inputs: { n: integer }
      outputs: { got: "\${{ nodes.reader.outputs.seen }}" }
      nodes:
        maybe: { task: work, with: { a: 1 }, when: "\${{ inputs.n > 0 }}" }
        needs: { compute: { y: 1 }, needs: [maybe] }
        deeper: { compute: { y: 1 }, needs: [needs] }
        reader: { compute: { seen: "\${{ default(nodes.maybe.outputs.x, 0) }}" } }
        tested: { compute: { z: "\${{ nodes.maybe.outputs.x + 1 }}" }, when: "\${{ nodes.maybe.outputs.x != null }}" }
    `,
  });

  it('that hold let the node run', () => {
    const world = createWorld(closure, { restarts, spec: { inputs: { n: 1 } } });
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { got: 2 } });
    expect(nodeOf(world, 'tested')?.outputs).toEqual({ z: 3 });
  });

  it('that do not hold skip it and what needs it; what only reads it finds null', () => {
    const world = createWorld(closure, { restarts, spec: { inputs: { n: 0 } } });
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { got: 0 } });
    expect(phasesOf(world)).toEqual({
      maybe: 'Skipped',
      needs: 'Skipped',
      deeper: 'Skipped',
      reader: 'Succeeded',
      tested: 'Skipped',
    });
  });

  it('that cannot be told fail the node', () => {
    const broken = compiledWorkflow({
      main: 'inputs: { n: integer }\nnodes: { a: { task: work, with: { a: 1 }, when: "${{ 1 / inputs.n > 0 }}" } }',
    });
    const world = createWorld(broken, { restarts, spec: { inputs: { n: 0 } } });
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'a', reason: 'ExpressionFailed' } });
    expect(nodeOf(world, 'a')?.error?.message).toMatch(/^when: /);
  });
});

describe.each(WORKERS)('a switch, run by %s', (_, restarts) => {
  const closure = compiledWorkflow({
    sub: 'inputs: { a: integer }\noutputs: { x: "${{ nodes.t.outputs.x }}" }\nnodes: { t: { task: work, with: { a: "${{ inputs.a }}" } } }',
    main: `
      inputs: { n: integer, o: "integer?" }
      outputs: { x: "\${{ default(nodes.pick.outputs.x, 0) }}" }
      nodes:
        pick:
          switch:
            - { when: "\${{ inputs.o != null }}", then: { compute: { x: "\${{ inputs.o * 10 }}" } } }
            - { when: "\${{ inputs.n == 1 }}", then: { task: work, with: { a: 4 } } }
            - { when: "\${{ inputs.n == 2 }}", then: { workflow: sub, with: { a: 5 } } }
            - { when: "\${{ inputs.n == 3 }}", then: { fail: "three is \${{ inputs.n }} too many" } }
          else: { sleep: 1h }
        after: { compute: { done: true }, needs: [pick] }
    `,
  });
  it.each([
    ['a compute branch', { n: 9, o: 3 }, 0, 30],
    ['a task branch', { n: 1 }, 1, 8],
    ['an inline workflow', { n: 2 }, 2, 10],
    ['the else branch, a sleep', { n: 7 }, 'else', 0],
  ])('takes %s', (_name, inputs, branch, x) => {
    const world = createWorld(closure, { restarts, spec: { inputs } });
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { x } });
    expect(nodeOf(world, 'pick')).toMatchObject({ phase: 'Succeeded', branch });
    expect(nodeOf(world, 'after')?.phase).toBe('Succeeded');
  });

  it('fails where its branch says so, with the branch’s words', () => {
    const world = createWorld(closure, { restarts, spec: { inputs: { n: 3 } } });
    runOut(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Failed',
      error: { node: 'pick', reason: 'FailedByBranch', message: 'three is 3 too many' },
      nodes: { pick: { branch: 3 }, after: { phase: 'Skipped' } },
    });
  });

  it('gives a float where its branches give integers and floats, whatever the integer', () => {
    const mixed = compiledWorkflow({
      main: `
        inputs: { n: integer }
        outputs: { y: "\${{ nodes.pick.outputs.x / 2.0 }}" }
        nodes:
          pick: { switch: [{ when: "\${{ inputs.n > 0 }}", then: { task: work, with: { a: 1 } } }], else: { compute: { x: 1.5 } } }
      `,
    });
    const world = createWorld(mixed, { restarts, spec: { inputs: { n: 1 } } });
    settle(world);
    succeed(world, 'pick', 'x=9007199254740994');
    expect(nodeOf(world, 'pick')?.outputs).toEqual({ x: 9007199254740994 });
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { y: 4503599627370497 } });
  });

  it('without else does nothing when no branch is taken, and what needs it runs', () => {
    const open = compiledWorkflow({
      main: `
        nodes:
          pick: { switch: [{ when: "\${{ 1 > 2 }}", then: { compute: { x: 1 } } }] }
          after: { compute: { x: "\${{ default(nodes.pick.outputs.x, 7) }}" }, needs: [pick] }
      `,
    });
    const world = createWorld(open, { restarts });
    runOut(world);
    expect(nodeOf(world, 'pick')).toMatchObject({ phase: 'Succeeded', outputs: {} });
    expect(nodeOf(world, 'after')?.outputs).toEqual({ x: 7 });
  });
});

describe.each(WORKERS)('a workflow in a workflow, run by %s', (_, restarts) => {
  const inner = `
    inputs: { a: { type: integer, default: 5 } }
    outputs: { x: "\${{ nodes.second.outputs.x }}" }
    nodes:
      first: { task: work, with: { a: "\${{ inputs.a }}" } }
      second: { task: work, with: { a: "\${{ nodes.first.outputs.x }}" } }
  `;
  const outer = compiledWorkflow({
    inner,
    middle: 'outputs: { x: "${{ nodes.in.outputs.x }}" }\nnodes: { in: { workflow: inner } }',
    main: `
      outputs: { x: "\${{ nodes.m.outputs.x }}", y: "\${{ nodes.i.outputs.x }}" }
      nodes:
        m: { workflow: middle }
        i: { workflow: inner, with: { a: "\${{ nodes.m.outputs.x }}" } }
    `,
  });

  it('runs at any depth, its nodes known by their paths', () => {
    const world = createWorld(outer, { restarts });
    settle(world);
    expect(livePods(world).map(({ path }) => path)).toEqual(['m/in/first']);
    expect(livePods(world)[0]?.name).toMatch(/^flow-abc123-m-in-first-h[0-9a-f]{12}-1$/);
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { x: 20, y: 80 }, nodeCount: 2 });
    expect(Object.keys(phasesOf(world)).sort()).toEqual(
      ['i', 'i/first', 'i/second', 'm', 'm/in', 'm/in/first', 'm/in/second'].sort(),
    );
  });

  it('counts against the same parallelism', () => {
    const wide = compiledWorkflow({
      three:
        'nodes: { a: { task: work, with: { a: 1 } }, b: { task: work, with: { a: 1 } }, c: { task: work, with: { a: 1 } } }',
      main: 'nodes: { one: { workflow: three }, two: { workflow: three } }',
    });
    const world = createWorld(wide, { restarts, settings: { maxParallelism: 2 } });
    settle(world);
    expect(livePods(world).map(({ path }) => path)).toEqual(['one/a', 'one/b']);
    succeed(world, 'one/a');
    expect(livePods(world).map(({ path }) => path)).toEqual(['one/b', 'one/c']);
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('that fails fails its node, with the path of what failed, and ends what runs beside it', () => {
    const world = createWorld(outer, { restarts });
    settle(world);
    fail(world, 'm/in/first');
    expect(statusOf(world)).toMatchObject({
      phase: 'Failed',
      error: { node: 'm/in/first', reason: 'NonZeroExit' },
      nodes: {
        'm/in/second': { phase: 'Skipped' },
        'm/in': { phase: 'Failed', error: { node: 'm/in/first' } },
        m: { phase: 'Failed', error: { node: 'm/in/first' } },
        i: { phase: 'Skipped' },
      },
    });
  });

  it('keeps to its own failure policy', () => {
    const closure = compiledWorkflow({
      calm: `
        failurePolicy: failAfterExecutable
        nodes: { bad: { task: work, with: { a: 1 } }, good: { task: work, with: { a: 1 } }, last: { task: work, with: { a: 1 }, needs: [good] } }
      `,
      main: 'nodes: { c: { workflow: calm }, d: { task: work, with: { a: 1 } } }',
    });
    const world = createWorld(closure, { restarts });
    settle(world);
    fail(world, 'c/bad');
    expect(livePods(world).map(({ path, ending }) => [path, ending])).toEqual([
      ['c/good', undefined],
      ['d', undefined],
    ]);
    expect(nodeOf(world, 'c')).toMatchObject({ phase: 'Running', error: { node: 'c/bad' } });
    succeed(world, 'c/good');
    succeed(world, 'c/last');
    expect(podOf(world, 'd').ending).toMatch(/^SiblingFailed/);
    endAborted(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'c/bad' } });
    expect(phasesOf(world)).toMatchObject({ c: 'Failed', d: 'Aborted', 'c/last': 'Succeeded' });
  });

  it('is ended with all its nodes when one beside it fails', () => {
    const closure = compiledWorkflow({
      inner,
      middle: 'nodes: { in: { workflow: inner }, nap: { sleep: 1h } }',
      main: 'nodes: { m: { workflow: middle }, bad: { task: work, with: { a: 1 } } }',
    });
    const world = createWorld(closure, { restarts });
    settle(world);
    fail(world, 'bad');
    expect(podOf(world, 'm/in/first').ending).toMatch(/^SiblingFailed/);
    expect(nodeOf(world, 'm')?.ending?.reason).toBe('SiblingFailed');
    endAborted(world);
    expect(phasesOf(world)).toMatchObject({
      'm/nap': 'Aborted',
      'm/in/first': 'Aborted',
      'm/in': 'Aborted',
      m: 'Aborted',
    });
    expect(phasesOf(world)).not.toHaveProperty('m/in/second');
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'bad' } });
  });

  it('times out as a whole', () => {
    const closure = compiledWorkflow({
      inner,
      main: 'nodes: { i: { workflow: inner, timeout: { total: 1m } } }',
    });
    const world = createWorld(closure, { restarts });
    settle(world);
    world.now += 59_000;
    succeed(world, 'i/first');
    world.now += 1_000;
    settle(world);
    expect(podOf(world, 'i/second').ending).toMatch(/^WorkflowTimeout/);
    endAborted(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'i', reason: 'TotalTimeout' } });
    expect(phasesOf(world)).toMatchObject({ i: 'TimedOut', 'i/second': 'Aborted' });
  });

  it('is aborted with the execution, and starts nothing after', () => {
    const world = createWorld(outer, { restarts });
    settle(world);
    desire(world, 'Aborted');
    settle(world);
    endAborted(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', error: { reason: 'Aborted' } });
    expect(phasesOf(world)).toEqual({ m: 'Aborted', 'm/in': 'Aborted', 'm/in/first': 'Aborted' });
  });
});

describe.each(WORKERS)('a sleep, run by %s', (_, restarts) => {
  it('ends when its time has come, paused or not', () => {
    const closure = compiledWorkflow({
      main: 'inputs: { d: duration }\nnodes: { nap: { sleep: "${{ inputs.d }}" }, after: { task: work, with: { a: 1 }, needs: [nap] } }',
    });
    const world = createWorld(closure, { restarts, spec: { inputs: { d: '90s' } } });
    settle(world);
    expect(nodeOf(world, 'nap')).toMatchObject({ phase: 'Running', wakeAt: '2026-01-02T03:05:35.000Z' });
    world.now += 89_999;
    settle(world);
    expect(nodeOf(world, 'nap')?.phase).toBe('Running');
    desire(world, 'Paused');
    world.now += 1;
    settle(world);
    expect(nodeOf(world, 'nap')).toMatchObject({ phase: 'Succeeded', finishedAt: '2026-01-02T03:05:35.000Z' });
    expect(livePods(world)).toEqual([]);
    desire(world, 'Running');
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });
});
