import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpProxy, parseProxyUrl, parseRemoteUrl } from '../../src/base/index.ts';
import { localCertificate } from '../../src/cluster/adapters/http/index.ts';
import { createGitlessRemotes, openGitlessRepositories } from '../../src/git/adapters/gitless/index.ts';
import { createNativeRemotes, openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import { createHttpRefs, createPackDownload, openConnections } from '../../src/git/adapters/smart-http/index.ts';
import { type FetchRefs, proxiesOf, type Remote, RemoteError } from '../../src/git/index.ts';
import { startProxyHost } from './fixtures/proxy-host.ts';
import { git, newRepository, temporaryFolder } from './fixtures/real-git.ts';
import { type RemoteHost, startRemoteHost } from './fixtures/remote-host.ts';
import { quiet } from './fixtures/served.ts';

const signal = new AbortController().signal;
const connections = openConnections();
afterAll(() => connections.close());
const PASSWORD = 'planted-pass word/@';
const LOGIN = `ada:${PASSWORD}`;

function remoteUrl(text: string): Remote['url'] {
  const parsed = parseRemoteUrl(text);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.url;
}

describe('the URL of a proxy', () => {
  it.each<[string, HttpProxy]>([
    ['http://proxy.example.org:3128', { scheme: 'http', host: 'proxy.example.org', port: 3128 }],
    ['proxy.example.org:3128', { scheme: 'http', host: 'proxy.example.org', port: 3128 }],
    ['HTTPS://Proxy/', { scheme: 'https', host: 'proxy', port: 443 }],
    ['http://[::1]:8080', { scheme: 'http', host: '[::1]', port: 8080 }],
    ['http://a%40b:p%3Aq@h:1', { scheme: 'http', host: 'h', port: 1, username: 'a@b', password: 'p:q' }],
  ])('%s is read', (text, proxy) => {
    expect(parseProxyUrl(text)).toEqual({ kind: 'ok', proxy });
  });

  it.each([
    '',
    'socks5://planted@h:1',
    'http://h:99999',
    'http://planted@-h',
    'http://h:1/path',
    'http://h\r\nplanted:1',
  ])('%j is refused, and not repeated', (text) => {
    const parsed = parseProxyUrl(text);
    expect(parsed.kind).toBe('error');
    expect(JSON.stringify(parsed)).not.toContain('planted');
  });
});

describe('the proxies of an environment', () => {
  const environment = {
    HTTPS_PROXY: 'http://big:1',
    https_proxy: 'http://small:2',
    http_proxy: 'http://plain:3',
    NO_PROXY: 'example.org, .corp.example *.deep.example 10.0.0.0/8,fd00::/8 one.example:8443,192.0.2.7',
  };
  const { proxyFor } = proxiesOf(environment);
  it.each<[string, number | undefined]>([
    ['https://github.com/a/b.git', 2],
    ['http://github.com/a/b.git', 3],
    ['ssh://git@github.com/a/b.git', undefined],
    ['https://example.org/a.git', undefined],
    ['https://git.example.org/a.git', undefined],
    ['https://notexample.org/a.git', 2],
    ['https://x.corp.example/a.git', undefined],
    ['https://x.deep.example/a.git', undefined],
    ['https://10.1.2.3/a.git', undefined],
    ['https://11.1.2.3/a.git', 2],
    ['https://[fd00::1]/a.git', undefined],
    ['https://192.0.2.7/a.git', undefined],
    ['https://one.example:8443/a.git', undefined],
    ['https://one.example/a.git', 2],
  ])('lead %s by the right one, or by none', (url, port) => {
    expect(proxyFor(remoteUrl(url))?.port).toBe(port);
  });

  it('are none where * is excepted, and one for all where that is named', () => {
    const url = remoteUrl('https://github.com/a/b.git');
    expect(proxiesOf({ HTTPS_PROXY: 'http://h:1', no_proxy: '*' }).proxyFor(url)).toBeUndefined();
    expect(proxiesOf({ ALL_PROXY: 'http://h:1' }).proxyFor(url)?.port).toBe(1);
    expect(proxiesOf({}).proxyFor(url)).toBeUndefined();
  });

  it('that cannot be used are told of without their login', () => {
    const { problems, proxyFor } = proxiesOf({ HTTPS_PROXY: 'socks5://ada:planted@h:1' });
    expect(problems).toEqual(['HTTPS_PROXY: the proxy is of a kind that is not known: http:// or https://']);
    expect(proxyFor(remoteUrl('https://github.com/a/b.git'))).toBeUndefined();
  });
});

const FETCHERS: readonly (readonly [string, () => Promise<FetchRefs>])[] = [
  [
    'with git',
    async () => {
      const repositories = await openRepositoryStore({ folder: join(temporaryFolder(), 'git'), log: quiet });
      afterAll(() => repositories.close());
      return createNativeRemotes({ repositories, schemes: ['https', 'http'] }).fetch;
    },
  ],
  [
    'without git',
    async () => {
      const repositories = await openGitlessRepositories(join(temporaryFolder(), 'git'));
      const list = createHttpRefs(connections);
      const download = createPackDownload(connections);
      return createGitlessRemotes({ repositories, list, download, schemes: ['https', 'http'] }).fetch;
    },
  ],
];

describe.each(FETCHERS)('a fetch %s through a proxy', (_name, open) => {
  let secure: RemoteHost;
  let plain: RemoteHost;
  let fetch: FetchRefs;
  let head: string;
  const certificate = localCertificate(Date.now());
  const list = createHttpRefs(connections);
  beforeAll(async () => {
    const folder = temporaryFolder();
    const work = newRepository();
    git(work, ['commit', '-q', '--allow-empty', '-m', 'one']);
    head = git(work, ['rev-parse', 'HEAD']);
    git(folder, ['clone', '-q', '--bare', work, 'shop.git']);
    secure = await startRemoteHost({ folder, certificate });
    plain = await startRemoteHost({ folder });
    fetch = await open();
  });

  const remoteAt = (host: RemoteHost, proxy: HttpProxy): Remote => ({
    url: remoteUrl(host.url('shop.git')),
    timeoutMs: 5_000,
    credentials: { password: 'for the host', authorities: certificate.cert },
    proxy,
  });

  async function fetched(remote: Remote): Promise<string | undefined> {
    const { refs, failed, close } = await fetch('shop', remote, ['refs/heads/main'], signal);
    await close();
    const [error] = failed.values();
    if (error !== undefined) throw error;
    return refs.get('refs/heads/main');
  }

  async function failure(remote: Remote): Promise<readonly RemoteError[]> {
    const errors = await Promise.all(
      [list(remote, signal), fetched(remote)].map((work) =>
        work.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    for (const error of errors) expect(error).toBeInstanceOf(RemoteError);
    return errors as RemoteError[];
  }

  it('goes through a tunnel that only the host at its end can read', async () => {
    const proxy = await startProxyHost(LOGIN);
    const remote = remoteAt(secure, {
      scheme: 'http',
      host: '127.0.0.1',
      port: proxy.port,
      username: 'ada',
      password: PASSWORD,
    });
    expect((await list(remote, signal)).refs.get('refs/heads/main')).toBe(head);
    expect(new Set(proxy.asked.splice(0))).toEqual(new Set([`CONNECT localhost:${secure.port}`]));
    // The tunnel of the list may serve the fetch as well.
    connections.close();
    expect(await fetched(remote)).toBe(head);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT localhost:${secure.port}`]));
  });

  it('is relayed when there is nothing to hide', async () => {
    const proxy = await startProxyHost();
    const remote = remoteAt(plain, { scheme: 'http', host: '127.0.0.1', port: proxy.port });
    expect((await list(remote, signal)).refs.get('refs/heads/main')).toBe(head);
    proxy.asked.length = 0;
    expect(await fetched(remote)).toBe(head);
    expect(proxy.asked.length).toBeGreaterThan(1);
    expect(proxy.asked.every((asked) => asked.includes(` http://localhost:${plain.port}/shop.git/`))).toBe(true);
  });

  it('fails with the reason when the proxy refuses, is gone or hangs, and tells no login', async () => {
    const proxy = await startProxyHost(LOGIN);
    const wrong = {
      scheme: 'http',
      host: '127.0.0.1',
      port: proxy.port,
      username: 'ada',
      password: 'planted-wrong',
    } as const;
    const gone = { ...wrong, port: await freePort() };
    const errors = [
      ...(await failure(remoteAt(secure, wrong))),
      ...(await failure(remoteAt(plain, wrong))),
      ...(await failure(remoteAt(secure, gone))),
    ];
    const [one, two, three, four, five, six] = errors.map(({ reason }) => reason);
    expect([one, two, three, four, five, six]).toEqual([
      'ProxyRefused',
      'ProxyRefused',
      'ProxyRefused',
      'ProxyRefused',
      'Unreachable',
      'Unreachable',
    ]);
    for (const { message } of errors) expect(message).not.toMatch(/planted|for the host|YWRh/);
  });

  it('is not begun when the proxy hangs: it is given up when it is asked for refs', async () => {
    const proxy = await startProxyHost();
    proxy.behave = () => undefined;
    const remote = remoteAt(secure, { scheme: 'http', host: '127.0.0.1', port: proxy.port });
    await expect(list({ ...remote, timeoutMs: 300 }, signal)).rejects.toMatchObject({ reason: 'TimedOut' });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
