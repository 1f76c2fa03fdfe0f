import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/index.ts';
import { clock, random } from '../cluster/api-fixture.ts';
import { PORTS, pipe, type Ran } from './control-plane.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-validate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Running {
  readonly ended: Promise<Ran>;
  /** All that was written until now. */
  text(): string;
  stop(): void;
}

function start(cwd: string, ...argv: string[]): Running {
  return startOn(process.env.PATH, cwd, ...argv);
}

function startOn(path: string | undefined, cwd: string, ...argv: string[]): Running {
  const written = { out: '', err: '', all: '' };
  const to = (name: 'out' | 'err') =>
    pipe((text) => {
      written[name] += text;
      written.all += text;
    });
  const controller = new AbortController();
  const env = { HOME: folder, PATH: path, XDG_CACHE_HOME: join(folder, 'cache') };
  const world = { argv, env, cwd, stdout: to('out'), stderr: to('err'), clock, random, signal: controller.signal };
  const ended = runCli(world, PORTS).then((code) => ({ code, out: written.out, err: written.err }));
  return { ended, text: () => written.all, stop: () => controller.abort() };
}

const runIn = (cwd: string, ...argv: string[]): Promise<Ran> => start(cwd, ...argv).ended;

const TASK = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: copy }
spec:
  inputs: { path: string }
  outputs: { size: integer }
  run: { command: [wc, -c] }
`;
const WORKFLOW = `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: sizes }
spec:
  inputs: { file: string }
  outputs: { size: "\${{ nodes.one.outputs.size }}" }
  nodes:
    one: { task: copy, with: { path: "\${{ inputs.file }}" } }
`;

/** A project in git: a task and a workflow, with the files given in place of theirs. */
function project(name: string, files: Readonly<Record<string, string>> = {}): string {
  const root = join(folder, name);
  const all = {
    'pipectl.yaml':
      'apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: sizes }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n',
    'pipelines/copy.yaml': TASK,
    'pipelines/sizes.yaml': WORKFLOW,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  execFileSync('git', ['init', '-qb', 'main', root]);
  commit(root);
  return root;
}

function commit(root: string): void {
  execFileSync('git', ['-C', root, 'add', '-A']);
  execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'x', '--allow-empty']);
}

const read = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

describe('validate --fix', () => {
  it('corrects what has one correction, also what comes to light by that, and tells each', async () => {
    const broken = WORKFLOW.replace('kind: Workflow', 'kind: Workflw')
      .replace('task: copy', 'task: cpoy')
      .replace('with: { path', 'with: { paht');
    const root = project('fix', { 'pipelines/sizes.yaml': broken });
    expect(await runIn(root, 'validate', '--fix')).toEqual({
      code: 0,
      out: '',
      err: `fixed pipelines/sizes.yaml:2:7: replace "Workflw" by "Workflow" [PIPE-SCHEMA-003]
fixed pipelines/sizes.yaml:8:18: replace "cpoy" by "copy" [PIPE-REF-001]
fixed pipelines/sizes.yaml:8:32: replace "paht" by "path" [PIPE-INPUT-002]
valid: 1 task, 1 workflow in 3 files
`,
    });
    expect(read(root, 'pipelines/sizes.yaml')).toBe(WORKFLOW);
  });

  it('takes no correction that leaves something wrong in its place', async () => {
    const twice = TASK.replace('  run:', '  retries: 1\n  retrys: 2\n  run:');
    const octal = TASK.replace('path: string', 'path: string, mode: { type: integer, default: 0755 }').replace(
      'copy',
      'other',
    );
    const root = project('bad-fix', { 'pipelines/copy.yaml': twice, 'pipelines/other.yaml': octal });
    const { code, out, err } = await runIn(root, 'validate', '--fix');
    expect([code, err]).toEqual([1, 'nothing to fix\n']);
    expect(out).toContain('did you mean "retries"?');
    expect(out).toContain('write 755, 0o755 or "0755"');
    expect([read(root, 'pipelines/copy.yaml'), read(root, 'pipelines/other.yaml')]).toEqual([twice, octal]);
  });

  it('keeps the mode, the byte order mark and line ends of a file, and leaves nothing beside it', async () => {
    const text = `\ufeff${TASK.replaceAll('\n', '\r\n').replace('integer', 'intger')}`;
    const root = project('bytes', { 'pipelines/copy.yaml': text });
    chmodSync(join(root, 'pipelines/copy.yaml'), 0o640);
    expect((await runIn(root, 'validate', '--fix')).code).toBe(0);
    expect(read(root, 'pipelines/copy.yaml')).toBe(`\ufeff${TASK.replaceAll('\n', '\r\n')}`);
    expect(statSync(join(root, 'pipelines/copy.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(root, 'pipelines')).sort()).toEqual(['copy.yaml', 'sizes.yaml']);
  });

  it('touches only the files that are asked for', async () => {
    const root = project('some', {
      'pipelines/copy.yaml': TASK.replace('integer', 'intger'),
      'pipelines/other.yaml': TASK.replace('integer', 'intger').replace('copy', 'other'),
    });
    const { err } = await runIn(root, 'validate', '--fix', 'pipelines/copy.yaml');
    expect(err).toContain('fixed pipelines/copy.yaml:6:20: replace "intger" by "integer" [PIPE-TYPE-001]\n');
    expect(err).not.toContain('other.yaml');
    expect(read(root, 'pipelines/copy.yaml')).toBe(TASK);
    expect(read(root, 'pipelines/other.yaml')).toContain('intger');
  });

  it('shows with --dry-run a diff that git applies, and writes nothing', async () => {
    const broken = WORKFLOW.replace('apiVersion: pipectl.dev/v1\n', '').replace('task: copy', 'task: cpoy').trimEnd();
    const root = project('dry', { 'pipelines/sizes.yaml': broken });
    const { code, out, err } = await runIn(root, 'validate', '--fix', '--dry-run');
    expect(code).toBe(1);
    expect(err).toMatch(/^would fix pipelines\/sizes\.yaml:1:1: add apiVersion/);
    expect(read(root, 'pipelines/sizes.yaml')).toBe(broken);
    execFileSync('git', ['-C', root, 'apply', '-'], { input: out });
    expect(`${read(root, 'pipelines/sizes.yaml')}\n`).toBe(WORKFLOW);
    expect(await runIn(root, 'validate', '--fix', '--dry-run')).toEqual({ code: 0, out: '', err: 'nothing to fix\n' });
  });
});

describe('validate --rev', () => {
  it('checks a commit, whatever stands in the folder, and in a bare repository', async () => {
    const root = project('revs');
    writeFileSync(join(root, 'pipelines/sizes.yaml'), WORKFLOW.replace('task: copy', 'task: cpoy'));
    const valid = { code: 0, out: '', err: 'valid: 1 task, 1 workflow in 3 files\n' };
    expect((await runIn(root, 'validate')).code).toBe(1);
    expect(await runIn(join(root, 'pipelines'), 'validate', '--rev', 'HEAD')).toEqual(valid);
    commit(root);
    const bare = join(folder, 'revs.git');
    execFileSync('git', ['clone', '-q', '--bare', root, bare]);
    expect(await runIn(bare, 'validate', '--rev', 'main~1')).toEqual(valid);
    const { code, out } = await runIn(bare, 'validate', '--rev', 'main');
    expect(code).toBe(1);
    expect(out).toContain(' --> pipelines/sizes.yaml:8:18\n');
  });

  it('reads without git where there is none', async () => {
    const root = project('no-git');
    writeFileSync(join(root, 'pipelines/sizes.yaml'), WORKFLOW.replace('task: copy', 'task: cpoy'));
    commit(root);
    execFileSync('git', [
      '-C',
      root,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'tag',
      '-am',
      'first',
      'v1',
      'HEAD~1',
    ]);
    // Packed, as a clone is.
    const bare = join(folder, 'no-git.git');
    execFileSync('git', ['clone', '-q', '--bare', root, bare]);
    const id = execFileSync('git', ['-C', root, 'rev-parse', 'main~1'], { encoding: 'utf8' }).trim();
    const withoutGit = (cwd: string, ...argv: string[]): Promise<Ran> =>
      startOn(join(folder, 'nowhere'), cwd, ...argv).ended;
    const valid = { code: 0, out: '', err: 'valid: 1 task, 1 workflow in 3 files\n' };
    for (const where of [join(root, 'pipelines'), bare]) {
      for (const rev of ['HEAD~1', 'main^', 'v1', id, id.slice(0, 8)]) {
        expect(await withoutGit(where, 'validate', '--rev', rev)).toEqual(valid);
      }
      const { code, out } = await withoutGit(where, 'validate', '--rev', 'main');
      expect([code, out]).toEqual([1, expect.stringContaining(' --> pipelines/sizes.yaml:8:18\n')]);
      for (const rev of ['nope', '--all', 'HEAD~9', 'HEAD:pipelines']) {
        const { err } = await withoutGit(where, 'validate', `--rev=${rev}`);
        expect(err).toContain(`there is no commit "${rev}" here`);
      }
    }
    expect((await withoutGit('/', 'validate', '--rev', 'HEAD')).err).toContain('/ is in no git repository');
  });

  it('tells what a push would tell of names and links', async () => {
    const root = project('links');
    execFileSync('ln', ['-s', '../pipectl.yaml', join(root, 'pipelines', 'link.yaml')]);
    commit(root);
    expect((await runIn(root, 'validate', '--rev', 'HEAD')).out).toContain('error[PIPE-TREE-003]');
  });

  it.each([
    ['a commit that is not there', 'nope', 'there is no commit "nope" here'],
    ['a name that could be an option', '--all', 'there is no commit "--all" here'],
    ['a tree', 'HEAD:pipelines', 'there is no commit "HEAD:pipelines" here'],
  ])('refuses %s', async (_name, rev, message) => {
    const { code, err } = await runIn(join(folder, 'revs'), 'validate', `--rev=${rev}`);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says where it looked when there is no repository', async () => {
    expect((await runIn('/', 'validate', '--rev', 'HEAD')).err).toContain('/ is in no git repository');
  });
});

describe('validate --watch', () => {
  const DEADLINE_MS = 10_000;
  /** Resolves when `text` has been written `times` times. */
  async function until(running: Running, text: string, times = 1): Promise<void> {
    const end = Date.now() + DEADLINE_MS;
    while (running.text().split(text).length <= times) {
      if (Date.now() > end) throw new Error(`no "${text}" in: ${running.text()}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('checks again after each change, goes on after errors, and ends with 0', async () => {
    const root = project('watch');
    const running = start(root, 'validate', '--watch');
    await until(running, 'valid: 1 task, 1 workflow in 3 files\nwatching, Ctrl-C ends\n');
    writeFileSync(join(root, 'pipelines/sizes.yaml'), WORKFLOW.replace('task: copy', 'task: cpoy'));
    await until(running, 'pipelines/sizes.yaml changed\nerror[PIPE-REF-001]');
    rmSync(join(root, 'pipectl.yaml'));
    await until(running, 'pipectl.yaml changed\npipectl: ENOENT');
    execFileSync('git', ['-C', root, 'checkout', '-q', '.']);
    await until(running, 'valid: 1 task, 1 workflow in 3 files\n', 2);
    mkdirSync(join(root, 'pipelines/more'));
    writeFileSync(join(root, 'pipelines/more/other.yaml'), TASK.replace('copy', 'other'));
    await until(running, 'valid: 2 tasks, 1 workflow in 4 files\n');
    running.stop();
    expect((await running.ended).code).toBe(0);
  });
});

describe('validate in other ways', () => {
  it('reads one file from stdin', async () => {
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const child = spawn(process.execPath, [main, 'validate', '-', '-o', 'json'], { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.end(TASK.replace('integer', 'intger'));
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, JSON.parse(out).diagnostics]).toMatchObject([
      1,
      [{ code: 'PIPE-TYPE-001', span: { file: 'stdin' } }],
    ]);
  });

  it.each(['sarif', 'junit'])('names the files that it checked as %s', async (format) => {
    const { code, out } = await runIn(project(format), 'validate', '-o', format);
    expect(code).toBe(0);
    for (const path of ['pipectl.yaml', 'pipelines/copy.yaml', 'pipelines/sizes.yaml'])
      expect(out).toContain(`"${path}"`);
  });

  it.each([
    [['--fix', '--watch'], '--fix and --watch cannot go together'],
    [['--fix', '--rev', 'HEAD'], '--fix and --rev cannot go together'],
    [['--dry-run'], '--dry-run belongs to --fix'],
    [['-', '--fix'], '--fix cannot go together with stdin'],
    [['-', 'a.yaml'], 'stdin is checked by itself'],
  ])('refuses %s', async (argv, message) => {
    const { code, err } = await runIn(folder, 'validate', ...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
