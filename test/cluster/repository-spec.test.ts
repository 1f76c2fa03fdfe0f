import { describe, expect, it } from 'vitest';
import { checkObject, type KubeObject } from '../../src/cluster/index.ts';

describe('admission of a Repository', () => {
  const spec = (source: Record<string, unknown>, more: Record<string, unknown> = {}): KubeObject => ({
    apiVersion: 'pipectl.dev/v1',
    kind: 'Repository',
    metadata: { name: 'shop', namespace: 'pipectl-system' },
    spec: { source, ...more },
  });
  const remote = { kind: 'remote', url: 'https://host/x.git' };
  it.each<[string, KubeObject, RegExp]>([
    ['no URL', spec({ kind: 'remote' }), /a remote needs a URL/],
    ['too short an interval', spec({ ...remote, interval: '5s' }), /interval: must be from 10s to/],
    ['an interval that is none', spec({ ...remote, interval: 'often' }), /interval: must be a duration/],
    ['an endless timeout', spec({ ...remote, timeout: '2h' }), /timeout: must be from 1s to 600s/],
    ['no refs', spec({ ...remote, refs: [] }), /refs: names no ref/],
    ['a pattern like an option', spec({ ...remote, refs: ['--all'] }), /does not begin with a dash/],
    ['a depth of nothing', spec({ ...remote, depth: 0 }), /depth: must be a whole number from 1/],
    ['signatures of nobody', spec(remote, { verify: { mode: 'head' } }), /needs allowedSigners or gpgKeys/],
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
