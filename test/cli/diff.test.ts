import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { edited, PIPELINE } from '../compiler/diff/sides.ts';
import { PORTS, pipe, type Ran } from './control-plane.ts';

let folder: string;
let root: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-diff-'));
  root = join(folder, 'project');
  file = join(root, 'pipelines', 'etl.yaml');
  mkdirSync(join(root, 'pipelines'), { recursive: true });
  mkdirSync(join(root, 'tasks'));
  writeFileSync(
    join(root, 'pipectl.yaml'),
    'apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: sales }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n',
  );
  writeFileSync(join(root, '.gitignore'), 'ignored\n');
  write(PIPELINE, 'print(1)\n');
  git('init', '-qb', 'main');
  git('add', '-A');
  git('commit', '-qm', 'one');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => git('checkout', '-q', '--force', 'main'));

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.c'];
  return execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8' });
}

function write(definitions: string, script = 'print(1)\n'): void {
  writeFileSync(file, `apiVersion: pipectl.dev/v1${definitions}`);
  writeFileSync(join(root, 'tasks', 'clean.py'), script);
}

const SCHEDULED = `
kind: Workflow
metadata: { name: sums }
spec: { nodes: { one: { compute: { x: 1 } } } }
---
kind: LaunchPlan
metadata: { name: sums }
spec: { workflow: sums }
---
kind: Schedule
metadata: { name: sums }
spec: { launchPlan: sums, cron: "0 2 * * *", exclude: [{ calendar: holidays.dates }] }
`;

async function diff(...argv: string[]): Promise<Ran> {
  return diffIn(root, ...argv);
}

async function diffIn(cwd: string, ...argv: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const stdout = {
    ...pipe((text) => {
      out += text;
    }),
    columns: 80,
  };
  const stderr = pipe((text) => {
    err += text;
  });
  const { signal } = new AbortController();
  const env = { PATH: process.env.PATH, HOME: folder };
  const code = await runCli({ argv: ['diff', ...argv], env, cwd, stdout, stderr, clock, random, signal }, PORTS);
  return { code, out, err };
}

it('tells of days that a file of dates has gained, between commits and of the work tree', async () => {
  write(SCHEDULED);
  writeFileSync(join(root, 'holidays.dates'), '2026-12-25\n');
  git('checkout', '-q', '-b', 'holidays');
  git('add', '-A');
  git('commit', '-qm', 'Christmas Day');
  writeFileSync(join(root, 'holidays.dates'), '2026-12-25\n2026-12-26 Boxing Day\n');
  const told = ['- holidays.dates: 2026-12-25', '+ holidays.dates: 2026-12-25 2026-12-26'];
  const edit = await diff();
  for (const line of told) expect(edit.out).toContain(line);
  git('commit', '-qam', 'Boxing Day');
  const commits = await diff('HEAD~1..HEAD');
  for (const line of told) expect(commits.out).toContain(line);
  expect(commits.code).toBe(edit.code);
});

describe('pipectl diff', () => {
  it('tells nothing of a work tree that says the same', async () => {
    write(`# formatted\n${edited('1Gi', '1024Mi')}`.replace('#', '\n#'));
    expect(await diff()).toEqual({
      code: 0,
      out: expect.stringMatching(/^HEAD \([0-9a-f]+\) → work tree: no change in meaning\n$/),
      err: '',
    });
  });

  it('lays out what changes, breaks and follows, in 80 columns', async () => {
    const edits: readonly (readonly [string, string])[] = [
      ['python:3.12', 'python:3.13'],
      ['1Gi', '2Gi'],
      ['[python, clean.py]', '[sh, -c, "set -eu\\npython clean.py --rows 100 --mode full --verbose\\necho done\\n"]'],
      ['    wait:', '    region: string\n    wait:'],
      ['limit: 5', 'limit: 6'],
      ['clean: { task', 'tidy: { task'],
      ['nodes.clean.', 'nodes.tidy.'],
      ['0 2 * * *', '0 3 * * 1-5'],
      ['name: etl }', 'name: etl, description: Clean and count }'],
    ];
    const text = edits.reduce((before, [from, to]) => edited(from, to, before), PIPELINE);
    write(`${text}---\nkind: Task\nmetadata: { name: extra }\nspec: { run: { command: ["true"] } }\n`, 'print(2)\n');
    const { code, out, err } = await diff();
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    const stable = out.replace(/HEAD \([0-9a-f]+\)/, 'HEAD (COMMIT)').replace(/tasks@[0-9a-f]{12}/g, 'tasks@TREE');
    await expect(stable).toMatchFileSnapshot('../golden/diff.txt');
    expect(err).toBe('work tree would be refused: 1 error, see `pipectl validate`\n');
  });

  it('compares two commits without the work tree, from any folder and in either notation', async () => {
    write(edited('python:3.12', 'python:3.13'));
    git('checkout', '-qB', 'feature');
    git('commit', '-qam', 'two');
    write('\nkind: Nonsense\n');
    const { out } = await diff('main', 'feature');
    expect(out).toContain('    run.image  python:3.12 → python:3.13\n');
    expect((await diff('main..feature')).out).toBe(out);
    expect((await diffIn(join(root, 'tasks'), 'main..')).out.split('\n').slice(1)).toEqual(out.split('\n').slice(1));
    const json = JSON.parse((await diff('feature', 'main', '-o', 'json')).out);
    expect(json).toMatchObject({
      before: { commit: git('rev-parse', 'feature').trim(), errors: 0 },
      after: { commit: git('rev-parse', 'main').trim(), errors: 0 },
      level: 'behaviour',
      changed: [{ kind: 'Task', name: 'clean', changes: [{ path: ['spec', 'run', 'image'], kind: 'image' }] }],
      affected: [{ kind: 'Workflow', name: 'etl' }, { kind: 'LaunchPlan' }],
    });
  });

  it('sees what is in a source folder as a commit would have it, and leaves the repository as it is', async () => {
    const objects = (): string[] =>
      readdirSync(join(root, '.git', 'objects'), { recursive: true })
        .map(String)
        .sort();
    const before = [objects(), readFileSync(join(root, '.git', 'index'))];
    writeFileSync(join(root, 'tasks', 'ignored'), 'x');
    expect((await diff()).out).toMatch(/no change in meaning\n$/);
    writeFileSync(join(root, 'tasks', 'new.py'), 'x');
    const { out } = await diff();
    const [, tree] = /source {2}tasks@[0-9a-f]{12} → tasks@([0-9a-f]{12})\n/.exec(out) ?? [];
    expect([objects(), readFileSync(join(root, '.git', 'index'))]).toEqual(before);
    git('add', '-A');
    expect(git('rev-parse', `${git('write-tree').trim()}:tasks`)).toContain(tree);
    git('rm', '-q', '-f', 'tasks/new.py');
    rmSync(join(root, 'tasks', 'ignored'));
  });

  it('says what is wrong with a command line', async () => {
    expect(await diff('nowhere')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('"nowhere"') });
    expect(await diff('main...feature')).toMatchObject({ code: 2, err: expect.stringContaining('three dots') });
    expect((await diffIn('/')).err).toContain('there is no pipectl.yaml in / or above');
  });
});
