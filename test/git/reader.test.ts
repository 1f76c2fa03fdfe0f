import { afterAll, describe, expect, it } from 'vitest';
import { openIsomorphicReader } from '../../src/git/adapters/isomorphic/index.ts';
import { gitEnvironment, type NativeReader, openNativeReader } from '../../src/git/adapters/native/index.ts';
import type { ObjectReader } from '../../src/git/index.ts';
import { git, newRepository, writeBlob, writeCommit, writeTree } from './fixtures/real-git.ts';

const opened: NativeReader[] = [];
afterAll(() => {
  for (const reader of opened) reader.close();
});

function native(folder: string): ObjectReader {
  const reader = openNativeReader(`${folder}/.git`, gitEnvironment('/dev/null'));
  opened.push(reader);
  return reader;
}

const MiB = 1024 * 1024;

describe.each([
  ['native', native],
  ['isomorphic', (folder: string) => openIsomorphicReader(`${folder}/.git`)],
])('ObjectReader by %s', (_name, open) => {
  const folder = newRepository();
  const hello = writeBlob(folder, 'hello\n');
  const empty = writeBlob(folder, '');
  const tree = writeTree(folder, [['100644', hello, 'a.txt']]);
  const commit = writeCommit(folder, tree);
  const large = writeBlob(folder, Buffer.alloc(3 * MiB, 'x'));
  const huge = writeBlob(folder, Buffer.alloc(40 * MiB));
  const many = Array.from({ length: 40 }, (_, index) => writeBlobs(folder, index));
  git(folder, ['update-ref', 'refs/heads/main', commit]);
  const reader = open(folder);

  it('reads every type', async () => {
    expect(await text(reader, hello)).toBe('blob hello\n');
    expect(await text(reader, empty)).toBe('blob ');
    expect(await reader.read(tree, MiB)).toMatchObject({ kind: 'found', type: 'tree' });
    expect(await text(reader, commit)).toContain('commit tree ');
  });

  it('tells missing objects, and ids that are none', async () => {
    for (const oid of ['1'.repeat(40), 'HEAD', '--batch-all-objects', `${hello}\n${hello}`, '']) {
      expect(await reader.read(oid, MiB)).toEqual({ kind: 'missing' });
    }
    expect(await text(reader, hello)).toBe('blob hello\n');
  });

  it('refuses what is too large and goes on', async () => {
    const [before, refused, giant, after] = await Promise.all([
      text(reader, hello),
      reader.read(large, MiB),
      reader.read(huge, MiB),
      text(reader, hello),
    ]);
    expect(before).toBe(after);
    expect(refused).toEqual({ kind: 'tooLarge', type: 'blob', sizeBytes: 3 * MiB });
    expect(giant).toEqual({ kind: 'tooLarge', type: 'blob', sizeBytes: 40 * MiB });
  });

  it('answers many overlapping reads, each with its own bytes', async () => {
    const texts = await Promise.all(many.map((oid) => text(reader, oid)));
    expect(texts).toEqual(many.map((_, index) => `blob ${index}-${'y'.repeat(index * 37)}`));
  });

  it('finds objects that are written later, packed ones too', async () => {
    const later = writeBlob(folder, 'later');
    expect(await text(reader, later)).toBe('blob later');
    git(folder, ['repack', '-a', '-d', '-q']);
    expect(await text(reader, commit)).toContain('made by hand');
  });
});

async function text(reader: ObjectReader, oid: string): Promise<string> {
  const result = await reader.read(oid, MiB);
  return result.kind === 'found' ? `${result.type} ${Buffer.from(result.bytes).toString()}` : result.kind;
}

function writeBlobs(folder: string, index: number): string {
  return writeBlob(folder, `${index}-${'y'.repeat(index * 37)}`);
}
