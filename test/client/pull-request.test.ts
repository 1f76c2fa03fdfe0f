import { describe, expect, it } from 'vitest';
import { pullRequestOf, webUrl } from '../../src/client/index.ts';

const GITHUB = 'git@github.com:acme/shop.git';

describe('the pull request of a commit', () => {
  it.each([
    [
      'a merge of GitHub',
      'Merge pull request #42 from ada/fix\n\nFix it',
      '#42',
      'https://github.com/acme/shop/pull/42',
    ],
    ['a squash of GitHub', 'Fix it (#42)\n\n* one\n* two', '#42', 'https://github.com/acme/shop/pull/42'],
    [
      'a merge of Bitbucket',
      'Merged in fix (pull request #42)\n\nFix it',
      '#42',
      'https://github.com/acme/shop/pull/42',
    ],
    ['a merge of Azure', 'Merged PR 42: Fix it', '#42', 'https://github.com/acme/shop/pull/42'],
    [
      'a title with numbers of its own',
      'Merge pull request "Fix #7" (#42) from fix',
      '#42',
      'https://github.com/acme/shop/pull/42',
    ],
  ])('%s', (_, message, id, url) => {
    expect(pullRequestOf(message, GITHUB)).toEqual({ id, url });
    expect(pullRequestOf(message)).toEqual({ id });
    // Who else numbers so is not known.
    expect(pullRequestOf(message, 'https://git.example.org/acme/shop')).toEqual({ id });
  });

  it('of GitLab is a merge request, perhaps of another project', () => {
    const message = "Merge branch 'fix' into 'main'\n\nFix it\n\nSee merge request acme/shop!42";
    const url = 'https://gitlab.example.org/acme/shop/-/merge_requests/42';
    expect(pullRequestOf(message, 'https://gitlab.example.org/acme/fork.git')).toEqual({ id: '!42', url });
    expect(pullRequestOf(message)).toEqual({ id: '!42' });
  });

  it('of Gitea is told with its URL', () => {
    const url = 'https://gitea.example.org/acme/shop/pulls/42';
    expect(pullRequestOf(`Fix it\n\nReviewed-on: ${url}\n`)).toEqual({ id: '#42', url });
  });

  it.each([
    'Fix #42',
    'Fix it, see #42',
    'Revert "Fix it (#42)"',
    'Roll back to 0123abc: Fix it (#42)',
    '',
    'Fix it\n\nlike in (#42)',
  ])('is not in "%s"', (message) => {
    expect(pullRequestOf(message, GITHUB)).toBeUndefined();
  });
});

describe('the page of a remote', () => {
  it.each([
    ['git@github.com:acme/shop.git', 'https://github.com/acme/shop'],
    ['ssh://git@gitlab.example.org:2222/acme/shop.git', 'https://gitlab.example.org/acme/shop'],
    ['https://ada:hunter2@github.com/acme/shop', 'https://github.com/acme/shop'],
    ['https://github.com/acme/shop/', 'https://github.com/acme/shop'],
  ])('%s', (remote, url) => {
    expect(webUrl(remote)).toBe(url);
  });

  it.each(['/srv/git/shop.git', 'file:///srv/git/shop.git', 'http://localhost:7411/git/shop.git', ''])(
    '%s has none',
    (remote) => {
      expect(webUrl(remote)).toBeUndefined();
    },
  );
});
