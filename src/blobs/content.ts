import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { BLOB_CHUNK_BYTES, BugError, type Digest, MAX_BLOB_BYTES, StalledError } from '../base/index.ts';
import { BLOB_STALLED, type BlobContent } from './blob-store.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** The bytes of a file, read anew each time. */
export function fileContent(path: string): BlobContent {
  return {
    async *read() {
      const file = await open(path, 'r');
      try {
        for (;;) {
          const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(BLOB_CHUNK_BYTES));
          if (bytesRead === 0) return;
          yield buffer.subarray(0, bytesRead);
        }
      } finally {
        await file.close();
      }
    },
  };
}

export function bytesContent(bytes: Uint8Array): BlobContent {
  return {
    async *read() {
      if (bytes.length > 0) yield bytes;
    },
  };
}

/** All bytes of a blob that is known to be small. Errors: StalledError(BlobTooLarge) past `limit` bytes. */
export async function readBytes(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Hands on what it is given and throws BlobDamaged at its end when that is not what `digest` names. */
export async function* verified(digest: Digest, chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found === digest) return;
  throw new StalledError(BLOB_STALLED.damaged, `blob ${digest} is damaged: its bytes have the digest ${found}`);
}

export function missing(digest: Digest, place: string): StalledError {
  return new StalledError(BLOB_STALLED.missing, `there is no blob ${digest} in ${place}`);
}

export function tooLarge(limit: number = MAX_BLOB_BYTES): StalledError {
  return new StalledError(BLOB_STALLED.tooLarge, `it has more than ${limit} bytes, which is the most that is stored`);
}

export function changed(): StalledError {
  return new StalledError(BLOB_STALLED.changed, 'it changed while it was stored: write it whole before its task ends');
}

/** Keeps names that come from elsewhere from reaching a path. */
export function checkDigest(digest: Digest): void {
  if (!DIGEST.test(digest)) throw new BugError(`${JSON.stringify(digest)} is no digest of a blob`);
}

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
