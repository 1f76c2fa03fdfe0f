import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_IDLE_SOURCES, MAX_SOURCE_DEPTH } from '../../src/base/index.ts';
import { openIsomorphicReader } from '../../src/git/adapters/isomorphic/index.ts';
import type { ObjectReader } from '../../src/git/index.ts';
import { openSources, type Sources } from '../../src/runtime/index.ts';
import { linkProblem } from '../../src/runtime/lay-out-tree.ts';
import { git, newRepository, type Row, temporaryFolder, writeBlob, writeTree } from '../git/fixtures/real-git.ts';

interface Fixture {
  readonly folder: string;
  readonly sources: Sources;
  readonly reads: string[];
}

async function open(repository: string, folder = temporaryFolder(), bootId = 'boot'): Promise<Fixture> {
  const reads: string[] = [];
  const reader = openIsomorphicReader(join(repository, '.git'));
  const counting: ObjectReader = {
    read(oid, maxBytes) {
      reads.push(oid);
      return reader.read(oid, maxBytes);
    },
  };
  const random = { bytes: (size: number) => randomBytes(size) };
  const sources = await openSources({ folder, readerOf: () => counting, random, log: { write: () => {} }, bootId });
  return { folder, sources, reads };
}

/** A committed folder with a script, data, a folder and a link. */
function newSource(): { readonly repository: string; readonly tree: string } {
  const repository = newRepository();
  mkdirSync(join(repository, 'lib'));
  writeFileSync(join(repository, 'run.sh'), '#!/bin/sh\necho hi\n', { mode: 0o755 });
  writeFileSync(join(repository, 'lib', 'data.bin'), Buffer.from([0, 255, 10, 13]));
  symlinkSync('lib/data.bin', join(repository, 'latest'));
  git(repository, ['add', '-A']);
  return { repository, tree: git(repository, ['write-tree']) };
}

describe('a source', () => {
  it('is laid out byte for byte, read-only, with its executable bits and links', async () => {
    const { repository, tree } = newSource();
    const { sources } = await open(repository);
    const { path } = await sources.ensure('r', tree);
    expect(readFileSync(join(path, 'run.sh'), 'utf8')).toBe('#!/bin/sh\necho hi\n');
    expect([...readFileSync(join(path, 'lib', 'data.bin'))]).toEqual([0, 255, 10, 13]);
    expect(readlinkSync(join(path, 'latest'))).toBe('lib/data.bin');
    const modes = ['.', 'lib', 'run.sh', 'lib/data.bin'].map((name) => statSync(join(path, name)).mode & 0o777);
    expect(modes).toEqual([0o555, 0o555, 0o555, 0o444]);
  });

  it('is laid out once for calls that come together', async () => {
    const { repository, tree } = newSource();
    const { sources, reads } = await open(repository);
    const leases = await Promise.all(Array.from({ length: 20 }, () => sources.ensure('r', tree)));
    expect(new Set(leases.map(({ path }) => path)).size).toBe(1);
    expect(reads.length).toBe(new Set(reads).size);
  });

  it('is used again by the next run of the same boot, and made anew after a restart of the host', async () => {
    const { repository, tree } = newSource();
    const first = await open(repository);
    const { path } = await first.sources.ensure('r', tree);
    const second = await open(repository, first.folder);
    expect((await second.sources.ensure('r', tree)).path).toBe(path);
    expect(second.reads).toEqual([]);
    const third = await open(repository, first.folder, 'another boot');
    expect((await third.sources.ensure('r', tree)).path).toBe(path);
    expect(third.reads).toContain(tree);
  });

  it('stays while it is used; the longest unused ones go', async () => {
    const repository = newRepository();
    const trees = Array.from({ length: MAX_IDLE_SOURCES + 3 }, (_, index) =>
      writeTree(repository, [['100644', writeBlob(repository, `${index}`), 'file']]),
    );
    const { folder, sources } = await open(repository);
    const kept = await sources.ensure('r', trees[0] as string);
    for (const tree of trees.slice(1)) (await sources.ensure('r', tree)).release();
    expect(statSync(kept.path).isDirectory()).toBe(true);
    const names = () => readdirSync(folder).filter((name) => /^[0-9a-f]{40}$/.test(name));
    await expect.poll(() => names().length).toBe(MAX_IDLE_SOURCES + 1);
    expect(names()).not.toContain(trees[1]);
    const again = await sources.ensure('r', trees[1] as string);
    expect(readFileSync(join(again.path, 'file'), 'utf8')).toBe('1');
  });
});

describe('a source is refused', () => {
  const repository = newRepository();
  const blob = writeBlob(repository, 'x');
  const link = (target: string): Row => ['120000', writeBlob(repository, target), 'link'];
  const deep = (): string => {
    let tree = writeTree(repository, [['100644', blob, 'file']]);
    for (let depth = 0; depth <= MAX_SOURCE_DEPTH; depth += 1) tree = writeTree(repository, [['40000', tree, 'd']]);
    return tree;
  };
  const REFUSALS: readonly { name: string; tree: () => string; says: RegExp }[] = [
    {
      name: 'with a submodule',
      tree: () => writeTree(repository, [['160000', 'a'.repeat(40), 'sub']]),
      says: /submodule/,
    },
    {
      name: 'with a name that climbs',
      tree: () => writeTree(repository, [['100644', blob, '..']]),
      says: /relative path/,
    },
    {
      name: 'with a slash in a name',
      tree: () => writeTree(repository, [['100644', blob, 'a/../../b']]),
      says: /slash/,
    },
    { name: 'with a .git folder', tree: () => writeTree(repository, [['100644', blob, '.GIT']]), says: /\.git/ },
    { name: 'with an absolute link', tree: () => writeTree(repository, [link('/etc/passwd')]), says: /absolute/ },
    {
      name: 'with a link that leads out',
      tree: () => writeTree(repository, [link('../x')]),
      says: /out of the source/,
    },
    {
      name: 'with a missing file',
      tree: () => writeTree(repository, [['100644', 'b'.repeat(40), 'f']]),
      says: /misses/,
    },
    { name: 'that is a file', tree: () => blob, says: /is a blob where a tree/ },
    { name: 'that is too deep', tree: deep, says: /folders deep/ },
    { name: 'with bytes for a tree id', tree: () => '../../etc', says: /no tree id/ },
  ];
  it.each(REFUSALS)('$name', async ({ tree, says }) => {
    const { folder, sources } = await open(repository);
    await expect(sources.ensure('r', tree())).rejects.toThrow(says);
    expect(readdirSync(folder)).toEqual(['.boot']);
  });

  it('once, and laid out when the repository is whole again', async () => {
    const missing = newRepository();
    const content = writeBlob(repository, 'late');
    const tree = writeTree(missing, [['100644', content, 'file']]);
    const { sources } = await open(missing);
    await expect(sources.ensure('r', tree)).rejects.toThrow(/misses/);
    expect(writeBlob(missing, 'late')).toBe(content);
    const { path } = await sources.ensure('r', tree);
    expect(lstatSync(join(path, 'file')).size).toBe(4);
  });
});

describe('linkProblem', () => {
  it('accepts only links whose path never leaves the root', () => {
    const segment = fc.constantFrom('..', '.', 'a', 'b', '');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), fc.nat(5), (segments, depth) => {
        const target = segments.join('/');
        if (linkProblem(target, depth) !== undefined) return;
        let level = depth;
        for (const part of segments) {
          if (part === '..') level -= 1;
          else if (part !== '' && part !== '.') level += 1;
          expect(level).toBeGreaterThanOrEqual(0);
        }
        expect(target.startsWith('/')).toBe(false);
      }),
    );
  });
});
