import { describe, expect, it } from 'vitest';
import { compiledWorkflow } from './compiled.ts';
import { endAborted, fail, podOf, succeed, WORKERS } from './nested-steps.ts';
import { createWorld, desire, livePods, nodeOf, runOut, settle, statusOf } from './world.ts';

describe.each(WORKERS)('a failure handler, run by %s', (_, restarts) => {
  const handler =
    "{ task: tell, with: { text: \"${{ error.reason }} at ${{ default(error.node, '?') }}: ${{ error.failures.map(f, f.node).join(',') }} ${{ string(default(nodes.ok.outputs.x, 0)) }}\" } }";
  const closure = compiledWorkflow({
    main: `
      failurePolicy: failAfterExecutable
      nodes:
        bad: { task: work, with: { a: 1 } }
        worse: { task: work, with: { a: 1 } }
        ok: { task: work, with: { a: 1 } }
      onFailure: ${handler}
    `,
  });

  it('runs once the workflow has failed and nothing of it runs, and is told what happened', () => {
    const world = createWorld(closure, { restarts });
    settle(world);
    fail(world, 'worse');
    fail(world, 'bad');
    expect(livePods(world).map(({ path }) => path)).toEqual(['ok']);
    succeed(world, 'ok', 'x=3');
    expect(podOf(world, 'onFailure').inputs).toEqual({ text: 'NonZeroExit at worse: bad,worse 3' });
    expect(statusOf(world)).toMatchObject({ phase: 'Running', error: { node: 'worse' } });
    succeed(world, 'onFailure', '');
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'worse' } });
    expect(nodeOf(world, 'onFailure')?.phase).toBe('Succeeded');
  });

  it('that fails hides nothing: its error stands beside the first', () => {
    const world = createWorld(closure, { restarts });
    settle(world);
    for (const path of ['bad', 'worse', 'ok', 'onFailure']) fail(world, path);
    expect(statusOf(world)).toMatchObject({
      phase: 'Failed',
      error: { node: 'bad' },
      nodes: { onFailure: { phase: 'Failed', error: { reason: 'NonZeroExit' } } },
    });
  });

  it('does not run when the workflow succeeds, or is aborted', () => {
    const good = createWorld(closure, { restarts });
    runOut(good);
    expect(statusOf(good).phase).toBe('Succeeded');
    const stopped = createWorld(closure, { restarts });
    settle(stopped);
    fail(stopped, 'bad');
    desire(stopped, 'Aborted');
    settle(stopped);
    endAborted(stopped);
    expect(statusOf(stopped).phase).toBe('Aborted');
    for (const world of [good, stopped]) expect(nodeOf(world, 'onFailure')).toBeUndefined();
  });

  it('is ended when the execution is aborted while it runs', () => {
    const world = createWorld(closure, { restarts });
    settle(world);
    for (const path of ['bad', 'worse', 'ok']) fail(world, path);
    desire(world, 'Aborted');
    settle(world);
    expect(podOf(world, 'onFailure').ending).toMatch(/^Aborted/);
    endAborted(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', nodes: { onFailure: { phase: 'Aborted' } } });
  });

  it('is skipped when its condition does not hold', () => {
    const guarded = compiledWorkflow({
      main: `
        nodes: { bad: { task: work, with: { a: 1 } } }
        onFailure: { task: tell, with: { text: no }, when: "\${{ error.reason != 'NonZeroExit' }}" }
      `,
    });
    const world = createWorld(guarded, { restarts });
    settle(world);
    fail(world, 'bad');
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', nodes: { onFailure: { phase: 'Skipped' } } });
  });

  it('can be a workflow, and belongs to an inline workflow as well', () => {
    const nested = compiledWorkflow({
      cleanup:
        'inputs: { text: string }\nnodes: { a: { task: tell, with: { text: "${{ inputs.text }}" } }, b: { task: tell, with: { text: b }, needs: [a] } }',
      inner: `
        nodes: { bad: { task: work, with: { a: 1 } } }
        onFailure: { workflow: cleanup, with: { text: "\${{ default(error.node, '') }}" } }
      `,
      main: 'nodes: { i: { workflow: inner } }\nonFailure: { task: tell, with: { text: "${{ default(error.node, \'\') }}" } }',
    });
    const world = createWorld(nested, { restarts });
    settle(world);
    fail(world, 'i/bad');
    expect(podOf(world, 'i/onFailure/a').inputs).toEqual({ text: 'i/bad' });
    succeed(world, 'i/onFailure/a', '');
    expect(nodeOf(world, 'i')?.phase).toBe('Running');
    fail(world, 'i/onFailure/b');
    expect(nodeOf(world, 'i')).toMatchObject({ phase: 'Failed', error: { node: 'i/bad' } });
    expect(nodeOf(world, 'i/onFailure')).toMatchObject({ phase: 'Failed', error: { node: 'i/onFailure/b' } });
    expect(podOf(world, 'onFailure').inputs).toEqual({ text: 'i/bad' });
    succeed(world, 'onFailure', '');
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'i/bad' } });
  });
});
