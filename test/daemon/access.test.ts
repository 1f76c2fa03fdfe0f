import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { connectKubernetes, type KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  type AuditEntry,
  createObject,
  ForbiddenError,
  type ObjectKey,
  patchObject,
  type RefRule,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { git, gitAsync, writeTree } from '../git/fixtures/real-git.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { type Files, newProject, type Project, pipectl } from './fixtures/project.ts';

/** Who holds a token may do what its scopes say and nothing else, and the audit log tells what they did. */

const NAMESPACE = 'shop-production';
const SHOP: ObjectKey = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
const FILES: Files = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main }, development: { ref: "*" } } }
`,
  'pipelines/sum.yaml': `apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: sum }
spec:
  outputs: { two: "\${{ nodes.add.outputs.two }}" }
  nodes: { add: { compute: { two: "\${{ 1 + 1 }}" } } }
`,
};

let program: string;
let data: string;
let daemon: Daemon;
let owner: KubernetesCluster;
let project: Project;
const texts: string[] = [];

beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  daemon = await startDaemon({ program, data });
  owner = await daemon.connect();
  project = newProject(FILES);
  expect((await project.push(daemon.remote('shop'))).code).toBe(0);
}, 60_000);

/** Makes a token by the command line and returns its text. */
async function token(name: string, ...options: string[]): Promise<string> {
  const { code, out, err } = await pipectl(daemon.kubeconfig, 'token', 'create', name, ...options);
  expect(code, err).toBe(0);
  texts.push(out.trim());
  return out.trim();
}

/** A kubeconfig for a new token. */
async function kubeconfig(name: string, ...options: string[]): Promise<string> {
  const { code, out, err } = await pipectl(daemon.kubeconfig, 'token', 'create', name, '-o', 'kubeconfig', ...options);
  expect(code, err).toBe(0);
  texts.push(JSON.parse(out).users[0].user.token);
  const path = join(newFolder(), 'kubeconfig');
  writeFileSync(path, out);
  return path;
}

function remote(text: string, name = 'shop'): string {
  return `${daemon.at.replace('//', `//x:${text}@`)}/git/${name}.git`;
}

function send(text: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${daemon.at}${path}`, {
    method,
    headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function audit(...options: string[]): Promise<readonly AuditEntry[]> {
  const { code, out } = await pipectl(daemon.kubeconfig, 'audit', '--data', data, '-o', 'json', ...options);
  expect(code).toBe(0);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry);
}

describe('a token that may read', () => {
  it('sees what there is, but no secrets and no tokens, and changes nothing', async () => {
    const config = await kubeconfig('viewer', '--scope', 'read');
    const viewer = await connectKubernetes({ kubeconfigPath: config });
    expect((await viewer.list('Workflow')).items).toHaveLength(1);
    expect((await pipectl(config, 'get', 'revisions')).code).toBe(0);
    for (const kind of ['Secret', 'Token']) await expect(viewer.list(kind)).rejects.toThrow(ForbiddenError);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: NAMESPACE, name: 's' } };
    await expect(createObject(viewer, secret)).rejects.toThrow(
      /User "viewer" cannot create resource "secrets".* has the rule \{apiGroups: \[""\], resources: \["secrets"\], verbs: \["create"\]\}/,
    );
    await expect(patchObject(viewer, SHOP, { spec: { suspended: true } })).rejects.toThrow(ForbiddenError);
    const ran = await pipectl(config, 'run', 'sum', '-n', NAMESPACE);
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('cannot create resource "executions"')]);
    const pushed = await project.push(remote(texts.at(-1) ?? ''), 'main:other');
    expect([pushed.code, pushed.text]).toEqual([128, expect.stringContaining('the token viewer may not push to shop')]);
    expect((await gitAsync(newFolder(), ['clone', '-q', remote(texts.at(-1) ?? ''), '.'])).code).toBe(0);
  });

  it('is told by kubectl what it may', async () => {
    const config = await kubeconfig('asker', '--scope', 'operate:shop-production');
    const canI = (...argv: string[]): string => {
      const argvAll = ['--kubeconfig', config, 'auth', 'can-i', ...argv];
      return spawnSync('kubectl', argvAll, { encoding: 'utf8' }).stdout.trim();
    };
    expect(canI('create', 'executions.pipectl.dev', '-n', NAMESPACE)).toBe('yes');
    expect(canI('create', 'executions.pipectl.dev', '-n', 'other-production')).toMatch(/^no/);
    expect(canI('get', 'secrets', '-n', NAMESPACE)).toMatch(/^no/);
    expect(canI('--list', '-n', NAMESPACE)).toContain('executions.pipectl.dev');
  });
});

describe('a token that may operate', () => {
  it('runs in its namespaces only, and steers repositories where it may everywhere', async () => {
    const one = await kubeconfig('one', '--scope', 'operate:shop-production');
    expect((await pipectl(one, 'run', 'sum', '-n', NAMESPACE, '--follow')).code).toBe(0);
    const elsewhere = await pipectl(one, 'run', 'sum', '-n', 'shop-development', '--rev', 'main');
    expect([elsewhere.code, elsewhere.err]).toEqual([
      1,
      expect.stringContaining('in the namespace "shop-development"'),
    ]);
    const here = await connectKubernetes({ kubeconfigPath: one });
    await expect(patchObject(here, SHOP, { spec: { suspended: true } })).rejects.toThrow(ForbiddenError);

    const all = await connectKubernetes({ kubeconfigPath: await kubeconfig('all', '--scope', 'operate') });
    await patchObject(all, SHOP, { spec: { suspended: true } });
    await patchObject(all, SHOP, { spec: { suspended: null }, metadata: { annotations: { 'pipectl.dev/x': 'y' } } });
    for (const patch of [
      { spec: { rules: [] } },
      { spec: { suspended: true, source: { kind: 'push' } } },
      { metadata: { labels: { a: 'b' } } },
      { metadata: { annotations: null } },
      { spec: null },
    ]) {
      await expect(patchObject(all, SHOP, patch as never)).rejects.toThrow('may change spec.suspended');
    }
    const json = await fetch(`${daemon.at}/apis/pipectl.dev/v1/namespaces/pipectl-system/repositories/shop`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${texts.at(-1)}`, 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([{ op: 'replace', path: '/spec/suspended', value: true }]),
    });
    expect(json.status).toBe(403);
  });
});

describe('a token that may push', () => {
  it('moves its refs of its repositories, all or none, and fetches', async () => {
    const text = await token('ci', '--scope', 'push:feature/*,refs/tags/v*@shop');
    expect((await project.push(remote(text), 'main:feature/a/b', 'main:refs/tags/v1')).code).toBe(0);
    expect((await gitAsync(newFolder(), ['clone', '-q', remote(text), '.'])).code).toBe(0);
    const mixed = await project.push(remote(text), 'main:feature/c', 'main:hotfix');
    expect([mixed.code, mixed.text]).toEqual([1, expect.stringContaining('the token ci may not push to hotfix')]);
    expect(git(join(data, 'git', 'shop.git'), ['branch', '--list', 'feature/c'])).toBe('');
    const other = await project.push(remote(text, 'other'));
    expect([other.code, other.text]).toEqual([128, expect.stringContaining('the token ci may not push to other')]);
    expect(readdirSync(join(data, 'git'))).not.toContain('other.git');
    for (const path of ['/apis/pipectl.dev/v1/executions', '/metrics']) {
      expect((await send(text, 'GET', path)).status).toBe(403);
    }
  });
});

describe('a token', () => {
  it('that is revoked opens nothing, and what it had open ends', async () => {
    const text = await token('short', '--scope', 'read');
    const watch = await send(text, 'GET', '/apis/pipectl.dev/v1/executions?watch=true&resourceVersion=0');
    expect(watch.status).toBe(200);
    const ended = watch.text().then(
      () => 'ended',
      () => 'cut off',
    );
    expect((await pipectl(daemon.kubeconfig, 'token', 'revoke', 'short')).out).toBe('token short is revoked\n');
    expect((await send(text, 'GET', '/apis/pipectl.dev/v1/executions')).status).toBe(401);
    expect(['ended', 'cut off']).toContain(await ended);
    const pushed = await gitAsync(newFolder(), ['ls-remote', remote(text)]);
    expect(pushed.text).toContain('Authentication failed');
    expect((await pipectl(daemon.kubeconfig, 'token', 'revoke', 'short')).code).toBe(1);
  });

  it('that has expired opens nothing', async () => {
    const text = await token('brief', '--scope', 'admin', '--expires', '1500ms');
    const status = async () => (await send(text, 'GET', '/apis/pipectl.dev/v1/tokens')).status;
    await until('it has expired', async () => ((await status()) === 401 ? true : undefined));
    expect((await pipectl(daemon.kubeconfig, 'token', 'list')).out).toMatch(/brief +admin +expired/);
  });

  it('never changes, is called as the owner by nobody, and says what it may do', async () => {
    const hash = 'ab'.repeat(32);
    const wrong = (name: string, spec: object): Promise<unknown> =>
      createObject(owner, {
        apiVersion: 'pipectl.dev/v1',
        kind: 'Token',
        metadata: { namespace: SYSTEM_NAMESPACE, name },
        spec,
      });
    const scopes = [{ kind: 'read' }];
    await expect(wrong('pipectl', { scopes, hash })).rejects.toThrow('owns the data folder');
    await expect(wrong('a', { scopes: [], hash })).rejects.toThrow('1 to 20 scopes');
    await expect(wrong('a', { scopes, hash: 'text' })).rejects.toThrow('SHA-256');
    await expect(wrong('a', { scopes, hash, groups: ['system:masters'] })).rejects.toThrow('system:');
    await expect(wrong('a', { scopes: [{ kind: 'push' }], hash })).rejects.toThrow('refs is required');
    await expect(wrong('a', { scopes: [{ kind: 'read', namespaces: ['x'] }], hash })).rejects.toThrow(
      'no "namespaces"',
    );
    const key = { kind: 'Token', namespace: SYSTEM_NAMESPACE, name: 'ci' };
    await expect(patchObject(owner, key, { spec: { scopes: [{ kind: 'admin' }] } })).rejects.toThrow('never changes');
  });
});

describe('a ref that rules protect', () => {
  const RULES: readonly RefRule[] = [
    { refs: ['main'], push: ['pipectl', 'release-managers'] },
    { refs: ['refs/tags/*'] },
    { refs: ['release/*'], allowForce: true, allowDelete: true },
  ];

  it('is moved forward by those who may, and neither forced nor deleted', async () => {
    await patchObject(owner, SHOP, { spec: { rules: RULES as never } });
    const { folder } = project;
    const anyone = remote(await token('anyone', '--scope', 'push'));
    const manager = remote(await token('manager', '--scope', 'push', '--group', 'release-managers'));
    const first = git(folder, ['rev-parse', 'HEAD']);
    const next = project.commit({ 'README.md': 'one\n' });
    const refused = async (remoteUrl: string, ref: string, told: string): Promise<void> => {
      const { code, text } = await project.push(remoteUrl, ref);
      expect([code, text]).toEqual([1, expect.stringContaining(`remote: pipectl: ${told}`)]);
    };
    await refused(anyone, 'main', 'main is protected: only pipectl, release-managers may push to it');
    expect((await project.push(manager, 'main')).code).toBe(0);
    const sideways = git(folder, ['commit-tree', `${next}^{tree}`, '-p', first, '-m', 'other']);
    await refused(manager, `+${sideways}:main`, 'main is protected: commits that it has may not be left behind');
    await refused(daemon.remote('shop'), `+${first}:main`, 'main is protected: commits that it has may not be left');
    await refused(daemon.remote('shop'), ':main', 'main is protected: it may not be deleted');
    await refused(anyone, ':refs/tags/v1', 'refs/tags/v1 is protected: it may not be deleted');
    await refused(anyone, `+${next}:refs/tags/v1`, 'refs/tags/v1 is protected: a tag that is there may not be moved');
    expect((await project.push(anyone, `${next}:refs/tags/v2`, `${next}:refs/heads/release/1`)).code).toBe(0);
    expect((await project.push(anyone, `+${sideways}:refs/heads/release/1`)).code).toBe(0);
    expect((await project.push(anyone, ':refs/heads/release/1', 'main:free')).code).toBe(0);
    const merge = git(folder, ['commit-tree', `${next}^{tree}`, '-p', sideways, '-p', next, '-m', 'merge']);
    expect((await project.push(manager, `${merge}:main`)).code).toBe(0);
    const shallow = newFolder();
    git(shallow, ['clone', '-q', '--depth', '1', manager, '.']);
    git(shallow, ['commit', '-q', '--allow-empty', '-m', 'from a shallow clone']);
    const pushed = await gitAsync(shallow, ['push', 'origin', 'main']);
    expect(pushed.code, pushed.text).toBe(0);
  });
});

const UNDECIDED = 'git did not take it, or the pusher went away';

describe('the audit log', () => {
  it('tells who changed what, from where, and what was refused, also after kill -9', async () => {
    const { folder } = project;
    const forged = writeTree(folder, [['40000', git(folder, ['rev-parse', 'HEAD^{tree}']), '.GIT']]);
    const commit = git(folder, ['commit-tree', forged, '-p', 'main', '-m', 'forged']);
    expect((await project.push(daemon.remote('shop'), `${commit}:refs/heads/forged`)).text).toContain('hasDotgit');
    expect((await project.push(daemon.remote('shop'), 'main:refs/heads/main/below')).text).toContain('cannot lock ref');
    const rules = { spec: { rules: [{ push: ['x'] }] } };
    await expect(patchObject(owner, SHOP, rules)).rejects.toThrow('spec.rules[0].refs');
    // What git itself did not take is known when git has ended, which may be after its last word to the pusher.
    await vi.waitFor(async () => expect(unmovedIn(await audit('--limit', '1000'))).toBeDefined(), { timeout: 20_000 });
    await daemon.kill();
    daemon = await startDaemon({ program, data });
    owner = await daemon.connect();
    const entries = await audit('--limit', '1000');
    const find = (wanted: Partial<AuditEntry>): AuditEntry => {
      const found = entries.find((entry) =>
        Object.entries(wanted).every(([name, value]) => entry[name as keyof AuditEntry] === value),
      );
      return found ?? expect.fail(`no entry of ${JSON.stringify(wanted)} among ${entries.length}`);
    };
    const made = find({ user: 'pipectl', verb: 'create', kind: 'Token', name: 'viewer', outcome: 'done', code: 201 });
    expect([made.from, made.groups]).toEqual(['127.0.0.1', ['system:masters']]);
    expect(Date.parse(made.at)).toBeGreaterThan(0);
    find({ user: 'viewer', verb: 'create', kind: 'Secret', outcome: 'refused', code: 403 });
    find({ user: 'one', verb: 'create', kind: 'Execution', namespace: NAMESPACE, outcome: 'done' });
    const suspended = find({ user: 'all', verb: 'patch', kind: 'Repository', name: 'shop', outcome: 'done' });
    expect(suspended.fields).toEqual(['spec.suspended']);
    find({ user: 'pipectl', verb: 'delete', kind: 'Token', name: 'short', outcome: 'done' });
    const pushed = find({ user: 'ci', verb: 'push', name: 'shop', outcome: 'done' });
    expect(pushed.refs).toContainEqual(expect.stringMatching(/^refs\/heads\/feature\/a\/b 0{40}\.\.[0-9a-f]{40}$/));
    expect(pushed.agent).toMatch(/^git\//);
    expect(find({ user: 'ci', verb: 'push', outcome: 'refused' }).message).toContain('may not push to hotfix');
    find({ user: 'anyone', verb: 'push', outcome: 'refused', code: 403 });
    find({ user: 'viewer', verb: 'push', name: 'shop', outcome: 'refused', code: 403 });
    const looked = entries.find(({ message }) => message?.includes('hasDotgit'));
    expect(looked).toMatchObject({ user: 'pipectl', verb: 'push', outcome: 'refused', code: 422 });
    expect(looked?.refs).toEqual([`refs/heads/forged ${'0'.repeat(40)}..${commit}`]);
    expect(unmovedIn(entries)).toMatchObject({ verb: 'push', outcome: 'refused', code: 422, message: UNDECIDED });
    expect((await audit('--user', 'ci', '--refused')).every(({ outcome }) => outcome === 'refused')).toBe(true);
    expect(await audit('--since', '2999-01-01')).toEqual([]);
  });

  it('and all else in the data folder hold the text of no token', () => {
    expect(texts.length).toBeGreaterThan(6);
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const leaks = files.filter(({ parentPath, name }) => {
      const bytes = readFileSync(join(parentPath, name));
      return texts.some((text) => bytes.includes(text) || bytes.includes(Buffer.from(`x:${text}`).toString('base64')));
    });
    expect(leaks.map(({ name }) => name)).toEqual([]);
    expect(texts.filter((text) => daemon.output().includes(text))).toEqual([]);
  });

  it('knows tokens after a restart', async () => {
    const text = texts[0] ?? '';
    expect((await send(text, 'GET', '/apis/pipectl.dev/v1/workflows')).status).toBe(200);
    expect((await send(`${text}x`, 'GET', '/apis/pipectl.dev/v1/workflows')).status).toBe(401);
  });
});

function unmovedIn(entries: readonly AuditEntry[]): AuditEntry | undefined {
  return entries.find(({ refs }) => refs?.some((ref) => ref.startsWith('refs/heads/main/below ')));
}
