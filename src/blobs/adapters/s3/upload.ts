import { createHash } from 'node:crypto';
import {
  BLOB_FRESH_MS,
  BLOB_PART_BYTES,
  BLOB_PARTS_AT_ONCE,
  type Digest,
  MAX_BLOB_ANSWER_BYTES,
  MAX_BLOB_BYTES,
  sha256,
  WaitError,
} from '../../../base/index.ts';
import { type BlobContent, type BlobEntry, changed, tooLarge } from '../../index.ts';
import { bodyText } from './exchange.ts';
import type { Bucket } from './s3-blobs.ts';
import { escapedText, textOf } from './xml.ts';

type Head = (digest: Digest) => Promise<BlobEntry | undefined>;
type Stored = Pick<BlobEntry, 'digest' | 'sizeBytes'>;

/**
 * Stores a content under its digest. It is read once to learn that, as S3 wants a name first; what fits one part is kept
 * meanwhile, and sent as one request. The rest is read again, and must be the same.
 */
export async function upload(
  bucket: Bucket,
  content: BlobContent,
  head: Head,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const { bytes, ...stored } = await measure(content, signal);
  if (bytes !== undefined) {
    await putWhole(bucket, stored, bytes, signal);
    return stored;
  }
  const known = await head(stored.digest);
  const isFresh = known !== undefined && known.modifiedAt > bucket.options.clock.now() - BLOB_FRESH_MS;
  if (!isFresh || known.sizeBytes !== stored.sizeBytes) await putParts(bucket, stored, content, head, signal);
  return stored;
}

async function measure(
  content: BlobContent,
  signal: AbortSignal | undefined,
): Promise<Stored & { readonly bytes: Buffer | undefined }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let kept: Uint8Array[] | undefined = [];
  for await (const chunk of content.read()) {
    signal?.throwIfAborted();
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BLOB_BYTES) throw tooLarge();
    hash.update(chunk);
    kept?.push(chunk);
    if (sizeBytes > BLOB_PART_BYTES) kept = undefined;
  }
  return { digest: hash.digest('hex'), sizeBytes, bytes: kept && Buffer.concat(kept) };
}

function checksum(digest: Digest): string {
  return Buffer.from(digest, 'hex').toString('base64');
}

async function putWhole(
  bucket: Bucket,
  { digest }: Stored,
  body: Buffer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const answer = await bucket.request({
    method: 'PUT',
    key: bucket.keyOf(digest),
    headers: { 'content-type': 'application/octet-stream', 'x-amz-checksum-sha256': checksum(digest) },
    body,
    bodySha256: digest,
    signal,
  });
  answer.body.resume();
}

interface Part {
  readonly number: number;
  readonly etag: string;
  readonly digest: Digest;
}

interface Ending {
  readonly stored: Stored;
  readonly parts: readonly Part[];
  readonly head: Head;
  readonly signal: AbortSignal | undefined;
}

async function putParts(
  bucket: Bucket,
  stored: Stored,
  content: BlobContent,
  head: Head,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = bucket.keyOf(stored.digest);
  const begun = await bucket.request({
    method: 'POST',
    key,
    query: [['uploads', '']],
    headers: { 'content-type': 'application/octet-stream', 'x-amz-checksum-algorithm': 'SHA256' },
    signal,
  });
  const uploadId = textOf(await bodyText(begun.body, MAX_BLOB_ANSWER_BYTES), 'UploadId');
  if (uploadId === undefined) throw new WaitError('the object store began an upload and did not name it', 0);
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const under = new Set<Promise<void>>();
  const parts: Part[] = [];
  try {
    for await (const { number, bytes } of partsOf(content, stored)) {
      while (under.size >= BLOB_PARTS_AT_ONCE) await Promise.race(under);
      const sending = putPart(bucket, key, uploadId, number, bytes, either).then((part) => {
        parts.push(part);
        under.delete(sending);
      });
      // It is waited for below; whoever fails first is told of.
      sending.catch(() => {});
      under.add(sending);
    }
    await Promise.all(under);
    await complete(bucket, uploadId, { stored, parts, head, signal });
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(under);
    await drop(bucket, key, uploadId);
    throw error;
  }
}

/** The content again, in parts. Errors: BlobChanged when it is not what it was. */
async function* partsOf(
  content: BlobContent,
  { digest, sizeBytes }: Stored,
): AsyncIterable<{ readonly number: number; readonly bytes: Buffer }> {
  const hash = createHash('sha256');
  let number = 0;
  let seen = 0;
  let part = Buffer.allocUnsafe(BLOB_PART_BYTES);
  let used = 0;
  for await (const chunk of content.read()) {
    seen += chunk.length;
    if (seen > sizeBytes) throw changed();
    hash.update(chunk);
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, BLOB_PART_BYTES - used);
      part.set(chunk.subarray(at, at + taken), used);
      at += taken;
      used += taken;
      if (used < BLOB_PART_BYTES) continue;
      yield { number: ++number, bytes: part };
      part = Buffer.allocUnsafe(BLOB_PART_BYTES);
      used = 0;
    }
  }
  // Before the last part: what has changed is never complete.
  if (seen !== sizeBytes || hash.digest('hex') !== digest) throw changed();
  if (used > 0) yield { number: ++number, bytes: part.subarray(0, used) };
}

async function putPart(
  bucket: Bucket,
  key: string,
  uploadId: string,
  number: number,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<Part> {
  const digest = sha256(bytes);
  const { status, headers, body } = await bucket.request({
    method: 'PUT',
    key,
    query: [
      ['partNumber', `${number}`],
      ['uploadId', uploadId],
    ],
    headers: { 'x-amz-checksum-sha256': checksum(digest) },
    body: bytes,
    bodySha256: digest,
    signal,
  });
  body.resume();
  if (status === 404) throw gone();
  return { number, etag: headers.etag ?? '', digest };
}

/**
 * An answer may have been lost and the same asked again, which then finds no upload; so what counts is the blob.
 * A success may also turn out to be an error, as its status is sent first.
 */
async function complete(bucket: Bucket, uploadId: string, { stored, parts, head, signal }: Ending): Promise<void> {
  const listed = [...parts]
    .sort((a, b) => a.number - b.number)
    .map(
      ({ number, etag, digest: part }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${escapedText(etag)}</ETag><ChecksumSHA256>${checksum(part)}</ChecksumSHA256></Part>`,
    );
  const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`;
  let problem: unknown = gone();
  try {
    const { status, body } = await bucket.request({
      method: 'POST',
      key: bucket.keyOf(stored.digest),
      query: [['uploadId', uploadId]],
      headers: { 'content-type': 'application/xml' },
      body: Buffer.from(xml),
      signal,
    });
    const text = await bodyText(body, MAX_BLOB_ANSWER_BYTES);
    if (status !== 404 && textOf(text, 'Code') === undefined) return;
  } catch (error) {
    signal?.throwIfAborted();
    problem = error;
  }
  const found = await head(stored.digest);
  if (found?.sizeBytes !== stored.sizeBytes) throw problem;
}

function gone(): WaitError {
  return new WaitError('the object store has dropped an upload in the middle', 0);
}

/** Parts cost money until they are dropped. A failure of this is made up for by `dropUnfinished`. */
async function drop(bucket: Bucket, key: string, uploadId: string): Promise<void> {
  await bucket
    .request({ method: 'DELETE', key, query: [['uploadId', uploadId]] })
    .then(({ body }) => body.resume())
    .catch(() => {});
}
