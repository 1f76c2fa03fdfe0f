import {
  BLOB_ATTEMPTS,
  type Clock,
  type Digest,
  MAX_BLOB_ANSWER_BYTES,
  type Random,
  type UnixMs,
  WaitError,
} from '../../../base/index.ts';
import { type BlobEntry, type BlobStore, checkDigest, isDigest, missing, verified } from '../../index.ts';
import type { CredentialSource } from './credentials.ts';
import { bodyText, createHttpExchange } from './exchange.ts';
import { createRequests, pause, type S3Requests } from './requests.ts';
import { upload } from './upload.ts';
import { blocksOf, textOf } from './xml.ts';

export interface S3BlobsOptions {
  /** For example `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Before the digest in a key: empty, or ends with a slash. */
  readonly prefix: string;
  /** The bucket stands in the path, not in the host's name. */
  readonly isPathStyle: boolean;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  /** Certificates to trust besides those of Node, as PEM. */
  readonly ca?: string;
}

/** A bucket, with what all requests to it share. */
export interface Bucket {
  readonly options: S3BlobsOptions;
  readonly request: S3Requests;
  keyOf(digest: Digest): string;
}

/** Keys are `<prefix><digest>`. */
export function createS3Blobs(options: S3BlobsOptions): BlobStore {
  const exchange = createHttpExchange(options.ca === undefined ? {} : { ca: options.ca });
  const place = `the bucket ${options.bucket} at ${options.endpoint}`;
  const bucket: Bucket = {
    options,
    request: createRequests({ ...options, exchange }),
    keyOf: (digest) => {
      checkDigest(digest);
      return `${options.prefix}${digest}`;
    },
  };
  return {
    place,
    put: (content, signal) => upload(bucket, content, (digest) => head(bucket, digest, signal), signal),
    get: (digest, signal) => verified(digest, download(bucket, digest, place, signal)),
    head: (digest, signal) => head(bucket, digest, signal),
    delete: async (digest, signal) => {
      const { body } = await bucket.request({ method: 'DELETE', key: bucket.keyOf(digest), signal });
      body.resume();
    },
    list: (prefix = '', signal) => list(bucket, prefix, signal),
    dropUnfinished: (before, signal) => dropUnfinished(bucket, before, signal),
  };
}

async function head(bucket: Bucket, digest: Digest, signal?: AbortSignal): Promise<BlobEntry | undefined> {
  const { status, headers, body } = await bucket.request({ method: 'HEAD', key: bucket.keyOf(digest), signal });
  body.destroy();
  if (status === 404) return undefined;
  return {
    digest,
    sizeBytes: Number(headers['content-length'] ?? 0),
    modifiedAt: Date.parse(headers['last-modified'] ?? '') || 0,
  };
}

/** A connection that breaks is taken up where it broke, as long as each one brings something further. */
async function* download(
  bucket: Bucket,
  digest: Digest,
  place: string,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  let at = 0;
  let size: number | undefined;
  for (let failed = 0; size === undefined || at < size; ) {
    const { status, headers, body } = await bucket.request({
      method: 'GET',
      key: bucket.keyOf(digest),
      ...(at > 0 && { headers: { range: `bytes=${at}-` } }),
      signal,
    });
    if (status === 404) {
      body.resume();
      throw missing(digest, place);
    }
    size ??= Number(headers['content-length'] ?? 0);
    // A store that knows no ranges begins again.
    let skip = status === 206 ? 0 : at;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        const rest = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - rest.length;
        if (rest.length === 0) continue;
        at += rest.length;
        failed = 0;
        yield rest;
      }
      if (at < size) throw new Error('it ended early');
    } catch (error) {
      signal?.throwIfAborted();
      if (++failed >= BLOB_ATTEMPTS) {
        throw new WaitError(`blob ${digest} cannot be read to its end from ${place}`, 0, { cause: error });
      }
      await pause(bucket.options, failed, 0, signal);
    }
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html: keys come in the order of their bytes. */
async function* list(bucket: Bucket, prefix: string, signal: AbortSignal | undefined): AsyncIterable<BlobEntry> {
  const { prefix: folder } = bucket.options;
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const xml = await answerTo(bucket, 'GET', signal, [
      ['list-type', '2'],
      ['prefix', `${folder}${prefix}`],
      ...(token === undefined ? [] : ([['continuation-token', token]] as const)),
    ]);
    for (const block of blocksOf(xml, 'Contents')) {
      const digest = (textOf(block, 'Key') ?? '').slice(folder.length);
      if (!isDigest(digest)) continue;
      yield {
        digest,
        sizeBytes: Number(textOf(block, 'Size') ?? 0),
        modifiedAt: Date.parse(textOf(block, 'LastModified') ?? '') || 0,
      };
    }
    token = textOf(xml, 'IsTruncated') === 'true' ? textOf(xml, 'NextContinuationToken') : undefined;
  }
}

async function dropUnfinished(bucket: Bucket, before: UnixMs, signal: AbortSignal | undefined): Promise<number> {
  let dropped = 0;
  let marker: readonly (readonly [string, string])[] = [];
  for (;;) {
    const xml = await answerTo(bucket, 'GET', signal, [['uploads', ''], ['prefix', bucket.options.prefix], ...marker]);
    for (const block of blocksOf(xml, 'Upload')) {
      const key = textOf(block, 'Key') ?? '';
      const uploadId = textOf(block, 'UploadId') ?? '';
      const beganAt = Date.parse(textOf(block, 'Initiated') ?? '');
      if (!isDigest(key.slice(bucket.options.prefix.length)) || Number.isNaN(beganAt) || beganAt >= before) continue;
      const { body } = await bucket.request({ method: 'DELETE', key, query: [['uploadId', uploadId]], signal });
      body.resume();
      dropped++;
    }
    if (textOf(xml, 'IsTruncated') !== 'true') return dropped;
    marker = [
      ['key-marker', textOf(xml, 'NextKeyMarker') ?? ''],
      ['upload-id-marker', textOf(xml, 'NextUploadIdMarker') ?? ''],
    ];
  }
}

/** Asks the bucket itself. */
async function answerTo(
  bucket: Bucket,
  method: string,
  signal: AbortSignal | undefined,
  query: readonly (readonly [string, string])[],
): Promise<string> {
  const { body } = await bucket.request({ method, key: '', query, signal });
  return bodyText(body, MAX_BLOB_ANSWER_BYTES);
}
