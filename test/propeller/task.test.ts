import { describe, expect, it } from 'vitest';
import { expr, literal, workflow } from './closures.ts';
import {
  createWorld,
  desire,
  end,
  isOver,
  livePods,
  nodeOf,
  runOut,
  settle,
  start,
  statusOf,
  vanish,
  type World,
} from './world.ts';

const only = (world: World) => {
  const [pod] = livePods(world);
  if (pod === undefined) throw new Error('no pod is live');
  return pod;
};

const retrying = { retries: { limit: 2, backoff: { initialMs: 1_000, factor: 2, maxMs: 3_000 } } };

describe('a task', () => {
  it('gets rendered inputs and gives checked outputs to its dependents', () => {
    const world = createWorld(
      workflow(
        {
          one: { kind: 'task', with: { a: expr('inputs.n + 1') } },
          two: { kind: 'task', with: { a: expr('nodes.one.outputs.x') }, needs: ['one'] },
        },
        {
          inputs: { n: { type: 'integer' } },
          outputs: { total: { type: 'integer', value: expr('nodes.two.outputs.x') } },
        },
      ),
      { spec: { inputs: { n: 4 } } },
    );
    runOut(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Succeeded', nodeCount: 2, outputs: { total: 20 } });
    expect([...world.pods.values()].map((pod) => [pod.name, { ...pod.inputs }])).toEqual([
      ['flow-abc123-one-1', { a: 5 }],
      ['flow-abc123-two-1', { a: 10 }],
    ]);
  });

  it('keeps integers past 2^53 exact from outputs to inputs', () => {
    const world = createWorld(
      workflow({
        one: { kind: 'task' },
        two: { kind: 'task', with: { a: expr('nodes.one.outputs.x') }, needs: ['one'] },
      }),
    );
    settle(world);
    end(world, only(world), { text: '{"x": 9007199254740993}' });
    settle(world);
    expect(only(world).inputs.a).toBe('9007199254740993');
  });

  it('shows when it was queued, ran and finished', () => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    settle(world);
    expect(nodeOf(world, 'one')).toEqual({ phase: 'Queued', attempt: 1, startedAt: '2026-01-02T03:04:05.000Z' });
    world.now += 1_000;
    start(world, only(world));
    settle(world);
    world.now += 1_000;
    end(world, only(world), { text: 'x=1' });
    settle(world);
    expect(nodeOf(world, 'one')).toEqual({
      phase: 'Succeeded',
      attempt: 1,
      startedAt: '2026-01-02T03:04:05.000Z',
      runningAt: '2026-01-02T03:04:06.000Z',
      finishedAt: '2026-01-02T03:04:07.000Z',
      outputs: { x: 1 },
    });
  });

  it.each([
    ['exits with a code', { exitCode: 3 }, 'NonZeroExit', 'its command exited with code 3'],
    ['writes no outputs', { text: '' }, 'InvalidOutputs', 'the output "x" is missing'],
    ['writes a wrong type', { text: '{"x": "many"}' }, 'InvalidOutputs', 'x'],
    ['is killed for its memory', { exitCode: 137, reason: 'OOMKilled' }, 'OutOfMemory', 'memory'],
    [
      'cannot be started',
      { exitCode: 127, reason: 'StartError', text: './work: not found' },
      'StartError',
      './work: not found',
    ],
  ])('that %s fails the execution, which names it', (_, how, reason, message) => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    settle(world);
    end(world, only(world), how);
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { node: 'one', reason, attempt: 1 } });
    expect(statusOf(world).error?.message).toContain(message);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Failed', error: { reason } });
  });

  it('is retried after growing waits, until its budget is spent', () => {
    const world = createWorld(workflow({ one: { kind: 'task', task: retrying } }));
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      settle(world);
      expect(only(world).attempt).toBe(attempt);
      end(world, only(world), { exitCode: 1 });
      settle(world);
      if (world.wakeAt !== undefined) {
        expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Queued', attempt, error: { exitCode: 1 } });
        waits.push(world.wakeAt - world.now);
        world.now = world.wakeAt;
      }
    }
    expect(statusOf(world).phase).toBe('Failed');
    expect(waits.map((wait, i) => wait > [750, 1_500][i]! - 1 && wait <= [1_000, 2_000][i]!)).toEqual([true, true]);
  });

  it('drops the error of an attempt once a later one succeeds', () => {
    const world = createWorld(workflow({ one: { kind: 'task', task: retrying } }));
    settle(world);
    end(world, only(world), { exitCode: 1 });
    runOut(world);
    expect(statusOf(world).phase).toBe('Succeeded');
    expect(nodeOf(world, 'one')).toMatchObject({ attempt: 2, outputs: { x: 2 } });
    expect(nodeOf(world, 'one')).not.toHaveProperty('error');
    expect(nodeOf(world, 'one')).not.toHaveProperty('retryAt');
  });

  it('has its own budget for failures of the system', () => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    for (let attempt = 1; attempt <= 4; attempt++) {
      settle(world);
      end(world, only(world), { exitCode: 137, reason: attempt === 2 ? 'Evicted' : 'Lost' });
      settle(world);
      if (world.wakeAt !== undefined) world.now = world.wakeAt;
    }
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'Lost', attempt: 4 } });
    expect(nodeOf(world, 'one')).toMatchObject({ attempt: 4, systemFailures: 4 });
  });

  it('whose pod vanished starts again as the next attempt', () => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    settle(world);
    vanish(world, only(world));
    runOut(world);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Succeeded', attempt: 2, systemFailures: 1 });
  });

  it('that cannot get its inputs fails with the reason', () => {
    const world = createWorld(
      workflow({ one: { kind: 'task', with: { a: expr('1 / inputs.n') } } }, { inputs: { n: { type: 'integer' } } }),
      { spec: { inputs: { n: 0 } } },
    );
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'InvalidInputs', node: 'one' } });
    expect(world.pods.size).toBe(0);
  });

  it('with inputs past the bound fails before anything starts', () => {
    const big = { inputs: { a: { type: 'string' } } };
    const world = createWorld(
      workflow({ one: { kind: 'task', task: big, with: { a: literal('x'.repeat(1 << 20)) } } }),
    );
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'InputsTooLarge' } });
  });
});

describe('timeouts', () => {
  const timed = (timeout: object) => workflow({ one: { kind: 'task', task: { ...retrying, timeout } } });
  const wake = (world: World) => {
    world.now = world.wakeAt as number;
    settle(world);
  };

  it('of a run ends the attempt, and the next starts only when it is gone', () => {
    const world = createWorld(timed({ runMs: 5_000 }));
    settle(world);
    start(world, only(world));
    settle(world);
    wake(world);
    expect(only(world).ending).toMatch(/^RunTimeout: .* of 5s$/);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Running', attempt: 1, ending: { reason: 'RunTimeout' } });
    world.now += 60_000;
    settle(world);
    expect(world.pods.size).toBe(1);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    wake(world);
    expect(only(world).attempt).toBe(2);
    expect(nodeOf(world, 'one')).not.toHaveProperty('ending');
  });

  it('of the last run makes the node TimedOut', () => {
    const world = createWorld(workflow({ one: { kind: 'task', task: { timeout: { runMs: 5_000 } } } }));
    settle(world);
    start(world, only(world));
    settle(world);
    wake(world);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'TimedOut', error: { reason: 'RunTimeout' } });
    expect(statusOf(world)).toMatchObject({ phase: 'Failed', error: { reason: 'RunTimeout' } });
  });

  it('of the queue is final, and means nothing once the attempt runs', () => {
    const late = createWorld(timed({ queueMs: 5_000 }));
    settle(late);
    wake(late);
    end(late, only(late), { exitCode: 143, reason: 'Aborted' });
    settle(late);
    expect(nodeOf(late, 'one')).toMatchObject({ phase: 'TimedOut', attempt: 1, error: { reason: 'QueueTimeout' } });

    const intime = createWorld(timed({ queueMs: 5_000 }));
    settle(intime);
    start(intime, only(intime));
    settle(intime);
    wake(intime);
    expect(only(intime).ending).toBeUndefined();
  });

  it('in total counts all attempts and their waits', () => {
    const world = createWorld(timed({ totalMs: 1_200 }));
    settle(world);
    world.now += 1_000;
    end(world, only(world), { exitCode: 1 });
    settle(world);
    wake(world);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'TimedOut', attempt: 1, error: { reason: 'TotalTimeout' } });
    expect(isOver(world)).toBe(true);
  });

  it('lose to an attempt that finished well before its end reached it', () => {
    const world = createWorld(timed({ runMs: 5_000 }));
    settle(world);
    start(world, only(world));
    settle(world);
    wake(world);
    end(world, only(world), { text: 'x=7' });
    settle(world);
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Succeeded', outputs: { x: 7 } });
  });
});

describe('aborting', () => {
  it('says why, in the words of who asked for it', () => {
    const world = createWorld(workflow({ one: { kind: 'task' } }));
    settle(world);
    desire(world, 'Aborted', 'wrong day');
    settle(world);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    const error = { reason: 'Aborted', message: 'the execution was aborted: wrong day' };
    expect(statusOf(world)?.error).toEqual(error);
    expect(nodeOf(world, 'one')?.error).toEqual(error);
  });

  it('ends live attempts, starts nothing, and is over when they are gone', () => {
    const world = createWorld(workflow({ one: { kind: 'task' }, two: { kind: 'task', needs: ['one'] } }));
    settle(world);
    desire(world, 'Aborted');
    settle(world);
    expect(only(world).ending).toBe('Aborted: the execution was aborted');
    expect(isOver(world)).toBe(false);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', error: { reason: 'Aborted' } });
    expect(nodeOf(world, 'one')?.phase).toBe('Aborted');
    expect(nodeOf(world, 'two')).toBeUndefined();
  });

  it('takes an attempt for ended that exits with 0 and gives no outputs, and does not try it again', () => {
    const world = createWorld(workflow({ one: { kind: 'task', task: retrying } }));
    settle(world);
    desire(world, 'Aborted');
    settle(world);
    end(world, only(world), { text: '' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'Aborted', nodes: { one: { phase: 'Aborted', attempt: 1 } } });
  });

  it('before the start, while backing off and while paused is over at once', () => {
    const fresh = createWorld(workflow({ one: { kind: 'task' } }));
    fresh.inbox = [];
    desire(fresh, 'Aborted');
    settle(fresh);
    expect(statusOf(fresh).phase).toBe('Aborted');

    const waiting = createWorld(workflow({ one: { kind: 'task', task: retrying } }));
    settle(waiting);
    end(waiting, only(waiting), { exitCode: 1 });
    settle(waiting);
    desire(waiting, 'Paused');
    settle(waiting);
    desire(waiting, 'Aborted');
    settle(waiting);
    expect(statusOf(waiting).phase).toBe('Aborted');
    expect(nodeOf(waiting, 'one')).toMatchObject({ phase: 'Aborted' });
    expect(nodeOf(waiting, 'one')).not.toHaveProperty('retryAt');
  });
});

describe('pausing', () => {
  it('starts nothing new, lets what runs finish, and resumes', () => {
    const world = createWorld(workflow({ one: { kind: 'task' }, two: { kind: 'task', needs: ['one'] } }));
    settle(world);
    desire(world, 'Paused');
    settle(world);
    expect(statusOf(world).message).toBe('paused: nothing new starts');
    end(world, only(world), { text: 'x=1' });
    settle(world);
    expect(nodeOf(world, 'one')?.phase).toBe('Succeeded');
    expect(livePods(world)).toEqual([]);
    desire(world, 'Running');
    settle(world);
    expect(statusOf(world)).not.toHaveProperty('message');
    expect(only(world).name).toBe('flow-abc123-two-1');
  });
});
