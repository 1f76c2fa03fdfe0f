import { describe, expect, it } from 'vitest';
import { createQuotas } from '../../../src/control/propeller/quotas.ts';

const one = { tasks: 1, cpu: 0, memoryBytes: 0 };
const none = { tasks: 0, cpu: 0, memoryBytes: 0 };

describe('the room of a quota', () => {
  const woken: string[] = [];
  const wait = (key: string, since = 0, priority = 0) => ({ since, priority, wake: () => void woken.push(key) });
  const open = (quota: object) => {
    const quotas = createQuotas();
    quotas.set([quota]);
    woken.length = 0;
    return quotas;
  };

  it.each([
    [{ project: 'shop', domain: 'production' }, 'shop-production', true],
    [{ project: 'shop', domain: 'production' }, 'shop-eu-production', false],
    [{ project: 'shop' }, 'shop-development', true],
    [{ domain: 'production' }, 'tickets-production', true],
    [{ domain: 'production' }, 'tickets-development', false],
    [{}, 'anything-at-all', true],
  ])('of %j and %s: %s', (names, namespace, fits) => {
    expect(open({ ...names, maxTasks: 1 }).quotaOf(namespace) !== undefined).toBe(fits);
  });

  it('goes round: who has had some goes to the end of the line', () => {
    const quotas = open({ maxTasks: 2 });
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(2);
    quotas.note('n', 'wide', { ...none, tasks: 2 }, wait('wide', 1));
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(0);
    quotas.note('n', 'small', none, wait('small', 2));
    expect(woken).toEqual([]);
    // One of the wide one's tasks ends: it is the first in line, and lines up behind the small one.
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(0);
    quotas.note('n', 'wide', one, wait('wide', 3));
    expect(woken).toEqual(['small']);
    expect(quotas.roomFor('n', 'wide')?.left.tasks).toBe(0);
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(1);
    quotas.note('n', 'small', one, undefined);
    quotas.note('n', 'small', none, undefined);
    expect(woken.slice(1)).toEqual(['wide', 'wide']);
  });

  it('wakes nobody again and again who has seen that there is too little', () => {
    const quotas = open({ cpu: '1' });
    expect(quotas.roomFor('n', 'a')?.left.cpu).toBe(1);
    quotas.note('n', 'a', { tasks: 1, cpu: 0.75, memoryBytes: 0 }, undefined);
    quotas.roomFor('n', 'b');
    quotas.note('n', 'b', none, wait('b', 1));
    quotas.roomFor('n', 'c');
    quotas.note('n', 'c', none, wait('c', 2));
    expect(woken).toEqual([]);
    quotas.forget('n', 'a');
    expect(woken).toEqual(['b']);
  });

  it('is looked for once by each, also by those who have other reasons to look', () => {
    const quotas = open({ cpu: '1' });
    quotas.expect('n', 'full', false);
    const turns = ['a', 'b', 'full', 'b', 'a', 'a', 'b'];
    let now = 0;
    for (let key = turns.shift(); key !== undefined && now < 100; key = turns.shift()) {
      now++;
      quotas.roomFor('n', key);
      if (key === 'full') quotas.note('n', key, { tasks: 1, cpu: 1, memoryBytes: 0 }, undefined);
      else quotas.note('n', key, none, wait(key, now));
      turns.push(...woken.splice(0));
    }
    expect(now).toBeLessThan(20);
  });

  it('keeps the place of who looks before its turn', () => {
    const quotas = open({ cpu: '1' });
    quotas.roomFor('n', 'full');
    quotas.note('n', 'full', { tasks: 1, cpu: 1, memoryBytes: 0 }, undefined);
    for (const [index, key] of ['a', 'b', 'c', 'b'].entries()) {
      quotas.roomFor('n', key);
      quotas.note('n', key, none, wait(key, index));
    }
    quotas.leave('n', 'a');
    expect(woken).toEqual(['b']);
  });

  it('is kept for who asks for much: others that ask for less do not overtake it', () => {
    const quotas = open({ cpu: '2' });
    const cores = (cpu: number) => ({ tasks: cpu, cpu, memoryBytes: 0 });
    for (const key of ['a', 'b']) {
      quotas.roomFor('n', key);
      quotas.take('n', key, cores(1));
      quotas.note('n', key, cores(1), undefined);
    }
    for (const [key, since] of [
      ['large', 1],
      ['small', 2],
    ] as const) {
      quotas.roomFor('n', key);
      quotas.note('n', key, none, wait(key, since));
    }
    // One core is free: too little for the first in line, which looks and waits on.
    quotas.note('n', 'a', none, undefined);
    expect(quotas.roomFor('n', 'large')?.left.cpu).toBe(1);
    quotas.note('n', 'large', none, wait('large', 3));
    expect(quotas.roomFor('n', 'small')?.left.tasks).toBe(0);
    quotas.note('n', 'b', none, undefined);
    expect(woken).toEqual(['large', 'large']);
  });

  it('is nobody’s before what runs already is counted', () => {
    const quotas = open({ maxTasks: 5 });
    quotas.expect('n', 'old', false);
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(0);
    quotas.note('n', 'new', none, wait('new'));
    quotas.note('n', 'old', { ...none, tasks: 4 }, undefined);
    expect(woken).toEqual(['new']);
    expect(quotas.roomFor('n', 'new')?.left.tasks).toBe(1);
  });

  it('of executions is given in the order of coming, and priority counts as time', () => {
    const quotas = open({ maxExecutions: 1 });
    const full = { kind: 'Hold', message: 'queued: the quota of n allows 1 execution at a time' };
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toEqual(full);
    quotas.forget('n', 'a');
    expect(woken).toEqual(['c']);
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
    expect(quotas.admit('n', 'c', wait('c', 11, 5))).toEqual({ kind: 'Admit' });
  });
});

describe('the lines of a quota', () => {
  const woken: string[] = [];
  const wait = (key: string, since = 0, priority = 0) => ({ since, priority, wake: () => void woken.push(key) });
  const full = { kind: 'Hold', message: 'queued: the quota of n allows 1 execution at a time' };
  const open = (quota: object) => {
    const quotas = createQuotas();
    quotas.set([quota]);
    woken.length = 0;
    return quotas;
  };

  it('let one who overtakes begin though it comes when another has been woken', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b', 10));
    quotas.forget('n', 'a');
    expect(quotas.admit('n', 'urgent', wait('urgent', 11, 5))).toEqual({ kind: 'Admit' });
    expect(quotas.admit('n', 'b', wait('b', 10))).toEqual(full);
  });

  it('wake one after the other while there are places', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    for (const key of ['b', 'c', 'd']) quotas.admit('n', key, wait(key, 1));
    quotas.set([{ maxExecutions: 3 }]);
    woken.length = 0;
    quotas.admit('n', 'b', wait('b', 1));
    expect(woken).toEqual(['c']);
    quotas.admit('n', 'c', wait('c', 1));
    expect(woken).toEqual(['c']);
  });

  it('are left by who does not want to begin, and the next is told', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'paused', wait('paused', 1));
    quotas.admit('n', 'b', wait('b', 2));
    quotas.forget('n', 'a');
    quotas.forget('n', 'paused');
    expect(woken).toEqual(['paused', 'b']);
    expect(quotas.admit('n', 'b', wait('b', 2))).toEqual({ kind: 'Admit' });
  });

  it('are left by who cannot go on, and what it takes still counts', () => {
    const quotas = open({ maxTasks: 2 });
    quotas.roomFor('n', 'a');
    quotas.note('n', 'a', { ...none, tasks: 2 }, wait('a', 1));
    quotas.note('n', 'b', none, wait('b', 2));
    quotas.leave('n', 'a');
    expect(woken).toEqual(['b']);
    expect(quotas.roomFor('n', 'b')?.left.tasks).toBe(0);
  });

  it('wake by the engine that asked last', () => {
    const quotas = open({ maxExecutions: 1 });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b of the old shard', 1));
    quotas.admit('n', 'b', wait('b of the new shard', 1));
    quotas.forget('n', 'a');
    expect(woken).toEqual(['b of the new shard']);
  });

  it('wake who was admitted, could not write it, and tries again while it is counted', () => {
    const quotas = open({ maxTasks: 1 });
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
    quotas.leave('n', 'a');
    quotas.counting(quotas);
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Unknown' });
    quotas.counted(quotas);
    expect(woken).toEqual(['a']);
    expect(quotas.admit('n', 'a', wait('a'))).toEqual({ kind: 'Admit' });
  });

  it('stand still until all engines have counted what runs', () => {
    const quotas = open({ maxExecutions: 1, maxTasks: 2 });
    const [one, other] = [{}, {}];
    quotas.counting(one);
    quotas.counting(other);
    expect(quotas.admit('n', 'new', wait('new', 5))).toEqual({ kind: 'Unknown' });
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual({ kind: 'Unknown' });
    expect(quotas.roomFor('n', 'running')?.left.tasks).toBe(0);
    quotas.counted(one);
    expect(woken).toEqual([]);
    quotas.expect('n', 'running', false);
    quotas.expect('n', 'child', true);
    quotas.counted(other);
    expect(woken).toEqual(['new', 'older']);
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual(full);
    quotas.forget('n', 'running');
    expect(quotas.admit('n', 'new', wait('new', 5))).toEqual(full);
    expect(quotas.admit('n', 'older', wait('older', 4))).toEqual({ kind: 'Admit' });
  });

  it('report what is taken, allowed and waited for', () => {
    const quotas = open({ maxExecutions: 1, cpu: '1500m' });
    quotas.admit('n', 'a', wait('a'));
    quotas.admit('n', 'b', wait('b'));
    quotas.note('n', 'a', { tasks: 2, cpu: 1, memoryBytes: 8 }, undefined);
    expect(quotas.report()).toEqual([
      {
        namespace: 'n',
        used: { executions: 1, tasks: 2, cpu: 1, memory: 8 },
        limits: { executions: 1, cpu: 1.5 },
        waiting: { toBegin: 1, toStart: 0 },
      },
    ]);
  });
});
