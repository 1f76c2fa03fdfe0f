import { describe, expect, it } from 'vitest';
import { expr, workflow } from './closures.ts';
import { createWorld, desire, end, isOver, livePods, nodeOf, settle, start, statusOf, type World } from './world.ts';

const flow = workflow({
  one: { kind: 'task', task: { retries: { limit: 3, backoff: { initialMs: 1_000, factor: 2, maxMs: 3_000 } } } },
  two: { kind: 'task', needs: ['one'], with: { a: expr('nodes.one.outputs.x') } },
});
const only = (world: World) => {
  const [pod] = livePods(world);
  if (pod === undefined) throw new Error('no pod is live');
  return pod;
};
const wake = (world: World) => {
  world.now = world.wakeAt as number;
  settle(world);
};
const error = (message: string) => ({ reason: 'ExecutionTimeout', message: `the execution ${message}` });

describe.each([{ restarts: false }, { restarts: true }])('the timeout of an execution, %j', ({ restarts }) => {
  const open = (timeout: object) => createWorld(flow, { restarts, spec: { timeout } });

  it('of its run ends what is live, tries nothing again, and is over when all is gone', () => {
    const world = open({ runMs: 60_000 });
    settle(world);
    start(world, only(world));
    world.now += 1_000;
    settle(world);
    wake(world);
    const told = error('ran longer than its run timeout of 1m');
    expect(only(world).ending).toBe(`${told.reason}: ${told.message}`);
    expect(isOver(world)).toBe(false);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({ phase: 'TimedOut', error: told });
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Aborted', attempt: 1, error: told });
    expect(nodeOf(world, 'two')).toBeUndefined();
  });

  it('of its run counts from its begin, and what ends in time is well', () => {
    const world = open({ runMs: 60_000 });
    world.now += 3_600_000;
    settle(world);
    world.now += 59_000;
    end(world, only(world), { text: 'x=1' });
    settle(world);
    end(world, only(world), { text: 'x=1' });
    settle(world);
    expect(statusOf(world).phase).toBe('Succeeded');
  });

  it('of its queue ends it before it begins, and means nothing after', () => {
    const world = open({ queueMs: 5_000 });
    world.inbox = [{ kind: 'Hold', message: 'queued: no place' }];
    settle(world);
    wake(world);
    const told = error('did not begin within its queue timeout of 5s');
    expect(statusOf(world)).toMatchObject({ phase: 'TimedOut', error: told });
    expect(statusOf(world)).not.toHaveProperty('message');

    const begun = open({ queueMs: 5_000 });
    settle(begun);
    begun.now += 6_000;
    settle(begun);
    expect(statusOf(begun).phase).toBe('Running');
    expect(only(begun).ending).toBeUndefined();
  });

  it('in total counts from its creation, backing off and paused as well', () => {
    const world = open({ totalMs: 10_000 });
    world.now += 4_000;
    settle(world);
    end(world, only(world), { exitCode: 1 });
    settle(world);
    desire(world, 'Paused');
    settle(world);
    world.now += 6_000;
    settle(world);
    const told = error('took longer, waits included, than its total timeout of 10s');
    expect(statusOf(world)).toMatchObject({ phase: 'TimedOut', error: told });
    expect(nodeOf(world, 'one')).toMatchObject({ phase: 'Aborted', error: told });
  });

  it('gives way to an abort', () => {
    const world = open({ runMs: 60_000 });
    settle(world);
    wake(world);
    desire(world, 'Aborted', 'enough');
    settle(world);
    end(world, only(world), { exitCode: 143, reason: 'Aborted' });
    settle(world);
    expect(statusOf(world)).toMatchObject({
      phase: 'Aborted',
      error: { reason: 'Aborted' },
    });
  });
});
