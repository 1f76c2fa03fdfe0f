import { expect, it } from 'vitest';
import { type LaunchPlan, newExecution, type Schedule } from '../../../src/cluster/index.ts';
import { tickExecutionName } from '../../../src/control/scheduler/index.ts';
import { NAMESPACE, START, usePlane } from './fixtures/plane.ts';

const TICK = Date.parse('2026-01-01T01:00:00Z');
const AT = '2026-01-01T01:00:00.000Z';
const FIELDS = { repository: 'shop', commit: 'c'.repeat(40), workflow: 'etl', closure: 'e'.repeat(64) };
const plane = usePlane();

interface Row {
  readonly what: string;
  readonly plan: Partial<LaunchPlan['spec']>;
  readonly schedule: Partial<Schedule['spec']>;
}

const rows: readonly Row[] = [
  { what: 'nothing else', plan: {}, schedule: {} },
  { what: 'a priority and a parallelism', plan: { priority: 3, maxParallelism: 7 }, schedule: { priority: 5 } },
  { what: 'a limit of the launch plan', plan: { concurrency: { limit: 2, whenFull: 'queue' } }, schedule: {} },
  { what: 'ticks that wait for each other', plan: {}, schedule: { overlap: 'queue' } },
  { what: 'ticks that are left out', plan: {}, schedule: { overlap: 'forbid' } },
];

it.each(rows)('executions that are due together are those of any other start, with $what', async (row) => {
  const inputs = { day: { type: 'datetime' }, note: { type: 'string' } } as const;
  await plane.createPlan('nightly', { ...row.plan, interface: { inputs, outputs: {} } });
  const given = { note: 'slot-mark-a-0- "quoted" \u0001' };
  const more = { catchUp: { policy: 'none' } as const, inputs: given, kickoffTime: 'day', ...row.schedule };
  const names = ['a', 'b.c', 'd-4', 'x'.repeat(63)];
  for (const name of names) await plane.createSchedule(name, { cron: '0 * * * *', ...more });
  await plane.start();
  expect(START).toBeLessThan(TICK);
  plane.clock.set(TICK);
  await plane.until('all four', async () => (await plane.executions()).length === names.length);
  for (const stored of await plane.executions()) {
    const { trigger } = stored.spec;
    const name = trigger.kind === 'schedule' ? trigger.schedule : '';
    const schedule = await plane.schedule(name);
    const made = newExecution({
      ...FIELDS,
      namespace: NAMESPACE,
      name: tickExecutionName(schedule, TICK),
      launchPlan: 'nightly',
      inputs: { ...given, day: AT },
      trigger: { kind: 'schedule', schedule: name, tick: AT },
      ...row.plan,
      ...row.schedule,
    });
    const { uid: _, creationTimestamp: __, generation: ___, resourceVersion: ____, ...metadata } = stored.metadata;
    expect({ ...stored, metadata }).toEqual(made);
  }
});
