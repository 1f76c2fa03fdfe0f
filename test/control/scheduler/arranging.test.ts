import { expect, it } from 'vitest';
import { SCHEDULES_PER_TURN } from '../../../src/base/index.ts';
import type { Cluster, KubeObject, Schedule, WatchOptions } from '../../../src/cluster/index.ts';
import { MINUTE, START, usePlane } from './fixtures/plane.ts';

const plane = usePlane();

/** Says when the schedule has been heard of by whoever watches. */
function tellingOf(name: string, heard: () => void): Cluster {
  const { store } = plane;
  async function* watch<T extends KubeObject>(kind: string, options: WatchOptions) {
    for await (const events of store.watch<T>(kind, options)) {
      yield events;
      const isHeard = events.some((event) => 'object' in event && event.object.metadata.name === name);
      if (kind === 'Schedule' && isHeard) heard();
    }
  }
  return { ...store, watch };
}

it('a schedule that changes while a start puts very many in line ticks by its new rule', async () => {
  await plane.createPlan();
  await plane.createSchedule('first', { cron: '0 * * * *' });
  const { metadata, ...one } = await plane.schedule('first');
  const more = Array.from({ length: SCHEDULES_PER_TURN + 1 }, (_, i): Schedule => {
    const { namespace = '' } = metadata;
    return { ...one, metadata: { name: `yearly-${i}`, namespace }, spec: { ...one.spec, cron: '0 0 1 7 *' } };
  });
  await plane.store.write(
    more.map((object) => ({ op: 'create', object })),
    { discard: true },
  );
  const heard = Promise.withResolvers<void>();
  // The first pause without a wait is that of the start, after ten thousand.
  let isPaused = false;
  const { clock } = plane;
  await plane.start({
    cluster: tellingOf('first', heard.resolve),
    clock: {
      now: clock.now,
      at(at, run) {
        if (isPaused || at > clock.now()) return clock.at(at, run);
        isPaused = true;
        plane
          .change('first', (schedule) => ({ ...schedule, spec: { ...schedule.spec, cron: '30 * * * *' } }))
          .then(() => heard.promise)
          .then(run, heard.reject);
        return () => undefined;
      },
    },
  });
  await heard.promise;
  expect(isPaused).toBe(true);
  clock.set(START + 20 * MINUTE);
  expect(await plane.ticks(1, 'first')).toEqual(['01-01T00:30']);
  clock.set(START + 50 * MINUTE);
  clock.set(START + 80 * MINUTE);
  expect(await plane.ticks(2, 'first')).toEqual(['01-01T00:30', '01-01T01:30']);
});
