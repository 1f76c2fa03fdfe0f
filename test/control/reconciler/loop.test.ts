import { describe, expect, it } from 'vitest';
import { type Clock, ConflictError, STALLED_RETRY_MS, StalledError } from '../../../src/base/index.ts';
import { nextConditions } from '../../../src/control/reconciler/conditions.ts';
import { createKeyQueue } from '../../../src/control/reconciler/key-queue.ts';
import { quiet } from '../../git/fixtures/served.ts';

/** A clock that stands until it is moved. */
function steppedClock(): Clock & { advance(ms: number): Promise<void> } {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    at(at, run) {
      const timer = { at, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.run();
      }
      await turn();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function queueOf(results: (Error | undefined)[]) {
  const clock = steppedClock();
  const calls: string[] = [];
  const queue = createKeyQueue({
    clock,
    log: quiet,
    backoff: { initialMs: 100, factor: 2, maxMs: 300 },
    async work(key) {
      calls.push(key);
      const result = results.shift();
      if (result !== undefined) throw result;
    },
  });
  return { queue, clock, calls };
}

describe('createKeyQueue', () => {
  it('works once more on what was added while it worked, never at the same time', async () => {
    const { queue, calls } = queueOf([]);
    for (let round = 0; round < 5; round += 1) queue.add('a');
    await turn();
    expect(calls).toEqual(['a', 'a']);
  });

  it('backs off further with each failure, up to a bound', async () => {
    const { queue, clock, calls } = queueOf(Array.from({ length: 4 }, () => new Error('no')));
    queue.add('a');
    await turn();
    for (const ms of [99, 1, 199, 1, 299, 1, 299, 1]) await clock.advance(ms);
    expect(calls).toHaveLength(5);
  });

  it('repeats a lost race at once, and a stall a long time later', async () => {
    const { queue, clock, calls } = queueOf([new ConflictError('raced'), undefined, new StalledError('Why', 'stuck')]);
    queue.add('a');
    await turn();
    expect(calls).toHaveLength(2);
    queue.add('a');
    await turn();
    await clock.advance(STALLED_RETRY_MS - 1);
    expect(calls).toHaveLength(3);
    await clock.advance(1);
    expect(calls).toHaveLength(4);
    await clock.advance(STALLED_RETRY_MS);
    expect(calls).toHaveLength(4);
  });

  it('starts nothing after it was closed', async () => {
    const { queue, clock, calls } = queueOf([new Error('no')]);
    queue.add('a');
    await queue.close();
    queue.add('b');
    await clock.advance(1_000);
    expect(calls).toEqual(['a']);
  });
});

describe('nextConditions', () => {
  const ready = { kind: 'ready', message: 'fine' } as const;
  const shown = (conditions: ReturnType<typeof nextConditions>) =>
    conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

  it.each([
    ['ready', ready, ['Ready=True Applied', 'Reconciling=False Applied', 'Stalled=False Applied']],
    [
      'to be retried',
      { kind: 'failed', error: new Error('later') } as const,
      ['Ready=False Retrying', 'Reconciling=True Retrying', 'Stalled=False Retrying'],
    ],
    [
      'stalled',
      { kind: 'failed', error: new StalledError('DiskFull', 'full') } as const,
      ['Ready=False DiskFull', 'Reconciling=False DiskFull', 'Stalled=True DiskFull'],
    ],
  ])('when %s', (_name, outcome, expected) => {
    expect(shown(nextConditions(undefined, outcome, 0))).toEqual(expected);
  });

  it('says nothing when there is no news, and moves the time only with the status', () => {
    const first = nextConditions(undefined, ready, 0);
    expect(nextConditions(first, ready, 5_000)).toBeUndefined();
    const failed = nextConditions(first, { kind: 'failed', error: new StalledError('DiskFull', 'full') }, 5_000);
    expect(failed?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
      '1970-01-01T00:00:05.000Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T00:00:05.000Z',
    ]);
  });
});
