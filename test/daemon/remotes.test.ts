import { createHmac } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { localCertificate } from '../../src/cluster/adapters/http/certificate.ts';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import {
  createObject,
  findObject,
  InvalidError,
  KINDS,
  patchObject,
  type Repository,
  type Revision,
  type Secret,
  SYSTEM_NAMESPACE,
} from '../../src/cluster/index.ts';
import { runAction } from '../../src/main/action/run-action.ts';
import { git, temporaryFolder } from '../git/fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from '../git/fixtures/remote-host.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, type Project } from './fixtures/project.ts';
import { seededRandom } from './fixtures/seeded-random.ts';
import { filesOf } from './fixtures/site.ts';

/** A control plane that follows repositories which a real git server serves over HTTPS to who logs in. */

const PASSWORD = 'planted-password-1f0c';
const HOOK_SECRET = 'planted-hook-secret-77';
const FILES = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
  'pipelines/task.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: greet }
spec: { run: { command: [echo, hello] } }
`,
};

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
let host: RemoteHost;
let work: Project;
let served: string;
/** A port on which nobody listens. */
let closedPort: number;

beforeAll(async () => {
  program = await buildProgram();
  closedPort = await freePort();
  data = join(newFolder(), 'data');
  served = temporaryFolder();
  const certificate = localCertificate(Date.now());
  host = await startRemoteHost({ folder: served, login: `ada:${PASSWORD}`, certificate });
  git(served, ['init', '-q', '--bare', '-b', 'main', 'shop.git']);
  work = newProject(FILES);
  pushToHost();
  await start();
  await createObject<Secret>(cluster, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'host-login', namespace: SYSTEM_NAMESPACE },
    data: {
      username: base64('ada'),
      password: base64(PASSWORD),
      'ca.crt': base64(certificate.cert),
      hook: base64(HOOK_SECRET),
    },
  });
  await follow('shop', {
    source: { kind: 'remote', url: host.url('shop.git'), credentials: { secret: 'host-login' } },
    webhook: { provider: 'github', secret: { name: 'host-login', key: 'hook' } },
  });
  await untilApplied(head());
}, 60_000);

async function start(): Promise<void> {
  daemon = await startDaemon({ program, data, args: ['--allow-remotes', 'http'] });
  cluster = await daemon.connect();
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function pushToHost(): void {
  git(work.folder, ['push', '-q', '--force', join(served, 'shop.git'), 'main']);
}

function head(): string {
  return git(work.folder, ['rev-parse', 'HEAD']);
}

async function follow(name: string, spec: Repository['spec']): Promise<void> {
  await createObject<Repository>(cluster, {
    apiVersion: 'pipectl.dev/v1',
    kind: 'Repository',
    metadata: { name, namespace: SYSTEM_NAMESPACE },
    spec,
  });
}

function repository(name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}

async function untilApplied(commit: string): Promise<void> {
  await until(`${commit} is applied`, async () => {
    const applied = (await repository('shop'))?.status?.domains?.production?.lastApplied;
    return applied === commit ? true : undefined;
  });
}

async function untilReason(name: string, reason: string): Promise<string> {
  return until(`${name} says ${reason}`, async () => {
    const found = (await repository(name))?.status?.conditions?.find(({ type }) => type === 'SourceReady');
    return found?.reason === reason ? found.message : undefined;
  });
}

function sendWebhook(): Promise<Response> {
  const body = '{"ref":"refs/heads/main"}';
  const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex');
  return fetch(`${daemon.at}/webhooks/shop`, {
    method: 'POST',
    body,
    headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` },
  });
}

describe('a remote over HTTPS with a login', () => {
  it('is followed when its host sends a webhook', async () => {
    const commit = work.commit({ 'pipelines/task.yaml': FILES['pipelines/task.yaml'].replace('hello', 'again') });
    pushToHost();
    expect((await sendWebhook()).status).toBe(202);
    await untilApplied(commit);
    expect((await fetch(`${daemon.at}/webhooks/shop`, { method: 'POST', body: '{}' })).status).toBe(401);
  });

  it('leaves a revision of what it rejects, and takes the next good commit', async () => {
    const before = head();
    const bad = work.commit({ 'pipelines/task.yaml': 'kind: Nonsense\n' });
    pushToHost();
    await sendWebhook();
    expect(await untilReason('shop', 'CommitRejected')).toContain(bad.slice(0, 7));
    const key = { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name: `shop-${bad}` };
    expect((await cluster.get<Revision>(key)).spec).toMatchObject({ rejected: true, diagnostics: expect.any(Array) });
    await untilApplied(before);
    const good = work.commit(FILES);
    pushToHost();
    await sendWebhook();
    await untilApplied(good);
    await untilReason('shop', 'Fetched');
  });

  it('is registered by the action after a merge, with the outcome as that of the job', async () => {
    const job = async (commit: string, secret = HOOK_SECRET) => {
      const lines: string[] = [];
      const code = await runAction({
        env: {
          INPUT_MODE: 'register',
          'INPUT_CONTROLLER-URL': daemon.at,
          'INPUT_WEBHOOK-SECRET': secret,
          'INPUT_CONTROLLER-TOKEN': daemon.token,
          GITHUB_REPOSITORY: 'acme/shop',
          GITHUB_EVENT_NAME: 'push',
          GITHUB_REF: 'refs/heads/main',
          GITHUB_SHA: commit,
        },
        write: (text) => void lines.push(text.replaceAll(/^::add-mask::.*\n/gm, '')),
        now: () => Date.now(),
        signal: new AbortController().signal,
      });
      expect(lines.join('')).not.toContain(HOOK_SECRET);
      return { code, log: lines.join('') };
    };
    const good = work.commit({ 'pipelines/task.yaml': FILES['pipelines/task.yaml'].replace('hello', 'merged') });
    pushToHost();
    expect(await job(good)).toEqual({ code: 0, log: `shop-production is at ${good.slice(0, 7)}\n` });
    expect((await job(good, 'guessed')).log).toMatch(
      /^::error title=pipectl::the control plane does not take webhook-secret/,
    );
    const bad = work.commit({ 'pipelines/task.yaml': 'kind: Nonsense\n' });
    pushToHost();
    expect(await job(bad)).toMatchObject({ code: 1, log: expect.stringContaining(bad.slice(0, 7)) });
    const last = work.commit(FILES);
    pushToHost();
    await sendWebhook();
    await untilApplied(last);
  });

  it('cannot be pushed to here, and can be cloned', async () => {
    const { code, text } = await work.push(daemon.remote('shop'), 'main:topic');
    expect(code).not.toBe(0);
    expect(text).toMatch(/polled from another place|403/);
    const copy = temporaryFolder();
    git(copy, ['-c', 'http.sslVerify=false', 'clone', '-q', daemon.remote('shop'), 'copy']);
    expect(git(join(copy, 'copy'), ['rev-parse', 'HEAD'])).toBe(head());
  });

  it('is followed again after kill -9 at any moment', async () => {
    const random = seededRandom(20_260_102);
    for (let life = 0; life < 4; life += 1) {
      const commit = work.commit({ 'tasks/n.txt': `${life}` });
      pushToHost();
      await sendWebhook();
      await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 120)));
      await daemon.kill();
      await start();
      await untilApplied(commit);
    }
    // What the killed ones left is gone, and what a poll has at hand goes with its end.
    await until('no quarantine is left', () => {
      const names = ['', 'shop.git/objects'].flatMap((folder) => readdirSync(join(data, 'git', folder)));
      return names.some((name) => name.startsWith('.') || name.includes('tmp_objdir')) ? undefined : true;
    });
    const { items } = await cluster.list<Revision>('Revision', { namespace: SYSTEM_NAMESPACE });
    expect(items.filter(({ spec }) => spec.commit === head())).toHaveLength(1);
  }, 60_000);

  it('has its secrets in no object, no answer, no file and no log', async () => {
    const key = { kind: 'Secret', namespace: SYSTEM_NAMESPACE, name: 'host-login' };
    // A login that is refused is told of without being told.
    await patchObject(cluster, key, { data: { username: base64('nobody') } });
    await sendWebhook();
    await untilReason('shop', 'AuthenticationFailed');
    await patchObject(cluster, key, { data: { username: base64('ada') } });
    await sendWebhook();
    await untilReason('shop', 'Fetched');
    const lists = await Promise.all(KINDS.map(({ kind }) => cluster.list(kind)));
    const objects = JSON.stringify(lists);
    const files = Object.entries(filesOf(data)).map(([path, bytes]) => [path, Buffer.from(bytes).toString('latin1')]);
    for (const planted of [PASSWORD, HOOK_SECRET]) {
      for (const form of [planted, base64(planted), base64(`ada:${planted}`)]) {
        expect(objects).not.toContain(form);
        expect(daemon.output()).not.toContain(form);
        expect(files.filter(([, text]) => text?.includes(form)).map(([path]) => path)).toEqual([]);
      }
    }
  });
});

describe('a remote that cannot be followed says why:', () => {
  const rows: readonly [name: string, make: () => Repository['spec']['source'], reason: string][] = [
    ['file URLs', () => ({ kind: 'remote', url: `file://${served}/shop.git` }), 'ProtocolRefused'],
    [
      'a missing Secret',
      () => ({ kind: 'remote', url: host.url('shop.git'), credentials: { secret: 'no' } }),
      'SecretMissing',
    ],
    ['a certificate of nobody', () => ({ kind: 'remote', url: host.url('shop.git') }), 'CertificateRefused'],
    [
      'no such repository',
      () => ({ kind: 'remote', url: host.url('no.git'), credentials: { secret: 'host-login' } }),
      'NotFound',
    ],
    ['nobody there', () => ({ kind: 'remote', url: `http://127.0.0.1:${closedPort}/shop.git` }), 'Unreachable'],
    ['no keys of the host', () => ({ kind: 'remote', url: 'git@127.0.0.1:shop.git' }), 'SecretMissing'],
  ];
  it.each(rows)('%s', async (name, make, reason) => {
    const called = name.replaceAll(/[^a-zA-Z]+/g, '-').toLowerCase();
    await follow(called, { source: make() });
    await untilReason(called, reason);
  });
});

describe('a URL', () => {
  it.each([
    ['with a password', `https://ada:${PASSWORD}@example.org/x.git`, /contains credentials/],
    ['with a token', `https://${PASSWORD}@example.org/x.git`, /contains credentials/],
    ['of a helper', `ext::sh -c ${PASSWORD}`, /white space/],
    ['of a helper without spaces', `ext::sh%20-c%20${PASSWORD}`, /transport helper/],
    ['like an option', `--upload-pack=${PASSWORD}`, /like an option/],
    ['whose host is like an option', `ssh://-oProxyCommand=${PASSWORD}/x.git`, /host of the URL is not one/],
    ['with a line feed', `https://example.org/x.git\nhost=${PASSWORD}`, /control character/],
    ['of another scheme', `ftp://example.org/${PASSWORD}.git`, /scheme that is not followed/],
  ])('%s is refused, and not repeated', async (_name, url, expected) => {
    const refused = await follow('bad', { source: { kind: 'remote', url } }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(InvalidError);
    expect((refused as Error).message).toMatch(expected);
    expect((refused as Error).message).not.toContain(PASSWORD);
    expect(daemon.output()).not.toContain(PASSWORD);
  });
});
