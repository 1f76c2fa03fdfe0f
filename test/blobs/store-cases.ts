import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BLOB_PART_BYTES, MAX_VALUE_BYTES, sha256 } from '../../src/base/index.ts';
import { type BlobStore, bytesContent, readBytes } from '../../src/blobs/index.ts';
import { all } from './s3-server.ts';

/** What every store of blobs keeps. */
export function describeBlobStore(name: string, storeOf: () => BlobStore): void {
  describe(name, () => {
    it.each([
      ['nothing', 0],
      ['one byte', 1],
      ['a megabyte', MAX_VALUE_BYTES],
      ['exactly one part', BLOB_PART_BYTES],
      ['several parts and a rest', 2 * BLOB_PART_BYTES + 12_345],
    ])('gives back what it was given: %s', async (_, size) => {
      const store = storeOf();
      const bytes = randomBytes(size);
      const stored = await store.put(inPieces(bytes));
      expect(stored).toEqual({ digest: sha256(bytes), sizeBytes: size });
      const read = await readBytes(store.get(stored.digest), size);
      expect(read.equals(bytes)).toBe(true);
      expect(await store.head(stored.digest)).toMatchObject({ digest: stored.digest, sizeBytes: size });
    });

    it('has no blob that nobody put', async () => {
      const store = storeOf();
      const digest = sha256(randomBytes(16));
      expect(await store.head(digest)).toBeUndefined();
      await expect(readBytes(store.get(digest), 10)).rejects.toMatchObject({ reason: 'BlobMissing' });
      await store.delete(digest);
    });

    it('takes away what is deleted, and only that', async () => {
      const store = storeOf();
      const [one, two] = await Promise.all([put(store, 'one to go'), put(store, 'one to stay')]);
      await store.delete(one);
      expect(await store.head(one)).toBeUndefined();
      expect(await store.head(two)).toBeDefined();
    });

    it('keeps one blob of the same bytes that many put at once', async () => {
      const store = storeOf();
      const text = randomBytes(20).toString('hex');
      const digests = await Promise.all(Array.from({ length: 8 }, () => put(store, text)));
      expect(new Set(digests).size).toBe(1);
      expect((await readBytes(store.get(digests[0] as string), 100)).toString()).toBe(text);
    });

    it('lists by prefix, in order', async () => {
      const store = storeOf();
      const put12 = await Promise.all(Array.from({ length: 12 }, (_, i) => put(store, `listed ${i}`)));
      const listed = (await all(store.list())).map(({ digest }) => digest);
      expect(listed).toEqual([...listed].sort());
      expect(listed).toEqual(expect.arrayContaining(put12));
      for (const length of [1, 2, 7]) {
        const prefix = (put12[0] as string).slice(0, length);
        const found = (await all(store.list(prefix))).map(({ digest }) => digest);
        expect(found).toEqual(listed.filter((digest) => digest.startsWith(prefix)));
      }
    });

    it('stores nothing of a content that changes under it', async () => {
      const store = storeOf();
      let reads = 0;
      const big = 2 * BLOB_PART_BYTES;
      const changing = { read: () => inPieces(Buffer.alloc(big, reads++)).read() };
      const outcome = await store.put(changing).catch((error: unknown) => error);
      // Who reads it once has stored what it read.
      if (reads > 1) expect(outcome).toMatchObject({ reason: 'BlobChanged' });
      for (const fill of [0, 1]) {
        const digest = sha256(Buffer.alloc(big, fill));
        if (reads > 1) expect(await store.head(digest)).toBeUndefined();
      }
    });

    it('stores nothing of a content that ends in the middle, or is not wanted any more', async () => {
      const store = storeOf();
      const bytes = randomBytes(BLOB_PART_BYTES + 5);
      const broken = {
        async *read() {
          yield bytes;
          throw new Error('disk broke');
        },
      };
      await expect(store.put(broken)).rejects.toThrow('disk broke');
      const stop = new AbortController();
      const ended = {
        async *read() {
          yield bytes;
          stop.abort(new Error('not wanted'));
          yield bytes;
        },
      };
      await expect(store.put(ended, stop.signal)).rejects.toThrow('not wanted');
      expect(await store.head(sha256(bytes))).toBeUndefined();
    });

    it('refuses names that are no digests', async () => {
      const store = storeOf();
      for (const name of ['', '../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(64)}/x`]) {
        await expect((async () => store.head(name))()).rejects.toThrow('is no digest');
        await expect((async () => store.delete(name))()).rejects.toThrow('is no digest');
      }
    });
  });
}

async function put(store: BlobStore, text: string): Promise<string> {
  return (await store.put(bytesContent(Buffer.from(text)))).digest;
}

/** Pieces that fit no part evenly. */
function inPieces(bytes: Buffer) {
  return {
    async *read() {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001);
    },
  };
}
