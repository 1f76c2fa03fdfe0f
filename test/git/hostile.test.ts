import { describe, expect, it } from 'vitest';
import { gitEnvironment, openNativeReader } from '../../src/git/adapters/native/index.ts';
import { diffTrees, findEntry, isFault, type TreeFault, treeSource, walkTree } from '../../src/git/index.ts';
import { newRepository, type Row, writeBlob, writeTree } from './fixtures/real-git.ts';

const folder = newRepository();
const reader = openNativeReader(`${folder}/.git`, gitEnvironment('/dev/null'));
const blob = writeBlob(folder, 'x');

/** Walks `tree` and returns the paths it met and the problems of names, or the fault that stopped it. */
async function survey(tree: string, budget?: number) {
  const paths: string[] = [];
  const problems: string[] = [];
  const fault = await walkTree(treeSource(reader, budget), tree, '', {
    folder(_path, parsed) {
      for (const { severity, name, reason } of parsed.problems) problems.push(`${severity}: ${name} ${reason}`);
      return true;
    },
    entry(path, entry) {
      paths.push(`${entry.kind} ${path}`);
    },
  });
  return { paths, problems, fault };
}

/** Folders `a`…`j`, each holding the same folder again, `depth` times: 10^depth files in `depth` objects. */
function bomb(depth: number): string {
  let tree = writeTree(folder, letters('100644', blob));
  for (let level = 1; level < depth; level += 1) tree = writeTree(folder, letters('40000', tree));
  return tree;
}

function letters(mode: string, oid: string): Row[] {
  return [...'abcdefghij'].map((name): Row => [mode, oid, name]);
}

function chain(depth: number): string {
  let tree = writeTree(folder, [['100644', blob, 'leaf']]);
  for (let level = 0; level < depth; level += 1) tree = writeTree(folder, [['40000', tree, 'd']]);
  return tree;
}

describe('walkTree', () => {
  it('stops at a tree of 10^10 files', async () => {
    const { fault, paths } = await survey(bomb(10), 500);
    expect(fault?.reason).toContain('too many folders');
    expect(paths.length).toBeLessThan(5_000);
  });

  it('stops at a tree that is too deep', async () => {
    expect((await survey(chain(70))).fault?.reason).toContain('deeper');
  });

  it.each<[string, Row[], string]>([
    ['a folder above', [['40000', 'TREE', '..']], 'forged: .. is a relative path'],
    ['.git in capitals', [['40000', 'TREE', '.GIT']], 'forged: .GIT stands for .git'],
    ['a newline', [['100644', blob, 'a\nb']], 'unportable: a\nb contains a control character'],
    ['a backslash', [['100644', blob, 'a\\b']], 'unportable: a\\b contains a backslash'],
    ['bytes that are no UTF-8', [['100644', blob, 'a\xff']], 'unportable: a\ufffd is not valid UTF-8'],
  ])('tells %s', async (_name, rows, problem) => {
    const inner = writeTree(folder, [['100644', blob, 'f']]);
    const bytes = rows.map(
      ([mode, oid, name]): Row => [mode, oid === 'TREE' ? inner : oid, Buffer.from(name as string, 'latin1')],
    );
    expect((await survey(writeTree(folder, bytes))).problems).toContain(problem);
  });

  it('hands links and submodules over as what they are', async () => {
    const tree = writeTree(folder, [
      ['120000', blob, 'link'],
      ['160000', blob, 'sub'],
    ]);
    expect((await survey(tree)).paths).toEqual(['symlink link', 'gitlink sub']);
  });

  it('tells a tree that is not there, and an object that is none', async () => {
    expect((await survey('1'.repeat(40))).fault?.reason).toContain('git has no tree');
    expect((await survey(blob)).fault?.reason).toContain('is a blob');
  });
});

describe('findEntry', () => {
  it('finds what is there and nothing else', async () => {
    const tree = chain(2);
    expect(await findEntry(treeSource(reader), tree, 'd/d/leaf')).toMatchObject({ kind: 'file', oid: blob });
    expect(await findEntry(treeSource(reader), tree, '')).toMatchObject({ kind: 'folder', oid: tree });
    for (const path of ['d/leaf', 'd/d/leaf/x', '__proto__', 'D']) {
      expect(await findEntry(treeSource(reader), tree, path)).toBeUndefined();
    }
  });
});

describe('diffTrees', () => {
  it('skips equal folders, however many files they hold', async () => {
    const big = bomb(10);
    const other = writeBlob(folder, 'y');
    const before = writeTree(folder, [
      ['40000', big, 'big'],
      ['100644', blob, 'file'],
    ]);
    const after = writeTree(folder, [
      ['40000', big, 'big'],
      ['100644', other, 'file'],
    ]);
    const diff = await diffTrees(treeSource(reader, 4), before, after);
    expect(isFault(diff)).toBe(false);
    expect(diff).toMatchObject({ changes: [{ path: 'file', before: { oid: blob }, after: { oid: other } }] });
  });

  it('names differing folders, and does not look into new and gone ones', async () => {
    const inner = writeTree(folder, [['100644', blob, 'new']]);
    const before = writeTree(folder, [
      ['40000', chain(1), 'a'],
      ['40000', inner, 'gone'],
    ]);
    const after = writeTree(folder, [
      ['40000', chain(2), 'a'],
      ['40000', inner, 'new'],
    ]);
    const diff = await diffTrees(treeSource(reader), before, after);
    if (isFault(diff)) throw new Error((diff as TreeFault).reason);
    expect([...diff.folders].sort()).toEqual(['', 'a', 'a/d']);
    expect(diff.changes.map(({ path }) => path).sort()).toEqual(['a/d/d', 'a/d/leaf', 'gone', 'new']);
  });
});
