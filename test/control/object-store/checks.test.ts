import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Clock,
  OBJECT_STORE_CHECK_MS,
  OBJECT_STORE_RETRY_MS,
  OBJECT_STORE_TIMEOUT_MS,
} from '../../../src/base/index.ts';
import { createS3Blobs } from '../../../src/blobs/adapters/s3/index.ts';
import type { BlobEntry } from '../../../src/blobs/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { createVault, openSecrets } from '../../../src/cluster/adapters/secrets/index.ts';
import {
  API_VERSION,
  type BucketSettings,
  type Condition,
  createObject,
  deleteObject,
  type ObjectStoreSettings,
  type Platform,
  patchObject,
} from '../../../src/cluster/index.ts';
import { startObjectStoreChecks } from '../../../src/control/object-store/index.ts';
import { hostRandom } from '../../../src/main/host.ts';
import { objectStoreOpener } from '../../../src/main/object-store.ts';
import { all, type Fault, type FaultProxy, type S3Server, startProxy, startS3 } from '../../blobs/s3-server.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { removeFolder } from '../../remove-folder.ts';
import { type ManualClock, manualClock } from '../fixtures/manual-clock.ts';

const NAMESPACE = 'shop-production';
const vault = createVault(randomBytes(32));
/** The pauses between tries of one request take no time. */
const hurried: Clock = {
  now: () => Date.now(),
  at: (_, run) => {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
};
/** How often the loop has said how a try ended. */
let tries = 0;
const log = {
  write: (_level: string, message: string) => {
    if (message.startsWith('the object store ')) tries++;
  },
};

const server: S3Server | undefined = await startS3();
let proxy: FaultProxy;
let folder: string;
let store: EmbeddedStore;
let clock: ManualClock;
let stop: (() => Promise<void>) | undefined;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder, { seal: vault.seal });
  clock = manualClock(Date.now());
  tries = 0;
});

afterEach(async () => {
  await stop?.();
  stop = undefined;
  await store.close();
  await removeFolder(folder);
});

function start({ takesFolder = true }: { readonly takesFolder?: boolean } = {}): void {
  const secrets = openSecrets({ cluster: store, vault, environment: {} });
  const open = objectStoreOpener({ secrets, environment: {}, clock: hurried, random: hostRandom, takesFolder });
  ({ stop } = startObjectStoreChecks({ cluster: store, clock, random: hostRandom, log, open }));
}

async function declare(objectStore: ObjectStoreSettings | undefined, namespace = NAMESPACE): Promise<void> {
  const source = { repository: 'shop', commit: 'c'.repeat(40), closure: 'd'.repeat(64), file: 'platform.yaml' };
  const spec = { ...source, propeller: { workers: 8, maxParallelism: 3 }, ...(objectStore && { objectStore }) };
  await createObject(store, { apiVersion: API_VERSION, kind: 'Platform', metadata: { namespace, name: 'main' }, spec });
}

const keyOf = (namespace: string) => ({ kind: 'Platform', namespace, name: 'main' });

/** Replaces it: a merge would keep the fields of the other kind. */
async function change(objectStore: ObjectStoreSettings | undefined): Promise<void> {
  await patchObject(store, keyOf(NAMESPACE), { spec: { objectStore: null } });
  if (objectStore !== undefined) await patchObject(store, keyOf(NAMESPACE), { spec: { objectStore } as never });
}

async function shown(namespace = NAMESPACE): Promise<Condition | undefined> {
  const { status } = await store.get<Platform>(keyOf(namespace));
  return status?.conditions?.find(({ type }) => type === 'ObjectStoreReady');
}

const soon = { timeout: 15_000, interval: 10 };
async function says(wanted: Partial<Condition> | undefined, namespace = NAMESPACE): Promise<Condition | undefined> {
  await expect.poll(() => shown(namespace), soon).toEqual(wanted && expect.objectContaining(wanted));
  return shown(namespace);
}

function filesIn(path: string): readonly string[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('a folder', () => {
  it('is told to be usable, holds nothing of the trial, and is told of no more when it is named no more', async () => {
    const path = join(folder, 'blobs');
    await declare({ folder: { path } });
    start();
    const message = `blobs can be kept in the folder ${path}`;
    await says({ status: 'True', reason: 'Usable', message, observedGeneration: 1 });
    expect(filesIn(path)).toEqual([]);
    await change(undefined);
    await says(undefined);
  });

  it('that cannot be made says so as soon as it is named', async () => {
    await declare(undefined);
    start();
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'blobs');
    await change({ folder: { path } });
    const message = `the folder ${path} cannot be made: ENOTDIR`;
    const { lastTransitionTime } = (await says({ status: 'False', reason: 'BlobStoreUnusable', message })) ?? {};
    expect(lastTransitionTime).toBe(new Date(clock.now()).toISOString());
  });

  it('is no object store of a cluster', async () => {
    await declare({ folder: { path: join(folder, 'blobs') } });
    start({ takesFolder: false });
    const condition = await says({ status: 'False', reason: 'BlobStoreUnusable' });
    expect(condition?.message).toContain('name a bucket, objectStore.s3');
  });

  it('counts of the first platform alone', async () => {
    await declare({ folder: { path: join(folder, 'b') } });
    start();
    await says({ status: 'True' });
    await declare({ folder: { path: join(folder, 'a') } }, 'ads-production');
    await says({ status: 'True' }, 'ads-production');
    await says(undefined);
    await deleteObject(store, keyOf('ads-production'));
    await says({ status: 'True' });
  });
});

it('a store that never answers is given up in time, and at once when another is named', async () => {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as { readonly port: number };
  const connections = (count: number) => expect.poll(() => sockets.size, soon).toBeGreaterThanOrEqual(count);
  try {
    await keep('id', 'AKIATEST');
    await keep('key', 'planted-secret');
    await declare({ s3: bucket({ endpoint: `http://127.0.0.1:${port}` }) });
    start();
    await connections(1);
    clock.set(clock.now() + OBJECT_STORE_TIMEOUT_MS);
    await says({ status: 'False', reason: 'Unavailable', message: 'the object store has not answered for 120 s' });
    clock.set(clock.now() + OBJECT_STORE_RETRY_MS);
    await connections(2);
    await change({ folder: { path: join(folder, 'blobs') } });
    await says({ status: 'True' });
    await change({ s3: bucket({ endpoint: `http://127.0.0.1:${port}` }) });
    await connections(3);
    // Nothing waits for it at the end of the control plane.
    await stop?.();
    stop = undefined;
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  }
});

describe.skipIf(server === undefined)('a bucket', () => {
  beforeAll(async () => {
    proxy = await startProxy((server as S3Server).endpoint);
  });
  beforeEach(() => {
    proxy.requests.length = 0;
    proxy.faultOf = () => undefined;
  });
  afterAll(async () => {
    await proxy.close();
    await server?.close();
  });

  it('is tried with the keys of its secrets as they are then, and left as it was', async () => {
    const prefix = `${randomBytes(4).toString('hex')}/`;
    await declare({ s3: bucket({ prefix }) });
    start();
    const missing = await says({ status: 'False', reason: 'CredentialsMissing' });
    expect(missing?.message).toBe(
      'secret "store" does not exist; set it: pipectl secret set store id -n shop-production',
    );
    const { accessKeyId, secretAccessKey } = server as S3Server;
    await keep('id', accessKeyId);
    await keep('key', `${secretAccessKey}\n`);
    clock.set(clock.now() + OBJECT_STORE_RETRY_MS);
    const { bucket: name } = server as S3Server;
    await says({ status: 'True', message: `blobs can be kept in the bucket ${name} at ${proxy.endpoint}` });
    expect(await blobsIn(prefix)).toEqual([]);
    await keep('key', 'planted secret');
    clock.set(clock.now() + OBJECT_STORE_CHECK_MS);
    const wrong = await says({ status: 'False', reason: 'CredentialsMissing' });
    expect(wrong?.message).toContain('key "key" of secret "store" is no access key');
    expect(wrong?.message).not.toContain('planted');
  });

  it('that is as it was is tried again and writes nothing', async () => {
    await keepRight();
    await declare({ s3: bucket() });
    start();
    await says({ status: 'True' });
    const before = await store.get<Platform>(keyOf(NAMESPACE));
    for (const wanted of [2, 3]) {
      clock.set(clock.now() + OBJECT_STORE_CHECK_MS);
      await expect.poll(() => tries, soon).toBe(wanted);
    }
    expect((await store.get<Platform>(keyOf(NAMESPACE))).metadata).toEqual(before.metadata);
  });

  const refused = (status: number, code: string, headers: Record<string, string> = {}): Fault => ({
    kind: 'answer',
    status,
    headers,
    body: `<Error><Code>${code}</Code><Message>AKIA planted</Message></Error>`,
  });
  it.each<[string, string, RegExp, (line: string) => Fault | undefined, Partial<BucketSettings>?]>([
    ['is not there', 'BucketMissing', /has no bucket "nowhere"/, () => undefined, { bucket: 'nowhere' }],
    ['may not be written', 'BlobStoreForbidden', /s3:PutObject/, only('PUT', refused(403, 'AccessDenied'))],
    ['may not be deleted from', 'BlobStoreForbidden', /s3:Del/, only('DELETE', refused(403, 'AccessDenied'))],
    [
      'may not be listed',
      'BlobStoreForbidden',
      /s3:ListBucket/,
      only('GET /pipectl-tests?', refused(403, 'AccessDenied')),
    ],
    [
      'is in another region',
      'WrongRegion',
      /in the region eu-west-1/,
      () => refused(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }),
    ],
    ['goes by another clock', 'ClockSkew', /clock/, () => refused(403, 'RequestTimeTooSkewed')],
    ['does not serve', 'Unavailable', /does not serve: SlowDown/, () => refused(503, 'SlowDown')],
    ['is behind a network that breaks', 'Unavailable', /ECONNRESET|socket/, () => ({ kind: 'drop', when: 'before' })],
    ['gives back something else', 'BlobDamaged', /is damaged/, only('GET /pipectl-tests/', { kind: 'damage' })],
  ])('that %s: %s', async (what, reason, message, faultOf, changes = {}) => {
    await keepRight();
    proxy.faultOf = faultOf;
    const prefix = `${randomBytes(4).toString('hex')}/`;
    await declare({ s3: bucket({ prefix, ...changes }) });
    start();
    const condition = await says({ status: 'False', reason });
    expect(condition?.message).toMatch(message);
    expect(condition?.message).not.toContain('planted');
    proxy.faultOf = () => undefined;
    if (changes.bucket !== undefined) return;
    clock.set(clock.now() + OBJECT_STORE_RETRY_MS);
    await says({ status: 'True' });
    // What a try stored before something failed has gone as well, but for what may not be deleted.
    expect(await blobsIn(prefix)).toHaveLength(what === 'may not be deleted from' ? 1 : 0);
  });

  it('does not take a key that is not its own', async () => {
    await keep('id', 'S3RVER');
    await keep('key', 'planted-secret');
    await declare({ s3: bucket() });
    start();
    const condition = await says({ status: 'False', reason: 'BlobStoreForbidden' });
    expect(condition?.message).toContain('the secret key does not fit the access key');
  });
});

function only(start: string, fault: Fault): (line: string) => Fault | undefined {
  return (line) => (line.startsWith(start) ? fault : undefined);
}

function bucket(changes: Partial<BucketSettings> = {}): BucketSettings {
  return {
    bucket: server?.bucket ?? 'pipelines',
    prefix: 'checks/',
    endpoint: proxy?.endpoint ?? '',
    region: 'us-east-1',
    pathStyle: true,
    credentials: {
      accessKeyId: { secret: { name: 'store', key: 'id' } },
      secretAccessKey: { secret: { name: 'store', key: 'key' } },
    },
    ...changes,
  };
}

/** What lies there, asked past the proxy. */
function blobsIn(prefix: string): Promise<readonly BlobEntry[]> {
  const { accessKeyId, secretAccessKey, endpoint } = server as S3Server;
  const credentials = { get: async () => ({ accessKeyId, secretAccessKey }), renew: () => {} };
  const options = { ...bucket({ prefix, endpoint }), isPathStyle: true, clock: hurried, random: hostRandom };
  return all(createS3Blobs({ ...options, credentials }).list());
}

async function keepRight(): Promise<void> {
  await keep('id', (server as S3Server).accessKeyId);
  await keep('key', (server as S3Server).secretAccessKey);
}

async function keep(key: string, value: string): Promise<void> {
  const data = { [key]: Buffer.from(value).toString('base64') };
  const at = { kind: 'Secret', namespace: NAMESPACE, name: 'store' };
  const isThere = await store.get(at).then(
    () => true,
    () => false,
  );
  const metadata = { namespace: NAMESPACE, name: 'store' };
  if (isThere) await patchObject(store, at, { data });
  else await createObject(store, { apiVersion: 'v1', kind: 'Secret', metadata, data } as never);
}
