import { describe, expect, it } from 'vitest';
import { createAhead, creationOf, letGo } from '../../../src/control/scheduler/ahead.ts';
import type { DueTick } from '../../../src/control/scheduler/collect.ts';
import type { CreateWrite, Start } from '../../../src/control/scheduler/launcher.ts';
import { NAMESPACE, SECOND, usePlane } from './fixtures/plane.ts';

const TICK = Date.parse('2026-01-01T01:00:00Z');
const plane = usePlane();

function writeOf(name: string): CreateWrite {
  return { op: 'create', object: { apiVersion: 'pipectl.dev/v1', kind: 'Execution', metadata: { name } } };
}

function dueTick(name: string, tick: number): DueTick {
  return { entry: { id: 7, name }, tick, due: tick, lane: 'live' } as DueTick;
}

describe('a write that was put together before its tick was due', () => {
  const start: Start = (schedule, tick) => writeOf(`${schedule}-${tick}`);
  const other: Start = (schedule) => writeOf(`${schedule}-anew`);
  const ready = { schedule: 'nightly', tick: 5, due: 5, start, write: writeOf('prepared') };
  const rows: readonly [string, DueTick, Start, string][] = [
    ['is used where nothing has changed', dueTick('nightly', 5), start, 'prepared'],
    ['is not that of another tick', dueTick('nightly', 6), start, 'nightly-6'],
    ['is not that of another schedule with its number', dueTick('hourly', 5), start, 'hourly-5'],
    ['is not used when something else is to be started', dueTick('nightly', 5), other, 'nightly-anew'],
  ];
  it.each(rows)('%s', (_, due, by, name) => {
    const ahead = createAhead();
    ahead.ready.set(7, ready);
    expect(creationOf(ahead, due, by)).toEqual(writeOf(name));
  });

  it('is let go once all of them are settled', () => {
    const ahead = createAhead();
    ahead.ready.set(7, ready);
    ahead.lastDue = 5;
    letGo(ahead, 4);
    expect(ahead.ready.size).toBe(1);
    letGo(ahead, 5);
    expect(ahead.ready.size).toBe(0);
  });
});

it('ticks start by the plan that is there when they are due', async () => {
  await plane.createPlan('nightly', { priority: 1 });
  const names = ['a', 'b', 'c'];
  for (const name of names) await plane.createSchedule(name, { cron: '0 * * * *', catchUp: { policy: 'none' } });
  await plane.start();
  plane.clock.set(TICK - 3 * SECOND);
  const key = { kind: 'LaunchPlan', namespace: NAMESPACE, name: 'nightly' };
  for (const priority of [2, 3]) {
    await plane.store.write([{ op: 'patch', key, patch: { spec: { priority } } }]);
    plane.clock.set(plane.clock.now() + SECOND);
  }
  plane.clock.set(TICK);
  await plane.until('all ticked', async () => (await plane.executions()).length === names.length);
  for (const { spec } of await plane.executions()) expect(spec.priority).toBe(3);
});

describe('the host is told that ticks have been prepared', () => {
  const rows: readonly [string, number, number, number][] = [
    ['where they are very many', 20, 3 * SECOND, 1],
    ['not where they are few', 19, 3 * SECOND, 0],
    ['not where they are due at once', 20, 50, 0],
  ];
  it.each(rows)('%s', async (_, count, beforeMs, told) => {
    await plane.createPlan('nightly');
    plane.clock.set(TICK - beforeMs);
    for (let i = 0; i < count; i++) {
      await plane.createSchedule(`s-${i}`, { cron: '0 * * * *', catchUp: { policy: 'none' } });
    }
    let times = 0;
    let prepared = 0;
    const { store } = plane;
    const prepare: typeof store.prepare = (writes) => {
      prepared += writes.length;
      store.prepare(writes);
    };
    const onPrepared = (): void => {
      times += 1;
    };
    await plane.start({ cluster: { ...store, prepare }, onPrepared });
    await plane.until('they are prepared', () => prepared === count);
    await plane.until('the host is told', () => times >= told);
    plane.clock.set(TICK);
    await plane.until('all ticked', async () => (await plane.executions()).length === count);
    expect(times).toBe(told);
  });
});
