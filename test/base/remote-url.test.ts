import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_REMOTE_URL_LENGTH, parseRemoteUrl, type RemoteUrl } from '../../src/base/index.ts';

function parsed(text: string): RemoteUrl | string {
  const result = parseRemoteUrl(text);
  return result.kind === 'ok' ? result.url : result.message;
}

describe('the URL of a remote', () => {
  it.each<[string, Partial<RemoteUrl>]>([
    ['https://github.com/acme/shop.git', { scheme: 'https', host: 'github.com', path: '/acme/shop.git' }],
    ['HTTPS://GitLab.Example.org:8443/g/s/p', { scheme: 'https', host: 'gitlab.example.org', port: 8443 }],
    ['http://[::1]:3000/a.git', { scheme: 'http', host: '[::1]', port: 3000, path: '/a.git' }],
    ['ssh://git@gitea.example.org:2222/a/b.git', { scheme: 'ssh', user: 'git', port: 2222, path: '/a/b.git' }],
    [
      'git@github.com:acme/shop.git',
      { scheme: 'ssh', user: 'git', path: 'acme/shop.git', text: 'git@github.com:acme/shop.git' },
    ],
    [
      'github.com:/srv/shop.git',
      { scheme: 'ssh', host: 'github.com', path: '/srv/shop.git', text: 'ssh://github.com/srv/shop.git' },
    ],
    ['file:///srv/git/shop.git', { scheme: 'file', host: '', path: '/srv/git/shop.git' }],
  ])('%s is understood', (text, expected) => {
    expect(parsed(text)).toMatchObject(expected);
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /is empty/],
    ['a path', '/srv/git/shop.git', /no form that is known/],
    ['a relative path', '../shop.git', /no form that is known/],
    ['an option', '-uwhoami', /like an option/],
    ['an option as a path', 'git@host:-upload-pack=x', /like an option/],
    ['an option as a host', 'ssh://-oProxyCommand=id/x', /host of the URL is not one/],
    ['an option as a host in scp form', 'git@-oProxyCommand=id:x', /host of the URL is not one/],
    ['an option as a user', 'ssh://-l@host/x', /user of the URL is not one/],
    ['a helper', 'ext::sh', /transport helper/],
    ['a helper of a URL', 'fd::17/foo', /transport helper/],
    ['a helper of HTTPS', 'https::https://host/x', /transport helper/],
    ['a password', 'https://a:b@host/x', /contains credentials/],
    ['a token', 'https://ghp_x@host/x', /contains credentials/],
    ['a password of SSH', 'ssh://git:pw@host/x', /contains credentials/],
    ['a password of a file', 'file://a:b@/x', /contains credentials/],
    ['a query', 'https://host/x?token=1', /query or a fragment/],
    ['a line feed', 'https://host/x\n', /control character/],
    ['a carriage return', 'https://host/x\r', /control character/],
    ['a zero byte', 'https://host/\0x', /control character/],
    ['white space', 'https://host/x y', /white space/],
    ['a parent folder', 'https://host/a/../../etc', /contains \.\./],
    ['no path', 'https://host', /path is empty/],
    ['slashes only', 'https://host//', /path is empty/],
    ['no host', 'https:///x', /host of the URL is not one/],
    ['a port that is none', 'https://host:70000/x', /port of the URL is not one/],
    ['a host of a file', 'file://elsewhere/x', /file URL is/],
    ['another scheme', 'git://host/x', /scheme that is not followed/],
    ['a Unicode host', 'https://gıthub.com/x', /host of the URL is not one/],
    ['too many characters', `https://host/${'x'.repeat(MAX_REMOTE_URL_LENGTH)}`, /longer than/],
  ])('with %s is refused', (_name, text, expected) => {
    expect(parsed(text)).toMatch(expected);
  });

  it('never crashes, and what it takes git cannot take for an option, a helper or a login', () => {
    const pieces = fc.constantFrom(
      'https://',
      'ssh://',
      'git@',
      'host',
      ':',
      '/',
      '-',
      '@',
      '..',
      'ext::',
      '\n',
      ' ',
      'x',
      '[::1]',
      '%2e',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 8 }), (parts) => {
        const url = parsed(parts.join(''));
        if (typeof url === 'string') return;
        expect(url.text).not.toMatch(/^-|::\/|^[a-z]+::[a-z]|[\s\u0000-\u001f]/);
        expect(url.host).not.toMatch(/^-/);
        expect(url.path).not.toMatch(/^\/?-/);
        if (url.scheme !== 'ssh') expect(url.user).toBeUndefined();
        // Reading it again says the same.
        expect(parsed(url.text)).toEqual(url);
      }),
    );
  });
});
