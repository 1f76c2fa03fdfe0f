import { describe, expect, it } from 'vitest';
import { checkObject, type KubeObject, type Repository, reviewSettingsOf } from '../../src/cluster/index.ts';

describe('admission of a Repository', () => {
  const spec = (source: Record<string, unknown>, more: Record<string, unknown> = {}): KubeObject => ({
    apiVersion: 'pipectl.dev/v1',
    kind: 'Repository',
    metadata: { name: 'shop', namespace: 'pipectl-system' },
    spec: { source, ...more },
  });
  const remote = { kind: 'remote', url: 'https://host/x.git' };
  const reviews = { provider: 'gitlab', token: { name: 'bot', key: 'token' } };
  it.each<[string, KubeObject, RegExp]>([
    ['no URL', spec({ kind: 'remote' }), /a remote needs a URL/],
    ['too short an interval', spec({ ...remote, interval: '5s' }), /interval: must be from 10s to/],
    ['an interval that is none', spec({ ...remote, interval: 'often' }), /interval: must be a duration/],
    ['an endless timeout', spec({ ...remote, timeout: '2h' }), /timeout: must be from 1s to 600s/],
    ['no refs', spec({ ...remote, refs: [] }), /refs: names no ref/],
    ['a pattern like an option', spec({ ...remote, refs: ['--all'] }), /does not begin with a dash/],
    ['a depth of nothing', spec({ ...remote, depth: 0 }), /depth: must be a whole number from 1/],
    ['signatures of nobody', spec(remote, { verify: { mode: 'head' } }), /needs allowedSigners or gpgKeys/],
    ['reviews of what is pushed here', spec({ kind: 'push' }, { reviews }), /is for repositories with a remote source/],
    ['reviews without a token', spec(remote, { reviews: { provider: 'gitlab' } }), /token: must name a Secret|token/],
    [
      'an API that all can read along',
      spec(remote, { reviews: { ...reviews, apiUrl: 'http://host/api/v4' } }),
      /must be https/,
    ],
    ['an API with a login', spec(remote, { reviews: { ...reviews, apiUrl: 'https://a:b@host/' } }), /without a login/],
    ['a project that is none', spec(remote, { reviews: { ...reviews, project: 'shop' } }), /project: must be owner/],
    ['reviews all the time', spec(remote, { reviews: { ...reviews, interval: '1s' } }), /interval: must be from 10s/],
    [
      'reviews of files',
      spec({ kind: 'remote', url: 'file:///x.git' }, { reviews }),
      /needs apiUrl and project, which a file URL does not tell/,
    ],
    [
      'a webhook without a secret',
      spec(remote, { webhook: { provider: 'github', secret: { name: '', key: 'k' } } }),
      /must name a Secret/,
    ],
  ])('refuses %s', (_name, object, message) => {
    expect(() => checkObject(object)).toThrow(message);
  });

  it('takes a repository that is pushed to', () => {
    expect(() => checkObject(spec({ kind: 'push' }))).not.toThrow();
  });
});

describe('reviews of a repository', () => {
  it.each([
    ['github', 'https://github.com/acme/shop.git', 'https://api.github.com', 'acme/shop'],
    ['github', 'git@github.example.org:acme/shop.git', 'https://github.example.org/api/v3', 'acme/shop'],
    ['gitlab', 'https://gitlab.com/acme/data/shop', 'https://gitlab.com/api/v4', 'acme/data/shop'],
    ['gitlab', 'https://git.example.org:8443/acme/shop.git', 'https://git.example.org:8443/api/v4', 'acme/shop'],
    ['gitea', 'ssh://git@git.example.org:2222/acme/shop.git', 'https://git.example.org/api/v1', 'acme/shop'],
  ] as const)('at %s for %s are told where', (provider, url, apiUrl, project) => {
    const spec: Repository['spec'] = {
      source: { kind: 'remote', url },
      reviews: { provider, token: { name: 'bot', key: 'token' } },
    };
    expect(reviewSettingsOf(spec)).toMatchObject({ provider, apiUrl, project, failOn: 'error', intervalMs: 60_000 });
  });
});
