import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validateFolder } from '../../src/client/index.ts';
import { keepVerdict, readVerdict } from '../../src/client/validation/verdict-cache.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: p }
spec: { paths: [pipelines], domains: { production: { ref: main } }, lints: { PIPE-LINT-005: off } }
`;
const TASK = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: t }
spec: { source: tasks, run: { command: [sh] } }
`;
const SCHEDULED = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: sums }
spec: { outputs: { x: "\${{ nodes.one.outputs.x }}" }, nodes: { one: { compute: { x: 1 } } } }
---
kind: LaunchPlan
metadata: { name: sums }
spec: { workflow: sums }
---
kind: Schedule
metadata: { name: sums }
spec: { launchPlan: sums, cron: "0 2 * * *", exclude: [{ calendar: calendars/holidays.dates }] }
`;
const NOT_A_KIND = TASK.replace('Task', 'Tusk');
const FORGED = { isValid: true, diagnostics: [], counts: { Task: 77 }, fileCount: 1, untracked: [] };

describe('a kept verdict', () => {
  let folder: string;
  let root: string;
  let cacheFolder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pipectl-verdict-'));
    root = join(folder, 'project');
    cacheFolder = join(folder, 'cache');
    put('pipectl.yaml', PROJECT);
    put('pipelines/t.yaml', TASK);
    git('init', '-q', '-b', 'main');
    commit('tasks/run.sh', 'true\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  function git(...args: readonly string[]): void {
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: root, env });
  }
  function add(path: string, text: string): void {
    put(path, text);
    git('add', '-A');
  }
  function commit(path: string, text: string): void {
    add(path, text);
    git('commit', '-qm', 'change');
  }
  const validate = (tool = 'a') => validateFolder(root, { cacheFolder, tool });
  const file = () => join(cacheFolder, 'verdicts', readdirSync(join(cacheFolder, 'verdicts'))[0] as string);
  /** Puts another verdict under the key of the last one, so that it shows when it is taken. */
  function forge(): void {
    keepVerdict(cacheFolder, root, readFileSync(file(), 'utf8').slice(0, 64), FORGED);
  }

  it('is taken while nothing changes, and is what compiling says', async () => {
    const first = await validate();
    expect(first).toEqual({ isValid: true, diagnostics: [], counts: { Task: 1 }, fileCount: 2, untracked: [] });
    expect(await validate()).toEqual(first);
    forge();
    expect(await validate()).toEqual(FORGED);
  });

  it('is not taken when a file of dates that a schedule names has changed', async () => {
    put('pipelines/s.yaml', SCHEDULED);
    commit('calendars/holidays.dates', '2026-12-25\n');
    expect(await validate()).toMatchObject({ isValid: true });
    put('calendars/holidays.dates', 'Christmas\n');
    expect(await validate()).toMatchObject({ isValid: false, diagnostics: [{ code: 'PIPE-SCHED-003' }] });
    put('calendars/holidays.dates', '2026-12-26\n');
    expect(await validate()).toMatchObject({ isValid: true });
    rmSync(join(root, 'calendars'), { recursive: true });
    expect(await validate()).toMatchObject({ isValid: false, diagnostics: [{ code: 'PIPE-SCHED-002' }] });
  });

  it.each<[string, () => void, object]>([
    ['a definition is changed', () => put('pipelines/t.yaml', NOT_A_KIND), { isValid: false }],
    ['a definition is changed and added', () => add('pipelines/t.yaml', NOT_A_KIND), { isValid: false }],
    ['a definition is changed and committed', () => commit('pipelines/t.yaml', NOT_A_KIND), { isValid: false }],
    [
      'a definition comes',
      () => put('pipelines/u.yaml', TASK.replace('name: t', 'name: u')),
      { counts: { Task: 2 }, untracked: ['pipelines/u.yaml'] },
    ],
    [
      'a new definition is added',
      () => add('pipelines/u.yaml', TASK.replace('name: t', 'name: u')),
      { counts: { Task: 2 }, untracked: [] },
    ],
    ['a definition goes', () => rmSync(join(root, 'pipelines/t.yaml')), { isValid: false }],
    ['a source folder goes', () => rmSync(join(root, 'tasks'), { recursive: true }), { isValid: false }],
    [
      'the project changes',
      () => put('pipectl.yaml', PROJECT.replace('[pipelines]', '[elsewhere]')),
      { isValid: false },
    ],
  ])('is not taken when %s', async (_name, change, expected) => {
    await validate();
    forge();
    change();
    expect(await validate()).toMatchObject(expected);
  });

  it.each<[string, () => void, object]>([
    [
      'a new definition is noted only',
      () => git('add', '-N', 'pipelines/u.yaml'),
      { counts: { Task: 2 }, untracked: [] },
    ],
    ['a definition is out of the index', () => git('rm', '-q', '--cached', 'pipelines/t.yaml'), { fileCount: 3 }],
    ['a definition has another name', () => git('mv', 'pipelines/t.yaml', 'pipelines/v.yaml'), { counts: { Task: 2 } }],
    [
      'a definition is a link now',
      () => {
        rmSync(join(root, 'pipelines/t.yaml'));
        symlinkSync('../gone.yaml', join(root, 'pipelines/t.yaml'));
      },
      { counts: { Task: 1 } },
    ],
  ])('shows what is there when %s, and what was undone', async (_name, change, expected) => {
    put('pipelines/u.yaml', TASK.replace('name: t', 'name: u'));
    expect(await validate()).toMatchObject({ counts: { Task: 2 }, untracked: ['pipelines/u.yaml'] });
    change();
    const changed = await validate();
    expect(changed).toMatchObject(expected);
    expect(await validate()).toEqual(changed);
    put('pipelines/u.yaml', NOT_A_KIND);
    expect(await validate()).toMatchObject({ isValid: false });
    rmSync(join(root, 'pipelines/u.yaml'));
    expect(await validate()).toEqual(await validateFolder(root));
  });

  it('sees an edit where git looks at another folder than the project', async () => {
    // The project is inside of the work tree, which its configuration puts around it.
    git('config', 'core.worktree', '..', '--replace-all');
    execFileSync('git', ['-C', root, 'add', '-A', '.']);
    put('pipelines/t.yaml', `${TASK}# Changed.\n`);
    const first = await validate();
    expect(first).toMatchObject({ isValid: true });
    expect(await validate()).toEqual(first);
    put('pipelines/t.yaml', NOT_A_KIND);
    expect((await validate()).isValid).toBe(false);
  });

  it.each<[string, () => void]>([
    ['the index is written anew', () => git('rm', '-q', '--cached', 'pipelines/t.yaml')],
    ['the index has no checksum', () => git('config', 'index.skipHash', 'true')],
  ])('is taken when %s and the files are as they were', async (_name, change) => {
    await validate();
    forge();
    change();
    git('add', '-A');
    expect(await validate()).toEqual(FORGED);
    expect(await validate()).toEqual(FORGED);
  });

  it('is not taken when what was undone is done again', async () => {
    await validate();
    put('pipelines/t.yaml', NOT_A_KIND);
    expect((await validate()).isValid).toBe(false);
    put('pipelines/t.yaml', TASK);
    expect((await validate()).isValid).toBe(true);
    add('pipelines/t.yaml', NOT_A_KIND);
    expect((await validate()).isValid).toBe(false);
  });

  it('is not taken by another program', async () => {
    await validate('a');
    forge();
    expect((await validate('b')).counts).toEqual({ Task: 1 });
  });

  it('outlives a change of what is not read', async () => {
    await validate();
    forge();
    put('tasks/run.sh', 'false\n');
    expect((await validate()).counts).toEqual({ Task: 77 });
  });

  it('is as none when its file is not what was written', async () => {
    await validate();
    forge();
    const whole = readFileSync(file());
    for (let at = 0; at < whole.length; at += 7) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] as number) ^ 1;
      writeFileSync(file(), broken);
      expect(readVerdict(cacheFolder, root, whole.toString('latin1', 0, 64))).toBeUndefined();
      writeFileSync(file(), whole.subarray(0, at));
      expect(readVerdict(cacheFolder, root, whole.toString('latin1', 0, 64))).toBeUndefined();
    }
    writeFileSync(file(), '');
    expect((await validate()).counts).toEqual({ Task: 1 });
  });

  it('is not kept where nothing can be written, and outside of git', async () => {
    writeFileSync(cacheFolder, 'a file');
    expect((await validate()).counts).toEqual({ Task: 1 });
    rmSync(cacheFolder);
    rmSync(join(root, '.git'), { recursive: true });
    expect((await validate()).counts).toEqual({ Task: 1 });
    expect(readdirSync(folder)).toEqual(['project']);
  });
});
