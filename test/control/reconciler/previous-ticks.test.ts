import { describe, expect, it } from 'vitest';
import {
  ANNOTATION,
  type KubeObject,
  patchObject,
  previousTicksOf,
  type Schedule,
} from '../../../src/cluster/index.ts';
import { definitionObject } from '../../../src/control/reconciler/definition.ts';
import { tickAnnotations } from '../../../src/control/reconciler/previous-ticks.ts';
import { commit, NIGHTLY, newProject, push, startWorld, until } from '../fixtures/world.ts';

const T0 = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

interface Rule {
  readonly cron: string;
  readonly active?: boolean;
  readonly overlap?: 'forbid';
  readonly digest?: string;
}

function schedule(
  { cron, active = true, overlap, digest = cron }: Rule,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const object = definitionObject(
    {
      kind: 'Schedule',
      name: 'nightly',
      launchPlan: 'nightly',
      cron,
      timeZone: 'UTC',
      catchUp: { policy: 'all' },
      active,
      ...(overlap && { overlap }),
    },
    { namespace: 'shop-production', repository: 'shop', commit: 'c', digest, file: 'a.yaml' },
  );
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
  };
}

/** What stands on a schedule after it was changed to each of these, a day apart. */
function afterChanges(...rules: readonly Rule[]): Schedule {
  return rules.reduce<KubeObject | undefined>((live, rule, day) => {
    const next = schedule(rule);
    return schedule(rule, tickAnnotations(live, next, T0 + day * DAY_MS));
  }, undefined) as Schedule;
}

describe('a schedule that changes', () => {
  it('tells of nothing when it is new', () => {
    expect(tickAnnotations(undefined, schedule({ cron: '0 1 * * *' }), T0)).toEqual({});
  });

  it('tells by which rule it ticked, and until when', () => {
    const live = afterChanges({ cron: '0 1 * * *' }, { cron: '0 2 * * *' });
    expect(live.metadata.annotations?.[ANNOTATION.activeSince]).toBe('2026-01-02T00:00:00.000Z');
    expect(previousTicksOf(live)).toEqual([{ cron: '0 1 * * *', timeZone: 'UTC', until: '2026-01-02T00:00:00.000Z' }]);
  });

  it('keeps what it told when something else than its rule changes', () => {
    const live = afterChanges({ cron: '0 1 * * *' }, { cron: '0 2 * * *' }, { cron: '0 2 * * *', overlap: 'forbid' });
    expect(live.metadata.annotations?.[ANNOTATION.activeSince]).toBe('2026-01-02T00:00:00.000Z');
    expect(previousTicksOf(live)).toHaveLength(1);
  });

  it('remembers the last four rules, each with the time it held', () => {
    const live = afterChanges(...[1, 2, 3, 4, 5, 6, 7].map((hour) => ({ cron: `0 ${hour} * * *` })));
    expect(
      previousTicksOf(live).map(({ cron, since, until }) => [cron, since?.slice(0, 10), until.slice(0, 10)]),
    ).toEqual([
      ['0 3 * * *', '2026-01-03', '2026-01-04'],
      ['0 4 * * *', '2026-01-04', '2026-01-05'],
      ['0 5 * * *', '2026-01-05', '2026-01-06'],
      ['0 6 * * *', '2026-01-06', '2026-01-07'],
    ]);
  });

  it('forgets rules of a week ago', () => {
    const live = afterChanges({ cron: '0 1 * * *' }, { cron: '0 2 * * *' });
    const annotations = tickAnnotations(live, schedule({ cron: '0 3 * * *' }), T0 + 20 * DAY_MS);
    const list = previousTicksOf(schedule({ cron: '0 3 * * *' }, annotations));
    expect(list.map(({ cron }) => cron)).toEqual(['0 2 * * *']);
  });

  it('withdraws what it owes when it is turned off, and owes nothing of that time when it is turned on', () => {
    const off = afterChanges({ cron: '0 1 * * *' }, { cron: '0 2 * * *' }, { cron: '0 2 * * *', active: false });
    expect(previousTicksOf(off)).toEqual([]);
    const on = tickAnnotations(off, schedule({ cron: '0 2 * * *' }), T0 + 9 * DAY_MS);
    expect(on).toEqual({ [ANNOTATION.activeSince]: '2026-01-10T00:00:00.000Z' });
  });

  it('takes what somebody changed past git for no rule', () => {
    const live = afterChanges({ cron: '0 1 * * *' }, { cron: '0 2 * * *' });
    const edited = { ...live, spec: { ...live.spec, cron: '* * * * *' } };
    const annotations = tickAnnotations(edited, schedule({ cron: '0 2 * * *' }), T0 + 5 * DAY_MS);
    expect(previousTicksOf(schedule({ cron: '0 2 * * *' }, annotations))).toEqual(previousTicksOf(live));
  });

  it.each([['no JSON'], ['{}'], ['[null, 1, {"cron": 5}, {"cron": "x", "timeZone": "UTC", "until": "never"}]']])(
    'reads nothing from the annotation %s',
    (text) => {
      expect(previousTicksOf(schedule({ cron: '0 1 * * *' }, { [ANNOTATION.previousTicks]: text }))).toEqual([]);
    },
  );
});

describe('the reconciler', () => {
  it('makes a schedule another one when a file of dates that it names changes, and no other', async () => {
    const world = await startWorld();
    const work = newProject();
    const holidays = NIGHTLY.replace('active: true', 'exclude: [{ calendar: calendars/holidays.dates }]');
    commit(work, { 'pipelines/nightly.yaml': holidays, 'calendars/holidays.dates': '2026-12-25\n' });
    await push(world, work);
    const key = { kind: 'Schedule', namespace: 'shop-production', name: 'nightly' };
    await until(async () => (await world.objects('shop-production')).length === 4);
    const before = (await world.store.list('LaunchPlan')).items[0]?.metadata.resourceVersion;
    const head = commit(work, { 'calendars/holidays.dates': '2026-12-25\n2026-12-26 Boxing Day\n' });
    await push(world, work);
    await until(async () => (await world.store.get<Schedule>(key)).spec.commit === head);
    const { spec } = await world.store.get<Schedule>(key);
    expect(spec.exclude).toEqual([{ calendar: 'calendars/holidays.dates', dates: ['2026-12-25', '2026-12-26'] }]);
    expect((await world.store.list('LaunchPlan')).items[0]?.metadata.resourceVersion).toBe(before);
    await world.close();
  });

  it('leaves the old rule on a schedule that a push changes, and then lets it be, with what others noted', async () => {
    const world = await startWorld();
    const work = newProject();
    commit(work, {});
    await push(world, work);
    const key = { kind: 'Schedule', namespace: 'shop-production', name: 'nightly' };
    await patchObject(world.store, key, { metadata: { annotations: { [ANNOTATION.suspended]: '{"at":"x"}' } } });
    const head = commit(work, { 'pipelines/nightly.yaml': NIGHTLY.replace('0 2 * * *', '0 3 * * *') });
    await push(world, work);
    await until(async () => (await world.store.get<Schedule>(key)).spec.cron === '0 3 * * *');
    const changed = await world.store.get<Schedule>(key);
    expect(previousTicksOf(changed).map(({ cron }) => cron)).toEqual(['0 2 * * *']);
    expect(changed.metadata.annotations).toHaveProperty([ANNOTATION.suspended]);
    await patchObject(world.store, key, { spec: { cron: '* * * * *' } });
    await until(async () => (await world.store.get<Schedule>(key)).spec.cron === '0 3 * * *');
    const healed = await world.store.get<Schedule>(key);
    expect(previousTicksOf(healed)).toEqual(previousTicksOf(changed));
    expect(await world.reconciler.settled('shop', 'production', head, 5_000)).toEqual({ kind: 'applied' });
    await world.close();
  });
});
