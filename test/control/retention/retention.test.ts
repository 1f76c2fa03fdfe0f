import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KubeObject } from '../../../src/cluster/index.ts';
import { DEFAULT_RETENTION, expired, startRetention } from '../../../src/control/retention/index.ts';
import { hostClock } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { workflow } from '../../propeller/closures.ts';
import { execution, NAMESPACE } from '../propeller/engine-host.ts';

const HOUR = 3_600_000;
const limits = { maxAgeMs: 24 * HOUR, maxCount: 2 };
const MIN_AGE = HOUR;

it.each([
  ['young ones stay, however many', [0.1, 0.2, 0.3, 0.4], []],
  ['the newest stay within the count', [2, 3, 4, 5], [4, 5]],
  ['old ones go, however few', [25], [25]],
  ['young ones take up the count', [0.1, 0.2, 2], [2]],
])('%s', (_, ages, gone) => {
  const now = 1_000 * HOUR;
  const finished = ages.map((age) => ({ namespace: 'a', name: `${age}`, uid: 'u', finishedAt: now - age * HOUR }));
  const names = expired(finished, now, limits, MIN_AGE).map(({ name }) => Number(name));
  expect(names).toEqual(gone);
});

it('keeps at most the count beyond the shortest age, whatever there is', () => {
  const finishedArb = fc.array(fc.record({ finishedAt: fc.nat(100 * HOUR), name: fc.uuid() }), { maxLength: 20 });
  fc.assert(
    fc.property(finishedArb, (all) => {
      const now = 100 * HOUR;
      const gone = new Set(
        expired(
          all.map((one) => ({ ...one, namespace: 'a', uid: 'u' })),
          now,
          limits,
          MIN_AGE,
        ).map((one) => one.name),
      );
      const old = all.filter((one) => !gone.has(one.name) && now - one.finishedAt >= MIN_AGE);
      expect(old.length).toBeLessThanOrEqual(limits.maxCount);
      expect(old.every((one) => now - one.finishedAt <= limits.maxAgeMs)).toBe(true);
    }),
  );
});

it('deletes finished executions of a store and nothing else', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  try {
    const closure = workflow({});
    const names = ['done-1', 'done-2', 'runs'];
    await store.write(names.map((name) => ({ op: 'create', object: execution(closure, name) })));
    const finishedAt = (at: number) => ({ phase: 'Succeeded', finishedAt: `2026-01-0${at}T00:00:00.000Z` });
    const key = (name: string) => ({ kind: 'Execution', namespace: NAMESPACE, name });
    await store.write([
      { op: 'patchStatus', key: key('done-1'), patch: finishedAt(1) },
      { op: 'patchStatus', key: key('done-2'), patch: finishedAt(2) },
      { op: 'patchStatus', key: key('runs'), patch: { phase: 'Running' } },
    ]);
    const retention = startRetention({
      cluster: store,
      clock: hostClock,
      log: { write: () => undefined },
      policy: { ...DEFAULT_RETENTION, live: { maxCount: 1, maxAgeMs: Number.POSITIVE_INFINITY } },
    });
    expect(await retention.sweep()).toBe(1);
    const left = await store.list('Execution', { namespace: NAMESPACE });
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['done-2', 'runs']);
    await retention.stop();
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});

it('lets go of events that did not happen again for a day', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  try {
    const event = (name: string, lastTimestamp: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: NAMESPACE },
      lastTimestamp,
    });
    const now = new Date().toISOString();
    const objects = [event('old', '2026-01-01T00:00:00.000Z'), event('new', now)];
    await store.write(objects.map((object) => ({ op: 'create', object })));
    const retention = startRetention({ cluster: store, clock: hostClock, log: { write: () => undefined } });
    await retention.sweep();
    const left = await store.list('Event', { namespace: NAMESPACE });
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['new']);
    await retention.stop();
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
