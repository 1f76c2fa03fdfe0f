import { describe, expect, it } from 'vitest';
import { MAX_MAP_RESULTS_IN_STATUS } from '../../src/base/index.ts';
import { compiledWorkflow } from './compiled.ts';
import { createWorld, desire, end, livePods, nodeOf, runOut, settle, statusOf, type World } from './world.ts';

/** A workflow over the list `xs` with one node `each`, whose outputs `y` are its own. */
function mapWorld(map: string, xs: readonly number[], restarts = false, inputs = ''): World {
  const closure = compiledWorkflow({
    main: `
      inputs: { xs: list<integer>, n: { type: integer, default: 10 }${inputs} }
      outputs: { all: "\${{ nodes.each.outputs.y }}" }
      nodes:
        each:
          map: ${map}
    `,
  });
  return createWorld(closure, { spec: { inputs: { xs: [...xs] } }, restarts });
}

const numbers = (size: number): number[] => Array.from({ length: size }, (_, i) => i + 1);

/** `0` fails: it is divided by. */
const DIVIDE = '{ over: "${{ inputs.xs }}", compute: { y: "${{ 100 / item }}" } }';
const divide = (rest: string): string => DIVIDE.replace(/ }$/, `, ${rest} }`);

describe.each([
  ['one worker', false],
  ['a new worker at every step', true],
])('a map that computes, run by %s,', (_, restarts) => {
  it('gives its values in the order of the input', () => {
    const world = mapWorld(
      '{ over: "${{ inputs.xs }}", compute: { y: "${{ item * inputs.n + index }}" } }',
      [5, 6, 7],
      restarts,
    );
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [50, 61, 72] } });
    expect(nodeOf(world, 'each')?.map).toMatchObject({ size: 3, succeeded: 3, failed: 0, running: 0 });
    expect(world.pods.size).toBe(0);
  });

  it('reads lists by name together', () => {
    const over = '{ a: "${{ inputs.xs }}", b: "${{ inputs.xs.map(x, x * 2) }}" }';
    const world = mapWorld(`{ over: ${over}, compute: { y: "\${{ item.a + item.b }}" } }`, [1, 2], restarts);
    settle(world);
    expect(statusOf(world).outputs).toEqual({ all: [3, 6] });
  });

  it('fails as soon as it cannot succeed', () => {
    const world = mapWorld(divide('minSuccesses: 2'), [1, 0, 0, 4, 5], restarts);
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [100, null, null, 25, 20] } });
    const failing = mapWorld(divide('minSuccesses: 4'), [1, 0, 0, 4, 5], restarts);
    settle(failing);
    expect(statusOf(failing)).toMatchObject({ phase: 'Failed', error: { node: 'each', reason: 'TooManyFailures' } });
    expect(nodeOf(failing, 'each')?.map).toMatchObject({ succeeded: 1, failed: 2 });
    expect(nodeOf(failing, 'each')?.map?.errors?.['1']).toMatchObject({ reason: 'ExpressionFailed' });
  });

  it('that is large keeps its outputs beside the status, and small ones in it at the end', () => {
    const world = mapWorld(DIVIDE.replace('100 / item', 'item + 1'), numbers(5_000), restarts);
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded' });
    expect(statusOf(world).outputs?.all).toEqual(numbers(5_000).map((n) => n + 1));
    expect(nodeOf(world, 'each')).toHaveProperty('outputs');
    expect(nodeOf(world, 'each')?.map).not.toHaveProperty('kept');
    expect(world.kept.get('each')?.size).toBeGreaterThan(0);
  });

  it('whose outputs are large keeps them where they are', () => {
    const closure = compiledWorkflow({
      main: `
        inputs: { xs: list<integer> }
        outputs: { last: "\${{ nodes.after.outputs.last }}" }
        nodes:
          each:
            map: { over: "\${{ inputs.xs }}", compute: { y: "xxxxxxxxxxxxxxxxxxxx \${{ item }}" } }
          wait: { sleep: 1m, needs: [each] }
          after: { compute: { last: "\${{ nodes.each.outputs.y[3999] }}" }, needs: [wait] }
      `,
    });
    const world = createWorld(closure, { spec: { inputs: { xs: numbers(4_000) } }, restarts });
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ last: 'xxxxxxxxxxxxxxxxxxxx 4000' });
    expect(nodeOf(world, 'each')).not.toHaveProperty('outputs');
    expect(nodeOf(world, 'each')?.map).toMatchObject({ kept: true, succeeded: 4_000 });
    expect(world.kept.get('each')?.size).toBe(4_000);
  });

  it('whose large outputs somebody deleted is not taken for one that gave nothing', () => {
    const closure = compiledWorkflow({
      main: `
        inputs: { xs: list<integer> }
        nodes:
          each: { map: { over: "\${{ inputs.xs }}", compute: { y: "xxxxxxxxxxxxxxxxxxxxxxxxxxxx \${{ item }}" } } }
          wait: { sleep: 1m, needs: [each] }
      `,
    });
    const world = createWorld(closure, { spec: { inputs: { xs: numbers(4_000) } }, restarts });
    settle(world);
    world.kept.get('each')?.delete(5);
    world.state = undefined;
    world.now += 1;
    expect(() => settle(world)).toThrow(/outputs of the map "each" are gone/);
  });

  it('is aborted where it stands', () => {
    const world = mapWorld(DIVIDE, numbers(5_000), restarts);
    desire(world, 'Aborted');
    settle(world);
    expect(statusOf(world).phase).toBe('Aborted');
  });
});

describe.each([
  ['one worker', false],
  ['a new worker at every step', true],
])('a map over tasks, run by %s,', (_, restarts) => {
  const eachWorld = (xs: readonly number[], rest = '', a = 'item * 100 + index'): World => {
    const closure = compiledWorkflow({
      main: `
        inputs: { xs: list<integer> }
        outputs: { all: "\${{ nodes.each.outputs.x }}" }
        nodes:
          each: { map: { task: work, over: "\${{ inputs.xs }}", with: { a: "\${{ ${a} }}" }${rest} } }
      `,
    });
    return createWorld(closure, { spec: { inputs: { xs: [...xs] } }, restarts });
  };

  it('gives each subtask what reads its element and its place', () => {
    const world = eachWorld([7, 8]);
    settle(world);
    expect(livePods(world).map((pod) => pod.inputs)).toEqual([{ a: 700 }, { a: 801 }]);
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ all: [1_400, 1_602] });
  });

  it('fails a subtask whose inputs cannot be made', () => {
    const world = eachWorld([5, 0], ', minSuccesses: 1', '100 / item');
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [40, null] } });
    expect(nodeOf(world, 'each')?.map?.errors?.['1']).toMatchObject({ reason: 'InvalidInputs' });
    expect(world.pods.size).toBe(1);
  });

  it('with fewer elements than must succeed fails before it begins', () => {
    const world = eachWorld([7, 8], ', minSuccesses: 3');
    settle(world);
    expect(statusOf(world).error).toMatchObject({
      reason: 'TooFewElements',
      message: 'it maps over 2 elements, and 3 must succeed',
    });
    expect(world.pods.size).toBe(0);
  });

  it('that is large goes on where it was, and gives outputs in the order of the input', () => {
    const size = MAX_MAP_RESULTS_IN_STATUS + 100;
    const world = eachWorld(numbers(size), ', concurrency: 200');
    for (let turn = 0; turn < 20 && world.execution.status?.phase !== 'Succeeded'; turn++) {
      settle(world);
      for (const pod of livePods(world).filter((_pod, at) => at % 3 !== turn % 3)) {
        end(world, pod, { text: `x=${pod.index}` });
      }
      const map = nodeOf(world, 'each')?.map;
      expect(map).toMatchObject({ size });
      expect(map).not.toHaveProperty('results');
    }
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: numbers(size).map((n) => n - 1) } });
  });

  it('runs subtasks again whose outputs somebody deleted', () => {
    const size = MAX_MAP_RESULTS_IN_STATUS + 1;
    const world = eachWorld(numbers(size));
    settle(world);
    for (const pod of livePods(world).slice(0, 300)) end(world, pod, { text: `x=${pod.index}` });
    settle(world);
    world.kept.get('each')?.delete(17);
    world.pods.delete('flow-abc123-each-17-1');
    world.state = undefined;
    runOut(world, (pod) => `x=${pod.index}`);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: numbers(size).map((n) => n - 1) } });
  });
});
