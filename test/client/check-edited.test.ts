import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobId, compileListed, type WorkTree } from '../../src/client/index.ts';
import { type CheckedEdit, checkEdited } from '../../src/client/validation/check-edited.ts';
import { checkListed } from '../../src/client/validation/check-folder.ts';
import { keepLedger, openLedger, writeLedger } from '../../src/client/validation/ledger.ts';
import type { Files } from './some-commits.ts';

const HEAD = 'apiVersion: pipectl.dev/v1\n';
const task = (name: string, inputs = '{}'): string =>
  `${HEAD}kind: Task\nmetadata: { name: ${name} }\nspec: { inputs: ${inputs}, source: tasks, run: { command: [sh] } }\n`;
const workflow = (name: string, runs: string): string =>
  `${HEAD}kind: Workflow\nmetadata: { name: ${name} }\nspec: { nodes: { a: { task: ${runs} } } }\n`;
const PROJECT: Files = {
  'pipectl.yaml': `${HEAD}kind: Project\nmetadata: { name: p }\nspec: { paths: [pipelines], domains: { a: { ref: main } } }\n`,
  'tasks/run.sh': 'true\n',
  'pipelines/a.yaml': task('a'),
  'pipelines/b.yaml': task('b'),
  'pipelines/w.yaml': workflow('w', 'a'),
};

interface SomeFile {
  /** Whether its task is there, is called as the next file's, or is absent with the whole file. */
  readonly declares: 'own' | 'next' | 'nothing';
  readonly has: '' | 'image' | 'fault' | 'secret' | 'ignored';
  readonly isLabelled: boolean;
  readonly input: string;
  /** Tasks that its workflow runs, by their file. */
  readonly runs: readonly number[];
}

const someFile: fc.Arbitrary<SomeFile> = fc.record({
  declares: fc.oneof(
    { weight: 20, arbitrary: fc.constant('own' as const) },
    fc.constantFrom('next' as const, 'nothing' as const),
  ),
  has: fc.constantFrom('', '', '', 'image', 'fault', 'secret', 'ignored'),
  isLabelled: fc.boolean(),
  input: fc.constantFrom('n: integer', 'n: string', ''),
  runs: fc.array(fc.nat(3), { maxLength: 2 }),
});
const someFiles = fc.array(someFile, { minLength: 4, maxLength: 4 });
const hasPolicy = fc.constantFrom('', 'error', 'warning');

const TOLD: Readonly<Record<SomeFile['has'], string>> = {
  '': '',
  image: ', image: "alpine:3"',
  fault: ', colour: blue',
  secret: ', env: { API_TOKEN: abcdefghijkl }',
  ignored: ', image: "alpine:3" } # pipectl: ignore PIPE-LINT-001\n ',
};

function textOf({ declares, has, isLabelled, input, runs }: SomeFile, at: number): string {
  const name = `t${declares === 'next' ? (at + 1) % 4 : at}`;
  const labels = isLabelled ? ', labels: { team: a }' : '';
  const run = `run: { command: [sh]${TOLD[has]}${has === 'ignored' ? '' : ' }'}`;
  const own = `${HEAD}kind: Task\nmetadata: { name: ${name}${labels} }\nspec:\n  inputs: { ${input} }\n  source: tasks\n  ${run}\n`;
  if (runs.length === 0) return own;
  const nodes = runs.map((task, node) => `n${node}: { task: t${task}, with: { n: 7 } }`).join(', ');
  return `${own}---\n${HEAD}kind: Workflow\nmetadata: { name: w${at} }\nspec: { nodes: { ${nodes} } }\n`;
}

function filesOf(files: readonly SomeFile[], policy: string): Files {
  const rule = `match: { kinds: [Task] }, assert: '"team" in object.metadata.labels', message: no team, severity: ${policy}`;
  return {
    'pipectl.yaml': PROJECT['pipectl.yaml'] as string,
    'tasks/run.sh': 'true\n',
    ...(policy !== '' && {
      'pipelines/policy.yaml': `${HEAD}kind: Policy\nmetadata: { name: y }\nspec: { rules: [{ name: team, ${rule} }] }\n`,
    }),
    ...Object.fromEntries(
      files.flatMap((file, at) =>
        file.declares === 'nothing' ? [] : [[`pipelines/${at}.yaml`, textOf(file, at)] as const],
      ),
    ),
  };
}

describe('an edit of a folder that was checked as a whole', () => {
  let folder: string;
  let root: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pipectl-edited-'));
    root = join(folder, 'project');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(files: Files): WorkTree {
    rmSync(root, { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return { root, paths: Object.keys(files).sort(), untracked: new Set() };
  }

  /** Checks `before` as a whole, then what changed since; undefined where only the whole can tell. */
  async function checkedAfter(before: Files, after: Files): Promise<CheckedEdit | undefined> {
    const { records, settings } = await checkListed(write(before), { threads: 1 });
    if (records === undefined || settings === undefined || after['pipectl.yaml'] === undefined) return undefined;
    const states = new Map(Object.entries(before).map(([path, text]) => [path, blobId(Buffer.from(text))]));
    const written = writeLedger({ settings, ...records, texts: records.texts ?? new Map(), states });
    if (written === undefined) throw new Error('it cannot be kept');
    keepLedger(folder, root, 'tool', written);
    const ledger = openLedger(folder, root, 'tool');
    if (ledger === undefined) throw new Error('nothing was kept');
    const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = new Map(
      paths
        .filter((path) => before[path] !== after[path])
        .map((path) => [path, after[path] === undefined ? 'none' : 'changed:x']),
    );
    write(after);
    const texts = new Map(
      [...changed.keys()].flatMap((path) => {
        const text = after[path];
        return text === undefined ? [] : [[path, Buffer.from(text)] as const];
      }),
    );
    const look = { key: 'k', index: 'i', indexFile: '', differing: new Map(), texts };
    return checkEdited({ root, ledger, look, changed });
  }

  /** What compiling all at once says. */
  function whole(files: Files): object {
    const { outcome, files: compiled } = compileListed(write(files));
    const counts: Record<string, number> = {};
    if (outcome.kind === 'compiled') for (const { kind } of outcome.changed) counts[kind] = (counts[kind] ?? 0) + 1;
    const isValid = outcome.kind === 'compiled';
    return { isValid, diagnostics: outcome.diagnostics, counts, fileCount: compiled.length, untracked: [] };
  }

  it('is told of as when all of it is compiled at once', async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(someFiles, someFiles, fc.nat(3), hasPolicy, async (before, next, at, policy) => {
        const first = filesOf(before, policy);
        const after = filesOf(before.with(at, next[at] as SomeFile), policy);
        const checked = await checkedAfter(first, after);
        if (checked === undefined) return;
        told++;
        expect(checked.isAsSeen).toBe(true);
        expect(checked.verdict).toEqual(whole(after));
      }),
      { numRuns: 120 },
    );
    expect(told).toBeGreaterThan(40);
  });

  it.each<[string, Files]>([
    ['a definition', { 'pipelines/b.yaml': task('b', '{ n: integer }') }],
    ['what another file refers to', { 'pipelines/a.yaml': task('a', '{ n: integer }') }],
    ['what a file refers to', { 'pipelines/w.yaml': workflow('w', 'b') }],
    ['a file that is new', { 'pipelines/c.yaml': task('c') }],
    ['a name that another file has', { 'pipelines/b.yaml': task('a') }],
    ['a file to what is wrong', { 'pipelines/b.yaml': 'kind: Tusk\n' }],
    ['what is not compiled', { 'tasks/run.sh': 'false\n' }],
  ])('is told of without the rest when it changes %s', async (_name, files) => {
    const after = { ...PROJECT, ...files };
    expect((await checkedAfter(PROJECT, after))?.verdict).toEqual(whole(after));
  });

  it('is told of without the rest where a schedule names a file of dates, as long as that stays', async () => {
    const schedule = (cron: string): string =>
      `${HEAD}kind: LaunchPlan\nmetadata: { name: w }\nspec: { workflow: w }\n---\n${HEAD}kind: Schedule\nmetadata: { name: s }\nspec: { launchPlan: w, cron: "${cron}", exclude: [{ calendar: calendars/a.dates }] }\n`;
    const before: Files = {
      ...PROJECT,
      'pipelines/s.yaml': schedule('0 2 * * *'),
      'calendars/a.dates': '2026-12-25\n',
    };
    const edits: readonly Files[] = [
      { 'pipelines/b.yaml': task('b', '{ n: integer }') },
      { 'pipelines/s.yaml': schedule('61 * * * *') },
    ];
    for (const edit of edits) {
      const after = { ...before, ...edit };
      expect((await checkedAfter(before, after))?.verdict).toEqual(whole(after));
    }
    expect(await checkedAfter(before, { ...before, 'calendars/a.dates': 'Christmas\n' })).toBeUndefined();
  });

  it.each<[string, Files]>([
    ['a name that is referred to', { 'pipelines/a.yaml': task('x') }],
    ['a reference to what nobody has', { 'pipelines/w.yaml': workflow('w', 'c') }],
    ['the project', { 'pipectl.yaml': `${PROJECT['pipectl.yaml']}# Changed.\n` }],
    ['the folders', { 'more/run.sh': 'true\n' }],
    [
      'policies',
      {
        'pipelines/p.yaml': `${HEAD}kind: Policy\nmetadata: { name: p }\nspec: { rules: [{ name: r, assert: "true", message: m }] }\n`,
      },
    ],
  ])('is not told of by itself when it changes %s', async (_name, files) => {
    expect(await checkedAfter(PROJECT, { ...PROJECT, ...files })).toBeUndefined();
  });
});
