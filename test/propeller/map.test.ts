import { describe, expect, it } from 'vitest';
import { batchText } from './batches.ts';
import { expr, literal, type NodeSketch, workflow } from './closures.ts';
import { createWorld, desire, end, livePods, nodeOf, runOut, settle, start, statusOf, type World } from './world.ts';

type MapSketch = Extract<NodeSketch, { kind: 'map' }>;

/** A world whose workflow is one map over `[1, …, size]`. */
function mapWorld(size: number, changes: Partial<MapSketch> = {}, restarts = false): World {
  const over = literal(Array.from({ length: size }, (_, i) => i + 1));
  const type = (changes.minSuccessRatio ?? 1) < 1 ? 'list<integer?>' : 'list<integer>';
  return createWorld(
    workflow(
      { each: { kind: 'map', over, ...changes } },
      { outputs: { all: { type, value: expr('nodes.each.outputs.x') } } },
    ),
    { restarts },
  );
}

const podAt = (world: World, index: number) => {
  const pod = livePods(world).find((live) => live.index === index);
  if (pod === undefined) throw new Error(`subtask ${index} is not live`);
  return pod;
};

describe.each([
  ['one worker', false],
  ['a new worker at every step', true],
])('a map, run by %s,', (_, restarts) => {
  it('joins outputs in the order of the input, whatever ends first', () => {
    const world = mapWorld(4, {}, restarts);
    settle(world);
    for (const index of [2, 0, 3, 1]) {
      end(world, podAt(world, index), { text: `x=${index * 10}` });
      settle(world);
    }
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [0, 10, 20, 30] } });
    expect(nodeOf(world, 'each')?.map).toMatchObject({ size: 4, succeeded: 4, failed: 0, running: 0 });
    expect(nodeOf(world, 'each')?.map).not.toHaveProperty('results');
  });

  it('keeps to its concurrency, which max parallelism does not count', () => {
    const world = mapWorld(7, { concurrency: 3 }, restarts);
    settle(world);
    expect(livePods(world).map((pod) => pod.name)).toEqual([
      'flow-abc123-each-0-1',
      'flow-abc123-each-1-1',
      'flow-abc123-each-2-1',
    ]);
    end(world, podAt(world, 1), { text: 'x=1' });
    settle(world);
    expect(livePods(world).map((pod) => pod.index)).toEqual([0, 2, 3]);
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ all: [2, 1, 6, 8, 10, 12, 14] });
  });

  it('starts all of a large map, a bounded number at a time', () => {
    const world = mapWorld(1_000, {}, restarts);
    settle(world);
    expect(livePods(world).length).toBe(1_000);
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded' });
    expect(statusOf(world).outputs?.all).toHaveProperty('999', 2_000);
  });

  it('gives null for failed subtasks while enough succeed', () => {
    const world = mapWorld(4, { minSuccessRatio: 0.5 }, restarts);
    settle(world);
    end(world, podAt(world, 0), { exitCode: 1 });
    settle(world);
    end(world, podAt(world, 1), { text: 'x=1' });
    end(world, podAt(world, 2), { exitCode: 2 });
    settle(world);
    expect(statusOf(world).phase).toBe('Running');
    end(world, podAt(world, 3), { text: 'x=3' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [null, 1, null, 3] } });
    expect(nodeOf(world, 'each')?.map?.errors).toMatchObject({ 0: { exitCode: 1 }, 2: { exitCode: 2 } });
  });

  it('runs neighbours in one pod when it has batches, and joins what each gave', () => {
    const world = mapWorld(8, { batch: 3, concurrency: 2 }, restarts);
    settle(world);
    expect(livePods(world).map(({ name, members }) => [name, members?.map(({ index }) => index)])).toEqual([
      ['flow-abc123-each-0-1', [0, 1, 2]],
      ['flow-abc123-each-3-1', [3, 4, 5]],
    ]);
    expect(podAt(world, 0).members?.map(({ inputs, inputsText }) => [inputs.a, inputsText])).toEqual([
      [1, '{"a":1}'],
      [2, '{"a":2}'],
      [3, '{"a":3}'],
    ]);
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [2, 4, 6, 8, 10, 12, 14, 16] } });
    expect(nodeOf(world, 'each')?.map).toMatchObject({ succeeded: 8, failed: 0, running: 0 });
    expect(world.pods.size).toBe(3);
  });

  it('a member of a batch fails alone, and alone is tried again', () => {
    const task = { retries: { limit: 1, backoff: { initialMs: 100, factor: 1, maxMs: 100 } } };
    const world = mapWorld(4, { batch: 4, task, minSuccessRatio: 0.5 }, restarts);
    settle(world);
    const pod = podAt(world, 0);
    end(world, pod, { text: batchText(pod, ['x=7', 3, 'x=9', 'y=1']) });
    settle(world);
    expect(nodeOf(world, 'each')?.map).toMatchObject({ succeeded: 2, failed: 0 });
    world.now += 200;
    settle(world);
    const again = livePods(world).flatMap((each) => (each.members ?? [each]).map((of) => [of.index, of.attempt]));
    expect(again).toEqual([
      [1, 2],
      [3, 2],
    ]);
    runOut(world, (each) =>
      each.members === undefined
        ? 'x=0'
        : batchText(
            each,
            each.members.map(({ index }) => (index === 1 ? 'x=8' : 5)),
          ),
    );
    expect(world.pods.size).toBeGreaterThan(1);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('members that had no turn have failed in nothing: they run with the next ones that may', () => {
    const world = mapWorld(4, { batch: 4 }, restarts);
    settle(world);
    const first = podAt(world, 0);
    end(world, first, { text: batchText(first, ['x=1', 'x=2']) });
    settle(world);
    const [second] = livePods(world);
    expect(second).toMatchObject({ index: 2, attempt: 1 });
    expect(second?.members?.map(({ index, attempt }) => [index, attempt])).toEqual([
      [2, 1],
      [3, 1],
    ]);
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ all: [1, 2, 6, 8] });
  });

  it.each([
    ['memory', { exitCode: 137, reason: 'OOMKilled' }, 'OutOfMemory'],
    ['an exit of its shell', { exitCode: 143 }, 'Killed'],
  ])('the member that ran when its pod came to an end by %s is the one to blame', (_what, how, reason) => {
    const world = mapWorld(4, { batch: 4, minSuccessRatio: 0.5 }, restarts);
    settle(world);
    const pod = podAt(world, 0);
    start(world, pod);
    end(world, pod, { ...how, text: batchText(pod, ['x=1']) });
    settle(world);
    expect(nodeOf(world, 'each')?.map).toMatchObject({ succeeded: 1, failed: 1 });
    expect(nodeOf(world, 'each')?.map?.errors).toMatchObject({ 1: { attempt: 1 } });
    expect(Object.keys(nodeOf(world, 'each')?.map?.errors ?? {})).toEqual(['1']);
    if (reason === 'OutOfMemory') expect(nodeOf(world, 'each')?.map?.errors?.['1']).toMatchObject({ reason });
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ all: [1, null, 6, 8] });
  });

  it('a pod that was lost costs the member that ran a failure of the system, and the others none', () => {
    const world = mapWorld(3, { batch: 3 }, restarts);
    settle(world);
    const pod = podAt(world, 0);
    start(world, pod);
    settle(world);
    world.now += 5;
    end(world, pod, { exitCode: 137, reason: 'Lost' });
    settle(world);
    expect(livePods(world).map(({ index, attempt }) => [index, attempt])).toEqual([[1, 1]]);
    runOut(world);
    expect(statusOf(world).outputs).toEqual({ all: [2, 4, 6] });
  });

  it('no member can run when their pod cannot start', () => {
    const world = mapWorld(3, { batch: 3, minSuccessRatio: 0.1 }, restarts);
    settle(world);
    end(world, podAt(world, 0), { exitCode: -1, reason: 'ImageMissing' });
    settle(world);
    expect(nodeOf(world, 'each')?.map).toMatchObject({ failed: 3 });
  });

  it('gives a batch the time of all its members to run', () => {
    const world = mapWorld(3, { batch: 3, task: { timeout: { runMs: 1_000 } } }, restarts);
    settle(world);
    const pod = podAt(world, 0);
    start(world, pod);
    settle(world);
    world.now += 2_900;
    settle(world);
    expect(pod.ending).toBeUndefined();
    world.now += 200;
    settle(world);
    expect(pod.ending).toMatch(/^RunTimeout/);
    end(world, pod, { exitCode: 143, reason: 'Aborted', text: batchText(pod, ['x=1']) });
    settle(world);
    expect(nodeOf(world, 'each')).toMatchObject({ phase: 'Failed', error: { reason: 'TooManyFailures' } });
    expect(nodeOf(world, 'each')?.map?.errors).toMatchObject({ 1: { reason: 'RunTimeout' } });
  });

  it('an abort ends a batch, and what it told of stands', () => {
    const world = mapWorld(3, { batch: 3 }, restarts);
    settle(world);
    const pod = podAt(world, 0);
    desire(world, 'Aborted');
    settle(world);
    end(world, pod, { exitCode: 143, reason: 'Aborted', text: batchText(pod, ['x=1']) });
    settle(world);
    expect(statusOf(world).phase).toBe('Aborted');
    expect(nodeOf(world, 'each')?.map).toMatchObject({ succeeded: 1, running: 0 });
  });

  it('fails as soon as it cannot succeed, and is over when the others are gone', () => {
    const world = mapWorld(5, { minSuccessRatio: 0.8, concurrency: 3 }, restarts);
    settle(world);
    end(world, podAt(world, 0), { exitCode: 1 });
    settle(world);
    end(world, podAt(world, 1), { exitCode: 7 });
    settle(world);
    expect(statusOf(world).phase).toBe('Running');
    expect(livePods(world).every((pod) => pod.ending?.startsWith('TooManyFailures'))).toBe(true);
    for (const pod of livePods(world)) end(world, pod, { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'each', reason: 'TooManyFailures' } });
    expect(statusOf(world).error?.message).toBe(
      '2 of 5 subtasks failed and 4 must succeed; subtask 0: its command exited with code 1',
    );
    expect(world.pods.size).toBe(4);
  });

  it('retries a subtask by itself', () => {
    const task = { retries: { limit: 9, backoff: { initialMs: 100, factor: 1, maxMs: 100 } } };
    const world = mapWorld(2, { task }, restarts);
    settle(world);
    end(world, podAt(world, 1), { text: 'x=1' });
    for (let attempt = 1; attempt <= 9; attempt++) {
      end(world, podAt(world, 0), { exitCode: 1 });
      settle(world);
      world.now = (world.wakeAt as number) + 100;
      settle(world);
      expect(podAt(world, 0).name).toBe(`flow-abc123-each-0-${attempt + 1}`);
    }
    end(world, podAt(world, 0), { text: 'x=5' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [5, 1] } });
  });

  it('ends a subtask that runs too long, measured from when it began to run', () => {
    const world = mapWorld(2, { task: { timeout: { runMs: 1_000 } }, minSuccessRatio: 0.5 }, restarts);
    settle(world);
    start(world, podAt(world, 0));
    settle(world);
    world.now += 999;
    settle(world);
    expect(podAt(world, 0).ending).toBeUndefined();
    world.now += 1;
    settle(world);
    expect(podAt(world, 0).ending).toMatch(/^RunTimeout/);
    expect(podAt(world, 1).ending).toBeUndefined();
    end(world, podAt(world, 0), { exitCode: 143, reason: 'Aborted' });
    end(world, podAt(world, 1), { text: 'x=1' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [null, 1] } });
    expect(nodeOf(world, 'each')?.map?.errors?.['0']).toMatchObject({ reason: 'RunTimeout' });
  });

  it('is aborted when its live subtasks are gone', () => {
    const world = mapWorld(3, { concurrency: 2 }, restarts);
    settle(world);
    desire(world, 'Aborted');
    settle(world);
    for (const pod of livePods(world)) end(world, pod, { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world).phase).toBe('Aborted');
    expect(nodeOf(world, 'each')?.phase).toBe('Aborted');
    expect(world.pods.size).toBe(2);
  });
});

describe('a map', () => {
  it('over an empty list succeeds with empty lists', () => {
    const world = mapWorld(0);
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', outputs: { all: [] } });
  });

  it('over lists of different lengths fails and tells the lengths', () => {
    const task = { inputs: { a: { type: 'integer' }, b: { type: 'integer' } } };
    const world = mapWorld(0, { task, over: { a: literal([1, 2]), b: literal([1]) } });
    settle(world);
    expect(statusOf(world).error).toMatchObject({
      reason: 'DifferentLengths',
      message: 'lists that are mapped over together must be equally long: "a" has 2, "b" has 1',
    });
  });

  it('gives every subtask the shared inputs, and defaults', () => {
    const task = { inputs: { a: { type: 'integer' }, k: { type: 'integer' }, d: { type: 'integer', default: 9 } } };
    const world = mapWorld(2, { task, with: { k: literal(5) } });
    settle(world);
    expect(livePods(world).map((pod) => pod.inputs)).toEqual([
      { a: 1, k: 5, d: 9 },
      { a: 2, k: 5, d: 9 },
    ]);
  });

  it('whose outputs together pass the bound fails and says so', () => {
    const task = { outputs: { x: { type: 'string' } } };
    const over = literal([1, 2, 3]);
    const world = createWorld(workflow({ each: { kind: 'map', over, task } }));
    settle(world);
    for (const pod of livePods(world)) end(world, pod, { text: `x=${'y'.repeat(500_000)}` });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'OutputsTooLarge' } });
  });

  it('with mixed fates takes at most a byte and a half of status for each subtask, beside its outputs', () => {
    const size = 4_000;
    const task = { outputs: {}, retries: { limit: 5, backoff: { initialMs: 1, factor: 1, maxMs: 1 } } };
    const over = literal(Array.from({ length: size }, (_, i) => i));
    const world = createWorld(workflow({ each: { kind: 'map', over, task, minSuccessRatio: 0.1 } }));
    settle(world);
    // One of seven never ends well, and fates are mixed so that runs of equal ones are short.
    for (let round = 0; round < 8 && livePods(world).length > 0; round++) {
      for (const pod of livePods(world)) end(world, pod, { exitCode: (pod.index * 2_654_435_761) % 7 > round ? 1 : 0 });
      settle(world);
      const { results, ...map } = nodeOf(world, 'each')?.map ?? {};
      expect(JSON.stringify(map).length).toBeLessThan(1.5 * size + 2_000);
      expect(Object.values(results ?? {}).every((values) => JSON.stringify(values) === '[{}]')).toBe(true);
      world.now += 1_000;
      settle(world);
    }
    expect(statusOf(world).phase).toBe('Succeeded');
  });
});
