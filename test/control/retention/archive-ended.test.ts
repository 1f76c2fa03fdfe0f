import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Clock, RETENTION_PASS_MS, RETENTION_START_MS } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  type Archive,
  type Cluster,
  type Execution,
  LABEL,
  newMapResults,
  type Pod,
  readMapResults,
  type Write,
  withArchive,
} from '../../../src/cluster/index.ts';
import { startPropeller } from '../../../src/control/propeller/index.ts';
import { DEFAULT_RETENTION, type RetentionPolicy, startRetention } from '../../../src/control/retention/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { type ArchiveFixture, openArchiveFixture } from '../../cluster/archive/finished.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { workflow } from '../../propeller/closures.ts';
import { compiledWorkflow } from '../../propeller/compiled.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { endPod, execution, keyOf, launch, NAMESPACE, register, untilPod } from '../propeller/engine-host.ts';

let folder: string;
let store: EmbeddedStore;
let fixture: ArchiveFixture;
beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  fixture = openArchiveFixture();
});
afterEach(async () => {
  await store.close();
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

const AT = '2026-01-01T00:00:00.000Z';
const NOTHING_LIVE: RetentionPolicy = {
  ...DEFAULT_RETENTION,
  live: { maxAgeMs: 0, maxCount: 0 },
  executions: { maxAgeMs: Number.MAX_SAFE_INTEGER, maxCount: 100 },
  pods: { maxAgeMs: Number.MAX_SAFE_INTEGER, maxCount: 100 },
};

async function sweep(cluster = store as Parameters<typeof startRetention>[0]['cluster'], archive = fixture.archive) {
  const host = { cluster, archive, clock: hostClock, log: { write: () => undefined } };
  const retention = startRetention({ ...host, policy: NOTHING_LIVE });
  try {
    return await retention.sweep();
  } finally {
    await retention.stop();
  }
}

async function end(name: string, nodes: Record<string, object> = {}, changes: Partial<Execution['metadata']> = {}) {
  const made = execution(workflow({}), name);
  await store.write([{ op: 'create', object: { ...made, metadata: { ...made.metadata, ...changes } } }]);
  await store.write([
    { op: 'patchStatus', key: keyOf('Execution', name), patch: { phase: 'Succeeded', finishedAt: AT, nodes } as never },
  ]);
  return (await store.get<Execution>(keyOf('Execution', name))).metadata.uid as string;
}

async function makePod(name: string, execution: string, uid: string) {
  const object: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: NAMESPACE,
      name,
      labels: { [LABEL.execution]: execution, [LABEL.node]: 'load', [LABEL.attempt]: '1' },
      ownerReferences: [{ apiVersion: 'pipectl.dev/v1', kind: 'Execution', name: execution, uid }],
    },
    spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: '', command: ['true'] }] },
  };
  await store.write([{ op: 'create', object }]);
  await endPod(store, name, { exitCode: 1 });
}

const liveNames = async () => (await store.list('Execution')).items.map(({ metadata }) => metadata.name);

it('moves what is over, with its attempts, and leaves what runs', async () => {
  const uid = await end('done', { load: { phase: 'Succeeded', attempt: 1 } });
  await makePod('done-load-1', 'done', uid);
  await store.write([{ op: 'create', object: execution(workflow({}), 'runs') }]);
  expect(await sweep()).toBe(1);
  expect(await liveNames()).toEqual(['runs']);
  const cluster = withArchive(store, fixture.archive);
  expect((await cluster.get<Execution>(keyOf('Execution', 'done'))).metadata.uid).toBe(uid);
  expect(fixture.archive.attempts(NAMESPACE, 'done').map(({ metadata }) => metadata.name)).toEqual(['done-load-1']);
});

it('moves what the engine tells of, without a list', async () => {
  const uid = await end('done');
  let lists = 0;
  const cluster: Cluster = {
    ...store,
    list(kind, options) {
      lists++;
      return store.list(kind, options);
    },
  };
  const clock = manualClock(Date.now());
  const archived = Promise.withResolvers<void>();
  const log = { write: (_: string, message: string) => message === 'executions archived' && archived.resolve() };
  const retention = startRetention({ cluster, archive: fixture.archive, clock, log, policy: NOTHING_LIVE });
  retention.ended({ namespace: NAMESPACE, name: 'done', uid, finishedAt: Date.parse(AT) });
  clock.set(clock.now() + RETENTION_PASS_MS);
  await archived.promise;
  await retention.stop();
  expect(await liveNames()).toEqual([]);
  expect(lists).toBe(0);
});

it('tries more and more rarely what cannot be archived, until it can', async () => {
  const uid = await end('done');
  const now = manualClock(Date.now());
  const pausesMs: number[] = [];
  let armed = Promise.withResolvers<void>();
  const clock: Clock = {
    now: now.now,
    at(at, run) {
      pausesMs.push(at - now.now());
      armed.resolve();
      return now.at(at, run);
    },
  };
  let isFull = true;
  const put: Archive['put'] = (entries) =>
    isFull ? Promise.reject(new Error('the disk is full')) : fixture.archive.put(entries);
  const log = { write: () => undefined };
  const archive = { ...fixture.archive, put };
  const retention = startRetention({ cluster: store, archive, clock, log, policy: NOTHING_LIVE });
  retention.ended({ namespace: NAMESPACE, name: 'done', uid, finishedAt: Date.parse(AT) });
  pausesMs.shift();
  for (const isLast of [false, false, false, true]) {
    armed = Promise.withResolvers<void>();
    isFull = !isLast;
    now.set(now.now() + (pausesMs.at(-1) ?? 0));
    await armed.promise;
  }
  await retention.stop();
  // The third pause is cut short by the first list of everything, which finds the disk as full as before.
  const listedMs = RETENTION_START_MS - 3 * RETENTION_PASS_MS;
  expect(pausesMs.slice(0, 4)).toEqual([1, 2, listedMs / RETENTION_PASS_MS, 8].map((each) => each * RETENTION_PASS_MS));
  expect(await liveNames()).toEqual([]);
});

it.each<[string, (archive: Archive) => Archive, (cluster: EmbeddedStore) => EmbeddedStore]>([
  [
    'before anything is archived',
    (archive) => ({ ...archive, put: () => Promise.reject(new Error('the process died')) }),
    (cluster) => cluster,
  ],
  [
    'between archive and deletion',
    (archive) => archive,
    (cluster) => ({
      ...cluster,
      write: (writes: readonly Write[], options) =>
        writes[0]?.op === 'delete' ? Promise.reject(new Error('the process died')) : cluster.write(writes, options),
    }),
  ],
])('a crash %s loses nothing and doubles nothing', async (_, dyingArchive, dyingStore) => {
  const uid = await end('done');
  await expect(sweep(dyingStore(store), dyingArchive(fixture.archive))).rejects.toThrow('the process died');
  const cluster = withArchive(store, fixture.archive);
  expect((await cluster.get<Execution>(keyOf('Execution', 'done'))).metadata.uid).toBe(uid);
  expect(await sweep()).toBe(1);
  expect(await liveNames()).toEqual([]);
  expect(await fixture.archive.count()).toBe(1);
  expect((await cluster.get<Execution>(keyOf('Execution', 'done'))).metadata.uid).toBe(uid);
});

it('leaves one that somebody changes at the same moment for the next pass', async () => {
  await end('done');
  const archive = {
    ...fixture.archive,
    async put(entries: Parameters<Archive['put']>[0]) {
      await fixture.archive.put(entries);
      const patch = { metadata: { annotations: { note: 'look at this' } } };
      await store.write([{ op: 'patch', key: keyOf('Execution', 'done'), patch }]);
    },
  };
  expect(await sweep(store, archive)).toBe(0);
  expect(await liveNames()).toEqual(['done']);
  expect(await sweep()).toBe(1);
  expect(fixture.archive.find(NAMESPACE, 'done')?.metadata.annotations).toEqual({ note: 'look at this' });
});

it('archives children with their parent, and keeps the parent of one that still runs', async () => {
  const parentUid = await end('parent', { call: { phase: 'Succeeded', child: { name: 'child', phase: 'Succeeded' } } });
  const otherUid = await end('other', { call: { phase: 'Aborted', child: { name: 'lives', phase: 'Running' } } });
  const owned = (uid: string, name: string) => ({
    labels: { [LABEL.parent]: name },
    ownerReferences: [{ apiVersion: 'pipectl.dev/v1', kind: 'Execution', name, uid }],
  });
  await end('child', {}, owned(parentUid, 'parent'));
  const lives = execution(workflow({}), 'lives');
  const metadata = { ...lives.metadata, ...owned(otherUid, 'other') };
  await store.write([{ op: 'create', object: { ...lives, metadata } }]);
  expect(await sweep()).toBe(2);
  expect(await liveNames()).toEqual(['lives', 'other']);
  expect(fixture.archive.find(NAMESPACE, 'parent')).toBeDefined();
  expect(fixture.archive.find(NAMESPACE, 'child')).toBeDefined();
});

it('expires the archive by the policy', async () => {
  await end('a');
  await end('b');
  await sweep();
  const host = { cluster: store, archive: fixture.archive, clock: hostClock, log: { write: () => undefined } };
  const policy = { ...NOTHING_LIVE, executions: { maxAgeMs: Number.MAX_SAFE_INTEGER, maxCount: 1 } };
  const retention = startRetention({ ...host, policy });
  await retention.sweep();
  await retention.stop();
  expect(await fixture.archive.count()).toBe(1);
});

it('keeps what large maps hold beside their execution', async () => {
  const uid = await end('done', {
    each: { phase: 'Succeeded', map: { size: 2, succeeded: 2, failed: 0, running: 0, kept: true } },
  });
  const made = await store.get<Execution>(keyOf('Execution', 'done'));
  expect(made.metadata.uid).toBe(uid);
  const results = newMapResults(made, 'each', 0);
  await store.write([{ op: 'create', object: results }]);
  const patch = { results: { 0: [{ x: 1 }], 1: [{ x: null }] } } as never;
  await store.write([
    { op: 'patchStatus', key: { kind: 'MapResults', namespace: NAMESPACE, name: results.metadata.name }, patch },
  ]);
  const before = await readMapResults(store, made);
  expect(await sweep()).toBe(1);
  const cluster = withArchive(store, fixture.archive);
  const kept = await readMapResults(cluster, await cluster.get<Execution>(keyOf('Execution', 'done')));
  expect(kept).toEqual(before);
  expect(kept.get('each')?.get(1)).toEqual({ x: null });
});

it('archives what the engine has just ended', async () => {
  const cluster = withArchive(store, fixture.archive);
  const retention = startRetention({
    cluster: store,
    archive: fixture.archive,
    clock: hostClock,
    log: { write: () => undefined },
    policy: NOTHING_LIVE,
    minAgeMs: 0,
  });
  const ended = Promise.withResolvers<{ readonly name: string }>();
  const propeller = startPropeller({
    cluster,
    clock: hostClock,
    random: hostRandom,
    log: { write: () => undefined },
    onEnded(one) {
      retention.ended(one);
      ended.resolve(one);
    },
  });
  const chain = compiledWorkflow({ main: 'nodes: { w: { task: work, with: { a: 1 } } }' });
  await register(store, chain);
  await launch(cluster, chain, 'run');
  await untilPod(store, 'run-w-1');
  await endPod(store, 'run-w-1', { text: 'x=2' });
  expect((await ended.promise).name).toBe('run');
  await retention.sweep();
  await retention.stop();
  await propeller.stop();
  expect(await liveNames()).toEqual([]);
  const archived = await cluster.get<Execution>(keyOf('Execution', 'run'));
  expect(archived.status?.phase).toBe('Succeeded');
  expect(fixture.archive.attempts(NAMESPACE, 'run')).toHaveLength(1);
  await expect(launch(cluster, chain, 'run')).rejects.toThrow('already exists');
});

it('does not bring back what somebody deletes while it is moved', async () => {
  await end('leaving');
  const joined = withArchive(store, fixture.archive);
  let deleted: Promise<unknown> | undefined;
  const archive: Archive = {
    ...fixture.archive,
    async put(entries) {
      deleted = joined.write([{ op: 'delete', key: keyOf('Execution', 'leaving') }]);
      await expect
        .poll(() => store.get(keyOf('Execution', 'leaving')).catch(({ name }: Error) => name))
        .toBe('NotFoundError');
      await fixture.archive.put(entries);
    },
  };
  await sweep(store, archive);
  await deleted;
  await expect(joined.get(keyOf('Execution', 'leaving'))).rejects.toThrow(/leaving/);
});
