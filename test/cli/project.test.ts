import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { credentialHelper, setRemote } from '../../src/cli/git-remote.ts';
import { DIAGNOSTIC_CODES } from '../../src/language/index.ts';
import { type Ran, runInFolder } from './control-plane.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-project-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const runIn = (cwd: string, ...argv: string[]): Promise<Ran> => runInFolder(folder, cwd, ...argv);

describe('pipectl init', () => {
  it('writes a project that validates, and says how to run it', async () => {
    const { code, out, err } = await runIn(folder, 'init', 'My Pipelines');
    expect(code).toBe(0);
    expect(out).toContain('My Pipelines/pipelines/hello.yaml\n');
    expect(err).toContain("  cd 'My Pipelines'\n  git init -b main\n");
    const root = join(folder, 'My Pipelines');
    expect(readFileSync(join(root, 'pipectl.yaml'), 'utf8')).toContain('metadata: { name: my-pipelines }');
    expect(await runIn(join(root, 'pipelines'), 'validate')).toEqual({
      code: 0,
      out: '',
      err: 'valid: 2 tasks, 1 workflow, 1 launch plan, 1 schedule in 2 files\n',
    });
  });

  it('overwrites nothing', async () => {
    const root = join(folder, 'mine');
    mkdirSync(join(root, 'tasks'), { recursive: true });
    writeFileSync(join(root, 'tasks', 'greet.sh'), 'mine');
    const { code, out, err } = await runIn(root, 'init');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('has tasks/greet.sh already: nothing was written');
    expect(readFileSync(join(root, 'tasks', 'greet.sh'), 'utf8')).toBe('mine');
  });

  it('refuses a name that a project cannot have', async () => {
    expect((await runIn(folder, 'init', 'x', '--name', 'A_b')).err).toContain('"A_b" cannot name a project');
  });

  it('has pull requests reviewed, of a new project and of one that is there', async () => {
    const root = mkdtempSync(join(folder, 'ci-'));
    expect((await runIn(root, 'init', '--ci', 'github')).out).toContain(
      '.github/workflows/pipectl.yml\n.github/CODEOWNERS\n',
    );
    const workflow = join(root, '.github/workflows/pipectl.yml');
    const { jobs, permissions } = parse(readFileSync(workflow, 'utf8'));
    expect(jobs.review.steps).toEqual([{ uses: expect.stringMatching(/^\w+\/\w+@/) }]);
    expect(permissions).toEqual({ contents: 'read', 'pull-requests': 'write', checks: 'write' });
    expect((await runIn(root, 'init', '--ci', 'github')).err).toContain('.github/workflows/pipectl.yml already');
    rmSync(workflow);
    const again = await runIn(root, 'init', '--ci', 'github', '--action', 'acme/action@v1');
    expect(again.out).toBe('.github/workflows/pipectl.yml\n');
    expect(readFileSync(workflow, 'utf8')).toContain('- uses: acme/action@v1\n');
    expect((await runIn(root, 'init', '--ci', 'github', '--action', 'x\ny')).err).toContain('names no action');
  });

  it('names the folder of a project that is not at the root of its repository', async () => {
    const root = mkdtempSync(join(folder, 'mono-'));
    execFileSync('git', ['init', '-q', root]);
    mkdirSync(join(root, 'apps/shop'), { recursive: true });
    expect((await runIn(join(root, 'apps/shop'), 'init', '--ci', 'github')).code).toBe(0);
    const { jobs } = parse(readFileSync(join(root, '.github/workflows/pipectl.yml'), 'utf8'));
    expect(jobs.review.steps[0].with).toEqual({ path: 'apps/shop' });
  });
});

describe('pipectl validate', () => {
  let root: string;
  beforeAll(async () => {
    root = join(folder, 'broken');
    await runIn(folder, 'init', 'broken');
    execFileSync('git', ['init', '-qb', 'main', root]);
    writeFileSync(join(root, '.gitignore'), 'ignored/\n');
    mkdirSync(join(root, 'pipelines', 'ignored'));
    writeFileSync(join(root, 'pipelines', 'ignored', 'x.yaml'), 'kind: Nonsense\n');
    const path = join(root, 'pipelines', 'hello.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('task: card', 'task: crad').replace('string }', 'strng }'));
    writeFileSync(join(root, 'pipelines', 'more.yaml'), 'apiVersion: pipectl.dev/v1\nkind: Tsk\n');
    execFileSync('git', ['-C', root, 'add', 'pipelines/hello.yaml', 'pipectl.yaml', '.gitignore']);
  });

  it('prints all findings with their places, and what git does not know yet', async () => {
    const { code, out, err } = await runIn(root, 'validate');
    expect(code).toBe(1);
    for (const line of [
      'pipelines/hello.yaml:6:',
      'there is no task "crad"',
      'did you mean "card"?',
      'there is no kind "Tsk"',
    ]) {
      expect(out).toContain(line);
    }
    expect(out).toMatch(/^3 errors in 2 files$/m);
    expect(err).toBe(
      'not in git yet, a push would not carry: pipelines/more.yaml\n' +
        '3 of them seem fixable: pipectl validate --fix\n',
    );
  });

  it('narrows what it prints, not what it checks', async () => {
    const { code, out } = await runIn(join(root, 'pipelines'), 'validate', 'more.yaml');
    expect(code).toBe(1);
    expect(out).toMatch(/^1 error in 1 file$/m);
  });

  it('prints for machines', async () => {
    const json = JSON.parse((await runIn(root, 'validate', '-o', 'json')).out);
    expect(json).toMatchObject({ summary: { errors: 3, files: 2 } });
    expect((await runIn(root, 'validate', '-o', 'github')).out).toMatch(/^::error file=pipelines\/hello\.yaml,line=6,/);
  });

  it('says where it looked when there is no project', async () => {
    const { code, err } = await runIn('/', 'validate');
    expect(code).toBe(2);
    expect(err).toBe('pipectl: there is no pipectl.yaml in / or above: `pipectl init` writes a project\n');
  });
});

describe('pipectl explain', () => {
  it('explains every code with examples', async () => {
    const { out } = await runIn(folder, 'explain');
    expect(out.trimEnd().split('\n')).toHaveLength(DIAGNOSTIC_CODES.length);
    const [{ code, title } = { code: '', title: '' }] = DIAGNOSTIC_CODES;
    const one = await runIn(folder, 'explain', code.toLowerCase());
    expect((await runIn(folder, 'explain', code.replace('PIPE-', ''))).out).toBe(one.out);
    expect(one.out).toContain(`error ${code}: ${title}\n`);
    expect(one.out).toContain('\nRight:\n  apiVersion: pipectl.dev/v1\n');
  });

  it('lists a family', async () => {
    const { out } = await runIn(folder, 'explain', 'ref');
    const codes = out.split('\n').map((line) => line.split(' ')[0]!);
    expect(codes.filter((code) => code !== '')).toEqual(
      DIAGNOSTIC_CODES.map(({ code }) => code).filter((code) => code.startsWith('PIPE-REF-')),
    );
  });

  it('says what was probably meant', async () => {
    expect((await runIn(folder, 'explain', 'yml')).err).toContain('did you mean "YAML"?');
    expect((await runIn(folder, 'explain', 'PIPE-YAML-01')).err).toContain('did you mean "PIPE-YAML-001"?');
  });
});

describe('setRemote', () => {
  const url = 'http://127.0.0.1:7411/git/x.git';
  const git = (root: string, ...args: string[]) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();

  it('lets git find the token, keeps it out of the repository, and moves with the port', async () => {
    const root = join(folder, "it's a repo");
    const data = join(folder, "data's");
    mkdirSync(data);
    writeFileSync(join(data, 'token'), 'sesame\n');
    execFileSync('git', ['init', '-q', root]);
    expect(await setRemote(root, 'http://127.0.0.1:1/git/x.git', data)).toMatchObject({ kind: 'set' });
    expect(await setRemote(root, url, data)).toEqual({ kind: 'set', url });
    expect(git(root, 'remote', 'get-url', 'pipectl')).toBe(url);
    const input = 'protocol=http\nhost=127.0.0.1:7411\npath=git/x.git\n\n';
    const filled = execFileSync('git', ['-C', root, 'credential', 'fill'], { input, encoding: 'utf8' });
    expect(filled).toContain('username=pipectl\npassword=sesame\n');
    expect(readFileSync(join(root, '.git', 'config'), 'utf8')).not.toContain('sesame');
  });

  it('leaves a remote alone that is not of a local control plane', async () => {
    const root = join(folder, 'foreign');
    execFileSync('git', ['init', '-q', root]);
    git(root, 'remote', 'add', 'pipectl', 'https://example.org/x.git');
    expect(await setRemote(root, url, folder)).toEqual({ kind: 'foreign', url: 'https://example.org/x.git' });
    expect(git(root, 'remote', 'get-url', 'pipectl')).toBe('https://example.org/x.git');
  });

  it('quotes the data folder for the shell', () => {
    expect(credentialHelper("/a'b")).toContain(`'/a'\\''b/token'`);
  });
});
