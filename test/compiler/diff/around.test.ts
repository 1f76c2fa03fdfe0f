import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/base/index.ts';
import { type CommitDiff, createParseCache, diffCommits, filesAround, openSide } from '../../../src/compiler/index.ts';
import { type Files, someCommits } from '../../client/some-commits.ts';

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const bytesOf = (text: string | undefined): Uint8Array[] => (text === undefined ? [] : [Buffer.from(text)]);
const isDefinition = (path: string): boolean => path.startsWith('pipelines/');

/** What differs as far as these files tell. */
function diffOf(before: Files, after: Files, isRead: (path: string) => boolean): Omit<CommitDiff, 'unreadable'> {
  const side = (given: Files) => {
    const read = Object.entries(given).filter(([path]) => path.endsWith('.yaml') && isRead(path));
    const files = new Map(read.map(([path, text]) => [path, sha256(text)] as const));
    const texts = new Map(read.map(([, text]) => [sha256(text), Buffer.from(text)] as const));
    const trees = new Map<string, string | null>();
    const blobs = new Map<string, string | null>();
    for (let round = 0; round < 10; round++) {
      const opened = openSide({ files, texts, trees, blobs, cache: createParseCache() });
      if (opened.kind === 'opened') return opened.side;
      for (const folder of opened.folders)
        trees.set(folder, given[`${folder}/run.sh`] === undefined ? null : sha256(folder));
      for (const file of opened.files) {
        const text = given[file];
        blobs.set(file, text === undefined ? null : sha256(text));
        if (text !== undefined) texts.set(sha256(text), Buffer.from(text));
      }
    }
    throw new Error('a side asks for the same again');
  };
  const { unreadable: _unreadable, ...diff } = diffCommits(side(before), side(after));
  return diff;
}

function around(before: Files, after: Files, folders: readonly string[] = ['', 'pipelines']) {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(isDefinition).sort();
  return filesAround({
    changed: new Map(
      paths
        .filter((path) => before[path] !== after[path])
        .map((path) => [path, [...bytesOf(before[path]), ...bytesOf(after[path])]]),
    ),
    same: new Map(
      paths
        .filter((path) => before[path] === after[path])
        .flatMap((path) => bytesOf(after[path]).map((text) => [path, text])),
    ),
    folders: new Set(folders),
  });
}

describe('the files around a change', () => {
  const task = (name: string, source = ''): string =>
    `${HEAD}kind: Task\nmetadata: { name: ${name} }\nspec: { ${source}run: { command: [sh] } }\n`;
  const flow = (task: string): string =>
    `${HEAD}kind: Workflow\nmetadata: { name: w }\nspec: { nodes: { n: { task: ${task} } } }\n`;
  const others = Object.fromEntries(
    Array.from({ length: 12 }, (_none, at) => [`pipelines/o${at}.yaml`, task(`o${at}`)]),
  );

  it('tell what comparing all files tells', () => {
    let told = 0;
    fc.assert(
      fc.property(someCommits, someCommits, fc.nat(20), (given, next, at) => {
        const before: Files = { ...others, ...given };
        const path = Object.keys(given).filter(isDefinition)[at] ?? 'pipelines/a.yaml';
        const after = {
          ...before,
          [path]: next[path] ?? `${HEAD}kind: Task\nmetadata: { name: t1 }\nspec: { run: { command: [sh] } }\n`,
        };
        const found = around(before, after);
        if (found === undefined) return;
        told++;
        const isRead = (file: string): boolean =>
          !isDefinition(file) || before[file] !== after[file] || found.touched.has(file) || found.named.has(file);
        expect(diffOf(before, after, isRead)).toEqual(diffOf(before, after, () => true));
      }),
      { numRuns: 60 },
    );
    expect(told).toBeGreaterThan(10);
  });

  it.each<[string, Files, object]>([
    ['refer to it', { 'pipelines/w.yaml': flow('a') }, { touched: ['pipelines/w.yaml'], named: [] }],
    ['refer to it by an escape', { 'pipelines/w.yaml': flow('"\\x61"') }, { touched: ['pipelines/w.yaml'], named: [] }],
    ['have its name', { 'pipelines/b.yaml': task('a') }, { touched: ['pipelines/b.yaml'], named: [] }],
    ['only mention another name', { 'pipelines/w.yaml': flow('a-b') }, { touched: [], named: [] }],
    [
      'have a changed folder as source',
      { 'pipelines/s.yaml': task('s', 'source: &s ./jobs, ') },
      { touched: ['pipelines/s.yaml'], named: [] },
    ],
  ])('are those that %s', (_name, files, expected) => {
    const before = { ...others, ...files, 'pipelines/a.yaml': task('a') };
    const found = around(before, { ...before, 'pipelines/a.yaml': task('a', 'retries: 1, ') }, [
      '',
      'pipelines',
      'jobs',
    ]);
    expect({ touched: [...(found?.touched ?? ['all'])], named: [...(found?.named ?? [])] }).toEqual(expected);
  });

  it('are also those that it refers to, and what nobody declares is for the whole to tell', () => {
    const before = { ...others, 'pipelines/a.yaml': task('a'), 'pipelines/w.yaml': flow('a') };
    const found = around(before, { ...before, 'pipelines/w.yaml': `${flow('a')}# Changed.\n` });
    expect(found).toEqual({ touched: new Set(), named: new Set(['pipelines/a.yaml']) });
    expect(around(before, { ...before, 'pipelines/w.yaml': flow('missing') })).toBeUndefined();
  });
});
