import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Digest, MAX_BLOB_BYTES, type Random, StalledError, WaitError } from '../../../base/index.ts';
import {
  BLOB_STALLED,
  type BlobContent,
  type BlobEntry,
  type BlobStore,
  checkDigest,
  fileContent,
  isDigest,
  missing,
  tooLarge,
  verified,
} from '../../index.ts';

export interface FolderBlobsOptions {
  /** Of blobs alone; created when missing. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'bytes'>;
}

/** A full disk may be emptied; nothing is lost meanwhile. */
const FULL_RETRY_MS = 30_000;

/** `<folder>/<first two digits>/<digest>`; what is being written is in `<folder>/writing`. Rejects when it cannot be made. */
export async function openFolderBlobs(options: FolderBlobsOptions): Promise<BlobStore> {
  const { folder } = options;
  const place = `the folder ${folder}`;
  const pathOf = (digest: Digest): string => {
    checkDigest(digest);
    return join(folder, digest.slice(0, 2), digest);
  };
  await mkdir(join(folder, WRITING), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw notMade(place, error);
  });
  return {
    place,
    put: (content, signal) => explained(place, () => put(options, content, pathOf, signal)),
    get: (digest, signal) => read(pathOf(digest), digest, place, signal),
    head: (digest) => explained(place, () => entryOf(pathOf(digest), digest)),
    delete: (digest) => explained(place, () => rm(pathOf(digest), { force: true })),
    list: (prefix = '', signal) => list(folder, prefix, signal),
    dropUnfinished: (before) => explained(place, () => dropUnfinished(join(folder, WRITING), before)),
  };
}

const WRITING = 'writing';

async function put(
  { folder, clock, random }: FolderBlobsOptions,
  content: BlobContent,
  pathOf: (digest: Digest) => string,
  signal: AbortSignal | undefined,
): Promise<Pick<BlobEntry, 'digest' | 'sizeBytes'>> {
  const temporary = join(folder, WRITING, Buffer.from(random.bytes(16)).toString('hex'));
  try {
    const written = await write(temporary, content, signal);
    const path = pathOf(written.digest);
    const bucket = join(folder, written.digest.slice(0, 2));
    const known = await entryOf(path, written.digest);
    if (known?.sizeBytes === written.sizeBytes) {
      const now = clock.now() / 1_000;
      // A sweep may take it away at this moment: then it is written after all.
      const isKept = await utimes(path, now, now).then(
        () => true,
        () => false,
      );
      if (isKept) return written;
    }
    const isNew = (await mkdir(bucket, { recursive: true, mode: 0o700 })) !== undefined;
    await rename(temporary, path);
    await syncFolder(bucket);
    if (isNew) await syncFolder(folder);
    return written;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function write(
  path: string,
  content: BlobContent,
  signal: AbortSignal | undefined,
): Promise<Pick<BlobEntry, 'digest' | 'sizeBytes'>> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content.read()) {
      signal?.throwIfAborted();
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BLOB_BYTES) throw tooLarge();
      hash.update(chunk);
      await writeAll(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { digest: hash.digest('hex'), sizeBytes };
}

/** One write may take less than it is given, as on a disk that is almost full. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function* read(
  path: string,
  digest: Digest,
  place: string,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of verified(digest, fileContent(path).read())) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing(digest, place) : inWords(place, error);
  }
}

async function entryOf(path: string, digest: Digest): Promise<BlobEntry | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { digest, sizeBytes: size, modifiedAt: Math.trunc(mtimeMs) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* list(folder: string, prefix: string, signal: AbortSignal | undefined): AsyncIterable<BlobEntry> {
  const isWanted = (name: string): boolean => name.startsWith(prefix.slice(0, 2)) && /^[0-9a-f]{2}$/.test(name);
  for (const bucket of (await readdir(folder)).filter(isWanted).sort()) {
    for (const digest of (await readdir(join(folder, bucket))).sort()) {
      signal?.throwIfAborted();
      if (!isDigest(digest) || !digest.startsWith(prefix)) continue;
      const entry = await entryOf(join(folder, bucket, digest), digest);
      if (entry !== undefined) yield entry;
    }
  }
}

async function dropUnfinished(folder: string, before: number): Promise<number> {
  let dropped = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs >= before) continue;
    await unlink(path).catch(() => {});
    dropped++;
  }
  return dropped;
}

async function explained<T>(place: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw inWords(place, error);
  }
}

function notMade(place: string, error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = inWords(place, Object.assign(new Error(code, { cause: error }), { code, syscall: 'mkdir' }));
  if (known instanceof StalledError || known instanceof WaitError) return known;
  return new StalledError(BLOB_STALLED.unusable, `${place} cannot be made: ${code}`, { cause: error });
}

function inWords(place: string, error: unknown): unknown {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  // A file of the content that cannot be read is no matter of this folder.
  if (syscall === undefined || path?.startsWith(place.slice('the folder '.length)) === false) return error;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new WaitError(`no room is left in ${place}`, FULL_RETRY_MS, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StalledError(BLOB_STALLED.forbidden, `${place} may not be written and read: ${code}`, {
        cause: error,
      });
    default:
      return error;
  }
}
