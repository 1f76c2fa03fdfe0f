import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256 } from '../../src/base/index.ts';
import { openFolderBlobs } from '../../src/blobs/adapters/folder/index.ts';
import { type BlobStore, bytesContent, fileContent, readBytes } from '../../src/blobs/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { removeFolder } from '../remove-folder.ts';
import { describeBlobStore } from './store-cases.ts';

let folder: string;
let store: BlobStore;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-blobs-'));
  store = await openFolderBlobs({ folder, clock: hostClock, random: hostRandom });
});

afterAll(() => removeFolder(folder));

describeBlobStore('a folder', () => store);

it('leaves nothing of what was not finished', async () => {
  expect(readdirSync(join(folder, 'writing'))).toEqual([]);
  const left = join(folder, 'writing', 'left-by-a-crash');
  writeFileSync(left, 'half');
  utimesSync(left, 1_000, 1_000);
  writeFileSync(join(folder, 'writing', 'under-way'), 'half');
  expect(await store.dropUnfinished(Date.now() - 60_000)).toBe(1);
  expect(readdirSync(join(folder, 'writing'))).toEqual(['under-way']);
});

it('counts what is put again as new', async () => {
  const { digest } = await store.put(bytesContent(Buffer.from('again')));
  utimesSync(join(folder, digest.slice(0, 2), digest), 1_000, 1_000);
  expect(await store.head(digest)).toMatchObject({ modifiedAt: 1_000_000 });
  await store.put(bytesContent(Buffer.from('again')));
  expect((await store.head(digest))?.modifiedAt).toBeGreaterThan(1_000_000);
});

it('never gives damaged bytes for whole ones, and mends them when they are put again with another size', async () => {
  const { digest } = await store.put(bytesContent(Buffer.from('precious')));
  writeFileSync(join(folder, digest.slice(0, 2), digest), 'precioux');
  await expect(readBytes(store.get(digest), 100)).rejects.toMatchObject({ reason: 'BlobDamaged' });
  writeFileSync(join(folder, digest.slice(0, 2), digest), 'prec');
  await store.put(bytesContent(Buffer.from('precious')));
  expect((await readBytes(store.get(digest), 100)).toString()).toBe('precious');
});

it('stores files, and says which cannot be read', async () => {
  const path = join(folder, 'writing', 'report.csv');
  writeFileSync(path, 'a,b\n');
  expect(await store.put(fileContent(path))).toEqual({ digest: sha256('a,b\n'), sizeBytes: 4 });
  await expect(store.put(fileContent('/nowhere/report.csv'))).rejects.toThrow('/nowhere/report.csv');
});
