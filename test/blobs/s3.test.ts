import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BLOB_ATTEMPTS, BLOB_FRESH_MS, BLOB_PART_BYTES, type Clock, sha256 } from '../../src/base/index.ts';
import { createS3Blobs, type S3BlobsOptions } from '../../src/blobs/adapters/s3/index.ts';
import { type BlobStore, bytesContent, readBytes } from '../../src/blobs/index.ts';
import { all, closedPort, type Fault, type FaultProxy, type S3Server, startProxy, startS3 } from './s3-server.ts';
import { describeBlobStore } from './store-cases.ts';

const server: S3Server | undefined = await startS3();
const PREFIX = `tests/${randomBytes(4).toString('hex')} ü/`;
let proxy: FaultProxy;
/** How many pauses were made: none takes time. */
let pauses = 0;
let aheadMs = 0;
const clock: Clock = {
  now: () => Date.now() + aheadMs,
  at: (_, run) => {
    pauses++;
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
};

function open(changes: Partial<S3BlobsOptions> = {}): BlobStore {
  const { accessKeyId, secretAccessKey, bucket } = server as S3Server;
  return createS3Blobs({
    endpoint: proxy.endpoint,
    region: 'us-east-1',
    bucket,
    prefix: PREFIX,
    isPathStyle: true,
    credentials: { get: async () => ({ accessKeyId, secretAccessKey }), renew: () => {} },
    clock,
    random: { unit: () => 0.5 },
    ...changes,
  });
}

const BIG = randomBytes(3 * BLOB_PART_BYTES + 1);

describe.skipIf(server === undefined)('S3', () => {
  beforeAll(async () => {
    proxy = await startProxy((server as S3Server).endpoint);
  });
  beforeEach(() => {
    proxy.requests.length = 0;
    proxy.faultOf = () => undefined;
    pauses = 0;
    aheadMs = 0;
  });
  afterAll(async () => {
    await proxy.close();
    await server?.close();
  });

  describeBlobStore('a bucket', () => open());

  it('asks no more than it must', async () => {
    const store = open();
    const { digest } = await store.put(bytesContent(Buffer.from('small')));
    await readBytes(store.get(digest), 5);
    const at = `/${server?.bucket}/${encodeURI(PREFIX)}…`;
    expect(proxy.requests).toEqual([`PUT ${at}`, `GET ${at}`]);
    proxy.requests.length = 0;
    await store.put(bytesContent(BIG));
    const parts = Array(4).fill(`PUT ${at}?partNumber&uploadId`);
    const whole = [`HEAD ${at}`, `POST ${at}?uploads`, ...parts, `POST ${at}?uploadId`];
    expect(proxy.requests).toEqual(whole);
    proxy.requests.length = 0;
    await store.put(bytesContent(BIG));
    expect(proxy.requests).toEqual([`HEAD ${at}`]);
    // One that a sweep may be about to take is written again.
    aheadMs = BLOB_FRESH_MS + 1_000;
    proxy.requests.length = 0;
    proxy.faultOf = (line) => (line.startsWith('POST') ? { kind: 'answer', status: 400, body: '' } : undefined);
    await expect(store.put(bytesContent(BIG))).rejects.toMatchObject({ reason: 'BlobStoreRefused' });
    expect(proxy.requests).toEqual([`HEAD ${at}`, `POST ${at}?uploads`]);
  });

  const slow: Fault = { kind: 'answer', status: 503, body: '<Error><Code>SlowDown</Code></Error>' };
  it.each<[string, Fault]>([
    ['busy', slow],
    ['too many requests', { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body: '' }],
    ['broken inside', { kind: 'answer', status: 500, body: '<Error><Code>InternalError</Code></Error>' }],
    ['slow to be told', { kind: 'answer', status: 400, body: '<Error><Code>RequestTimeout</Code></Error>' }],
    ['gone before it hears', { kind: 'drop', when: 'before' }],
    ['gone after it has done it', { kind: 'drop', when: 'after' }],
  ])('makes up for a server that is %s at every other request', async (_, fault) => {
    const store = open();
    const bytes = randomBytes(BLOB_PART_BYTES + 77);
    proxy.faultOf = (_line, nth) => (nth % 2 === 1 ? fault : undefined);
    const { digest } = await store.put(bytesContent(bytes));
    expect((await readBytes(store.get(digest), bytes.length)).equals(bytes)).toBe(true);
    expect((await all(store.list(digest))).length).toBe(1);
    await store.delete(digest);
    expect(await store.head(digest)).toBeUndefined();
    expect(pauses).toBeGreaterThan(3);
  });

  it('gives up on a server that stays busy, in bounded tries', async () => {
    proxy.faultOf = () => slow;
    await expect(open().put(bytesContent(Buffer.from('x')))).rejects.toMatchObject({
      name: 'WaitError',
      message: expect.stringContaining(`SlowDown, ${BLOB_ATTEMPTS} times in a row`),
    });
    expect(proxy.requests).toHaveLength(BLOB_ATTEMPTS);
  });

  it('says that nobody answers', async () => {
    const store = open({ endpoint: `http://127.0.0.1:${await closedPort()}` });
    await expect(store.head(sha256('x'))).rejects.toMatchObject({
      name: 'WaitError',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('goes on where a download broke', async () => {
    const store = open();
    const bytes = randomBytes(3_000_000);
    const { digest } = await store.put(bytesContent(bytes));
    proxy.faultOf = (line) => (line.startsWith('GET') ? { kind: 'cut', bytes: 900_000 } : undefined);
    expect((await readBytes(store.get(digest), bytes.length)).equals(bytes)).toBe(true);
    expect(proxy.requests.filter((line) => line.startsWith('GET'))).toHaveLength(4);
    proxy.faultOf = (line) => (line.startsWith('GET') ? { kind: 'cut', bytes: 0 } : undefined);
    await expect(readBytes(store.get(digest), bytes.length)).rejects.toMatchObject({ name: 'WaitError' });
  });

  it('never gives damaged bytes for whole ones', async () => {
    const store = open();
    const { digest } = await store.put(bytesContent(Buffer.from('precious')));
    proxy.faultOf = () => ({ kind: 'damage' });
    await expect(readBytes(store.get(digest), 100)).rejects.toMatchObject({ reason: 'BlobDamaged' });
  });

  it('drops the parts of an upload that fails, and tells of the failure', async () => {
    const refused: Fault = { kind: 'answer', status: 403, body: '<Error><Code>AccessDenied</Code></Error>' };
    proxy.faultOf = (line) => (line.includes('partNumber') ? refused : undefined);
    const bytes = randomBytes(BLOB_PART_BYTES + 1);
    await expect(open().put(bytesContent(bytes))).rejects.toMatchObject({ reason: 'BlobStoreForbidden' });
    expect(proxy.requests.at(-1)).toMatch(/^DELETE .*\?uploadId$/);
    expect(await open().head(sha256(bytes))).toBeUndefined();
  });

  it('takes no success for one that turns out to be an error', async () => {
    proxy.faultOf = (line) =>
      /^POST .*\?uploadId$/.test(line)
        ? { kind: 'answer', status: 200, body: '<Error><Code>InternalError</Code></Error>' }
        : undefined;
    const bytes = randomBytes(BLOB_PART_BYTES + 2);
    await expect(open().put(bytesContent(bytes))).rejects.toThrow('dropped an upload');
  });

  it.skipIf(server?.knowsUploads !== true)('drops uploads that were left in the middle', async () => {
    proxy.faultOf = (line) => (line.startsWith('DELETE') ? { kind: 'answer', status: 403, body: '' } : undefined);
    const stop = new AbortController();
    const content = {
      async *read() {
        yield BIG.subarray(7);
        if (proxy.requests.some((line) => line.includes('partNumber'))) stop.abort(new Error('killed'));
      },
    };
    await open()
      .put(content, stop.signal)
      .catch(() => {});
    proxy.faultOf = () => undefined;
    expect(await open().dropUnfinished(Date.UTC(2001, 0))).toBe(0);
    expect(await open().dropUnfinished(Date.now() + 60_000)).toBe(1);
    expect(await open().dropUnfinished(Date.now() + 60_000)).toBe(0);
  });

  describe('says what a person has to see to', () => {
    const lent = (accessKeyId: string, secretAccessKey: string): Partial<S3BlobsOptions> => ({
      credentials: { get: async () => ({ accessKeyId, secretAccessKey }), renew: () => {} },
    });
    const content = bytesContent(Buffer.from('x'));
    // Of servers that check no signatures nothing can be seen here.
    const checks = server?.knowsUploads === false;

    it.runIf(checks)('an access key that is unknown, a secret that does not fit', async () => {
      const unknown = open(lent('AKIANOBODY', 'S3RVER')).put(content);
      await expect(unknown).rejects.toMatchObject({
        reason: 'BlobStoreForbidden',
        message: expect.stringContaining('does not know the access key'),
      });
      const wrong = await open(lent('S3RVER', 'no-such-secret'))
        .put(content)
        .catch((error: unknown) => error);
      expect(wrong).toMatchObject({ reason: 'BlobStoreForbidden', message: expect.stringContaining('does not fit') });
      expect(String(wrong)).not.toContain('no-such-secret');
    });

    it.each([
      ['ahead of', 3_600_000],
      ['behind', -3_600_000],
    ])('a clock that is an hour %s that of the store', async (way, skewMs) => {
      const headers = { date: new Date().toUTCString() };
      aheadMs = skewMs;
      // As S3 answers: with a code, and to HEAD with none.
      const body = '<Error><Code>RequestTimeTooSkewed</Code></Error>';
      proxy.faultOf = () => ({ kind: 'answer', status: 403, headers, body });
      for (const asked of [open().put(content), open().head(sha256('x'))]) {
        await expect(asked).rejects.toMatchObject({
          reason: 'ClockSkew',
          message: expect.stringContaining(`60 minutes ${way}`),
        });
      }
    });

    it('a bucket that is not there', async () => {
      const store = open({ bucket: 'no-such-bucket-here' });
      const expected = { reason: 'BucketMissing', message: expect.stringContaining('no bucket "no-such-bucket-here"') };
      await expect(store.put(content)).rejects.toMatchObject(expected);
      await expect(all(store.list())).rejects.toMatchObject(expected);
    });

    it('another region', async () => {
      const headers = { 'x-amz-bucket-region': 'eu-west-3' };
      proxy.faultOf = () => ({ kind: 'answer', status: 301, headers, body: '' });
      await expect(open().head(sha256('x'))).rejects.toMatchObject({
        reason: 'WrongRegion',
        message: expect.stringContaining('in the region eu-west-3'),
      });
    });

    it('what else is refused, once and not again', async () => {
      proxy.faultOf = () => ({ kind: 'answer', status: 501, body: '<Error><Code>NotImplemented</Code></Error>' });
      await expect(open().put(content)).rejects.toMatchObject({ reason: 'BlobStoreRefused' });
      expect(proxy.requests).toHaveLength(1);
    });
  });

  it('asks for other credentials once when those that it has expired', async () => {
    let renewed = 0;
    const { accessKeyId, secretAccessKey } = server as S3Server;
    const credentials = { get: async () => ({ accessKeyId, secretAccessKey }), renew: () => void renewed++ };
    const expired: Fault = { kind: 'answer', status: 400, body: '<Error><Code>ExpiredToken</Code></Error>' };
    proxy.faultOf = (_, nth) => (nth === 1 ? expired : undefined);
    await open({ credentials }).put(bytesContent(Buffer.from('x')));
    expect(renewed).toBe(1);
    proxy.requests.length = 0;
    proxy.faultOf = (_, nth) => (nth === 1 ? { ...expired, body: '' } : nth === 2 ? expired : undefined);
    expect(await open({ credentials }).head(sha256('x'))).toMatchObject({ sizeBytes: 1 });
    proxy.faultOf = () => expired;
    await expect(open({ credentials }).put(bytesContent(Buffer.from('x')))).rejects.toMatchObject({
      reason: 'BlobStoreForbidden',
      message: expect.stringContaining('have expired'),
    });
  });
});
