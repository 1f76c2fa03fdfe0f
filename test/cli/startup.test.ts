import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../rolldown.config.ts';
import { CHECK_GROUPS } from '../../src/base/index.ts';
import { mainHelp } from '../../src/cli/help.ts';

/** The program as it is installed, built into a folder of its own. */
const REPOSITORY = join(import.meta.dirname, '..', '..');
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'pipectl-built-'));
  const { output, ...input } = config as { output: object };
  const bundle = await rolldown({ ...input, cwd: REPOSITORY, logLevel: 'silent' });
  await bundle.write({ ...output, dir: join(home, 'dist') });
  cpSync(join(REPOSITORY, 'bin'), join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(REPOSITORY, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(
    join(home, 'loaded.mjs'),
    `import { registerHooks } from 'node:module';
     import { appendFileSync } from 'node:fs';
     registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + '\\n'); return next(url, context); } });`,
  );
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function pipectl(
  argv: readonly string[],
  options: { cwd?: string; nodeOptions?: readonly string[]; env?: Record<string, string> } = {},
) {
  const args = [...(options.nodeOptions ?? []), join(home, 'bin', 'pipectl.js'), ...argv];
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, ...options.env };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env,
    cwd: options.cwd ?? home,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

/** What Node loads for a command line: built-in modules, our chunks without their hashes, and packages. */
function loadedBy(...argv: string[]): string[] {
  return loadedIn(home, ...argv);
}

function loadedIn(cwd: string, ...argv: string[]): string[] {
  const log = join(home, 'loaded.txt');
  writeFileSync(log, '');
  pipectl(argv, { cwd, nodeOptions: ['--import', join(home, 'loaded.mjs')], env: { LOADED: log } });
  const urls = readFileSync(log, 'utf8').trim().split('\n');
  return urls.map(
    (url) => /node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(url)?.[1] ?? /([^/]+?)(-[\w-]{8})?(\.m?js)?$/.exec(url)![1]!,
  );
}

describe('the built program', () => {
  it('loads one file of ours for --help, no package and nothing of Node that costs', () => {
    expect(pipectl(['--help'])).toEqual({ status: 0, stdout: mainHelp(), stderr: '' });
    for (const argv of [['--help'], ['--version'], ['run', '--help']]) {
      const loaded = loadedBy(...argv);
      expect(loaded).toContain('help');
      const extra = loaded.filter((name) => !['pipectl', 'cli', 'help'].includes(name));
      expect(extra.every((name) => ['node:fs', 'node:module', 'node:path'].includes(name))).toBe(true);
    }
  });

  it('loads neither the Kubernetes library nor the control plane to talk to one', () => {
    const env = { PIPECTL_KUBECONFIG: join(home, 'kubeconfig') };
    const cluster = { server: 'http://127.0.0.1:9' };
    writeFileSync(
      env.PIPECTL_KUBECONFIG,
      JSON.stringify({
        'current-context': 'x',
        clusters: [{ name: 'x', cluster }],
        users: [{ name: 'x', user: { token: 't' } }],
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      }),
    );
    const ran = pipectl(['get', 'executions', '-n', 'a-b'], { env });
    expect([ran.status, ran.stdout]).toEqual([3, '']);
    expect(ran.stderr).toBe(
      'pipectl: cannot reach the control plane at http://127.0.0.1:9: is `pipectl up` running?\n',
    );
    const loaded = loadedBy('get', 'executions', '-n', 'a-b', '--kubeconfig', env.PIPECTL_KUBECONFIG);
    expect(loaded).toContain('commander');
    for (const name of ['@kubernetes/client-node', 'isomorphic-git', 'ajv', 'yaml', 'daemon', 'check', 'node:sqlite']) {
      expect(loaded).not.toContain(name);
    }
  });

  it('loads few files to validate what was validated before, and not the compiler where nothing has changed', () => {
    const project = join(home, 'project');
    mkdirSync(join(project, 'pipelines'), { recursive: true });
    const git = (...args: string[]) => expect(spawnSync('git', ['-C', project, ...args]).status).toBe(0);
    const document = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: small }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;
    writeFileSync(join(project, 'pipectl.yaml'), document);
    writeFileSync(
      join(project, 'pipelines/w.yaml'),
      'apiVersion: pipectl.dev/v1\nkind: Workflow\nmetadata: { name: w }\nspec: { nodes: { wait: { sleep: 1s } } }\n',
    );
    git('init', '-q');
    git('add', '.');
    loadedIn(project, 'validate');
    const ours = (names: readonly string[]) =>
      names.filter((name) => !name.startsWith('node:') && !name.startsWith('@'));
    const unchanged = loadedIn(project, 'validate');
    expect(unchanged).toContain('verdict');
    expect(unchanged).not.toContain('check');
    expect(ours(unchanged).length).toBeLessThanOrEqual(10);
    appendFileSync(join(project, 'pipelines/w.yaml'), '# Changed.\n');
    const edited = loadedIn(project, 'validate');
    expect(edited).toContain('check');
    expect(ours(edited).length).toBeLessThanOrEqual(25);
  });

  it('validates a project that is large enough for threads, with and without a finding', () => {
    const project = join(home, 'large');
    mkdirSync(join(project, 'pipelines'), { recursive: true });
    const head = 'apiVersion: pipectl.dev/v1\n';
    const spec = 'spec: { paths: [pipelines], domains: { production: { ref: main } } }';
    writeFileSync(join(project, 'pipectl.yaml'), `${head}kind: Project\nmetadata: { name: large }\n${spec}\n`);
    const task = (name: string) => `${head}kind: Task\nmetadata: { name: ${name} }\nspec: { run: { command: [x] } }\n`;
    const workflow = (node: string, at: number) =>
      `---\nkind: Workflow\nmetadata: { name: w${at} }\nspec: { nodes: { n: ${node} } }\n`;
    const files = CHECK_GROUPS.minFiles;
    for (let at = 0; at < files; at++)
      writeFileSync(join(project, `pipelines/${at}.yaml`), task(`t${at}`) + workflow(`{ task: t${at} }`, at));
    for (const command of [
      ['init', '-q'],
      ['add', '.'],
    ])
      expect(spawnSync('git', ['-C', project, ...command]).status).toBe(0);
    const validate = () => pipectl(['validate'], { cwd: project });
    const valid = `valid: ${files} tasks, ${files} workflows in ${files + 1} files\n`;
    expect([validate(), validate()]).toEqual(Array(2).fill({ status: 0, stdout: '', stderr: valid }));
    writeFileSync(join(project, 'pipelines/7.yaml'), task('t7') + workflow('{ task: t8, retries: -1 }', 7));
    rmSync(join(home, '.cache'), { recursive: true });
    const first = validate();
    expect(first).toEqual({
      status: 1,
      stdout: expect.stringContaining(' --> pipelines/7.yaml:8:'),
      stderr: expect.any(String),
    });
    expect(validate()).toEqual(first);
  });

  it('has a chunk for each command', () => {
    const names = readdirSync(join(home, 'dist')).map((name) => name.replace(/-[\w-]{8}\.js$/, ''));
    for (const name of ['init', 'validate', 'up', 'run', 'get', 'describe', 'logs', 'abort'])
      expect(names).toContain(name);
  });

  it('says in one line what an old Node lacks', () => {
    writeFileSync(join(home, 'old.cjs'), `Object.defineProperty(process.versions, 'node', { value: '20.1.0' });`);
    const { status, stdout, stderr } = pipectl(['--help'], { nodeOptions: ['--require', join(home, 'old.cjs')] });
    expect([status, stdout]).toEqual([2, '']);
    const installed = join(home, 'node_modules', '.bin');
    expect(stderr).toBe(
      `pipectl needs Node 24 or newer; this is 20.1.0 at ${process.execPath}: put the installed one first, PATH="${installed}/:$PATH"\n`,
    );
  });

  it('says in one line that a checkout is not built', () => {
    const bare = join(home, 'bare');
    mkdirSync(bare);
    cpSync(join(REPOSITORY, 'bin'), join(bare, 'bin'), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(bare, 'bin', 'pipectl.js')], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, 'pipectl is not built in this checkout: run `npm run build` there first\n']);
  });

  it('says in one line that the data folder cannot be made', () => {
    writeFileSync(join(home, 'file'), '');
    for (const folder of ['/proc/pipectl/data', join(home, 'file', 'data')]) {
      const { status, stdout, stderr } = pipectl(['up', '--data', folder, '--port', '0']);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(`pipectl: cannot use the data folder ${folder}: `);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    }
  });

  it('ends quietly when its reader goes away', () => {
    const line = `"${process.execPath}" "${join(home, 'bin', 'pipectl.js')}" explain | head -1`;
    const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('has no colour where nobody asked for it', () => {
    const surroundings: Record<string, string>[] = [{}, { NO_COLOR: '1' }, { TERM: 'dumb' }];
    for (const env of surroundings) {
      expect(pipectl(['explain', 'PIPE-YAML-001'], { env }).stdout).not.toContain('\u001b');
    }
  });
});
