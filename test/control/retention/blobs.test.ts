import { readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Digest } from '../../../src/base/index.ts';
import { openFolderBlobs } from '../../../src/blobs/adapters/folder/index.ts';
import { type BlobStore, bytesContent } from '../../../src/blobs/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  API_VERSION,
  createObject,
  deleteObject,
  type KubeObject,
  newExecution,
  OUTPUTS_STORED,
} from '../../../src/cluster/index.ts';
import { type BlobUse, createBlobSweep, createBlobUse } from '../../../src/control/retention/index.ts';
import { referenced } from '../../../src/control/retention/reachable.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { quiet } from '../../git/fixtures/served.ts';

const HOUR = 3_600_000;
const LIMITS = { minAgeMs: 48 * HOUR, graceMs: HOUR, unfinishedMs: 24 * HOUR, maxDeletes: 2, maxCandidates: 100 };
const NAMESPACE = 'shop-production';

let folder: string;
let cluster: EmbeddedStore;
let blobs: BlobStore;
let use: BlobUse;

beforeEach(async () => {
  folder = temporaryFolder();
  cluster = await openStore(join(folder, 'store'));
  blobs = await openFolderBlobs({ folder: join(folder, 'blobs'), clock: hostClock, random: hostRandom });
  use = createBlobUse();
});
afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

const put = async (text: string): Promise<Digest> => (await blobs.put(bytesContent(Buffer.from(text)))).digest;
const sweepOf = (limits = LIMITS) => createBlobSweep({ cluster, store: async () => blobs, use, log: quiet, limits });
/** Hours from now, since blobs are written now. */
const at = (hours: number): number => Date.now() + hours * HOUR;
async function left(): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  for await (const { digest } of blobs.list()) digests.push(digest);
  return digests.sort();
}
const refs = (digest: Digest): string => JSON.stringify({ rows: { digest, sizeBytes: 3 } });

it('a blob goes when it is old and two passes, a good while apart, found no use for it', async () => {
  const sweep = sweepOf();
  const unused = await put('unused');
  const named = await put('named');
  const run = (hours: number) => sweep.run(new Set([named]), at(hours));
  await run(47);
  await run(49);
  await run(49.5);
  expect(await left()).toEqual([named, unused].sort());
  await run(50.1);
  expect(await left()).toEqual([named]);
  expect(sweep.stats).toEqual({ blobs: 2, bytes: 11, deleted: 1, deletedBytes: 6, unfinished: 0 });
});

it('what a cache entry or an attempt names stays as long as they do', async () => {
  const sweep = sweepOf();
  const [cached, given, made] = [await put('cached'), await put('given'), await put('made')];
  const entry = {
    apiVersion: API_VERSION,
    kind: 'CacheEntry',
    metadata: { namespace: NAMESPACE, name: 'entry' },
    spec: { task: 'work', workflow: 'flow', commit: 'a'.repeat(40), outputs: '{}', storedOutputs: refs(cached) },
  };
  const pod = (name: string, annotations: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: NAMESPACE, name, annotations },
    spec: { restartPolicy: 'Never', containers: [{ name: 'task', image: '', command: ['true'] }] },
  });
  const conditions = [{ type: OUTPUTS_STORED, status: 'True', reason: 'TooLarge', message: refs(made) }];
  await createObject(cluster, entry as KubeObject);
  await createObject(cluster, pod('reads', { 'pipectl.dev/stored-inputs': refs(given) }) as KubeObject);
  await createObject(cluster, pod('wrote', {}) as KubeObject);
  const key = { kind: 'Pod', namespace: NAMESPACE, name: 'wrote' };
  await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Succeeded', conditions } }]);
  for (const hours of [49, 51, 53]) await sweep.run(new Set(), at(hours));
  expect(await left()).toEqual([cached, given, made].sort());
  await deleteObject(cluster, { kind: 'CacheEntry', namespace: NAMESPACE, name: 'entry' });
  for (const hours of [55, 57]) await sweep.run(new Set(), at(hours));
  expect(await left()).toEqual([given, made].sort());
});

it('what executions name is found, of nodes and of the whole', async () => {
  const made = newExecution({
    namespace: NAMESPACE,
    name: 'run',
    repository: 'shop',
    commit: 'a'.repeat(40),
    workflow: 'flow',
    closure: 'c'.repeat(64),
    inputs: {},
    trigger: { kind: 'manual' },
  });
  await createObject(cluster, made);
  const ref = (digit: string) => ({ x: { digest: digit.repeat(64), sizeBytes: 3 } });
  const patch = {
    phase: 'Succeeded',
    nodes: { one: { phase: 'Succeeded', storedOutputs: ref('1') }, two: { phase: 'Skipped' } },
    storedOutputs: ref('2'),
  };
  await cluster.write([{ op: 'patchStatus', key: { kind: 'Execution', namespace: NAMESPACE, name: 'run' }, patch }]);
  const { blobs: named } = await referenced(cluster, undefined);
  expect([...named].sort()).toEqual(['1'.repeat(64), '2'.repeat(64)]);
});

it('one pass deletes so many at most, and the next ones the rest', async () => {
  const sweep = sweepOf();
  for (const text of ['a', 'b', 'c', 'd', 'e']) await put(text);
  const counts: number[] = [];
  for (const hours of [49, 51, 53, 55]) {
    await sweep.run(new Set(), at(hours));
    counts.push((await left()).length);
  }
  expect(counts).toEqual([5, 3, 1, 0]);
});

it('nothing goes while something is stored, since it may be that', async () => {
  const sweep = sweepOf();
  const digest = await put('again');
  await sweep.run(new Set(), at(49));
  const { promise, resolve } = Promise.withResolvers<void>();
  const storing = use.storing(() => promise);
  await sweep.run(new Set(), at(51));
  expect(await left()).toEqual([digest]);
  resolve();
  await storing;
  await sweep.run(new Set(), at(53));
  expect(await left()).toEqual([]);
});

it('who stores waits for a deletion, and finds that it is over', async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const deleting = use.deleting(async () => {
    await promise;
    order.push('deleted');
  });
  const storing = use.storing(async () => void order.push('stored'));
  resolve();
  expect(await deleting).toBe(true);
  await storing;
  expect(order).toEqual(['deleted', 'stored']);
});

it('what a writer left unfinished is taken away, where git names a store', async () => {
  writeFileSync(join(folder, 'blobs', 'writing', 'left'), 'half');
  const none = createBlobSweep({ cluster, store: async () => undefined, use, log: quiet, limits: LIMITS });
  await none.run(new Set(), at(25));
  expect(readdirSync(join(folder, 'blobs', 'writing'))).toEqual(['left']);
  const sweep = sweepOf();
  await sweep.run(new Set(), at(23));
  expect(sweep.stats.unfinished).toBe(0);
  await sweep.run(new Set(), at(25));
  expect(sweep.stats.unfinished).toBe(1);
  expect(readdirSync(join(folder, 'blobs', 'writing'))).toEqual([]);
});
