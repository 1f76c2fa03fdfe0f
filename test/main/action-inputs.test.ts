import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../src/cluster/index.ts';
import { readEvent } from '../../src/main/action/event.ts';
import { readInputs } from '../../src/main/action/inputs.ts';
import { outcomeOf } from '../../src/main/action/register.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-event-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const [A, B, C] = ['a', 'b', 'c'].map((sign) => sign.repeat(40)) as [string, string, string];

describe('inputs', () => {
  it('have defaults', () => {
    expect(readInputs({ env: { GITHUB_REPOSITORY: 'acme/shop' } })).toMatchObject({
      mode: 'review',
      path: '',
      domains: [],
      failOn: 'error',
      comment: true,
      check: 'auto',
      sarif: false,
      controller: { repository: 'shop', token: undefined, timeoutMs: 600_000 },
    });
  });

  it('are lists and folders', () => {
    const env = { INPUT_DOMAIN: 'production, staging', INPUT_PATH: './apps/shop/', 'INPUT_FAIL-ON': 'notice' };
    expect(readInputs({ env })).toMatchObject({
      domains: ['production', 'staging'],
      path: 'apps/shop',
      failOn: 'notice',
    });
  });

  it.each([
    ['FAIL-ON', 'fatal', 'input fail-on: "fatal" is not one of error, warning, notice, never'],
    ['PATH', '../x', 'input path: "../x" is not a folder of the repository'],
    ['COMMENT', 'yes', 'input comment: "yes" is not one of true, false'],
    ['TIMEOUT', 'soon', 'input timeout: "soon" is not a duration, for example 90s or 10m'],
  ])('of %s that make no sense are refused', (name, value, message) => {
    expect(() => readInputs({ env: { [`INPUT_${name}`]: value } })).toThrow(message);
  });
});

describe('events', () => {
  const event = (name: string, payload: unknown, env: Readonly<Record<string, string>> = {}) => {
    const path = join(folder, 'event.json');
    writeFileSync(path, JSON.stringify(payload));
    return readEvent({ env: { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, ...env } });
  };
  const pull = { pull_request: { number: 7, head: { ref: 'change', sha: A }, base: { ref: 'main', sha: B } } };

  it('of a pull request name the merge only where the commit is one', () => {
    expect(event('pull_request', pull, { GITHUB_SHA: C })).toMatchObject({ number: 7, head: A, commit: C });
    expect(event('pull_request_target', pull, { GITHUB_SHA: C })).toMatchObject({ number: 7, commit: undefined });
  });

  it.each([
    ['an event without a change', 'schedule', {}, /schedule has no change to review/],
    ['a new branch', 'push', { before: '0'.repeat(40), after: A, ref: 'refs/heads/x' }, /the branch is new/],
    ['a branch that is gone', 'push', { before: A, after: '0'.repeat(40), ref: 'refs/heads/x' }, /the branch is gone/],
    ['another payload', 'pull_request', { pull_request: 7 }, /names no pull request/],
    [
      'a head that is no commit',
      'pull_request',
      { pull_request: { ...pull.pull_request, head: { ref: 'x', sha: '--x' } } },
      /no commit at/,
    ],
  ])('of %s are refused', (_name, name, payload, words) => expect(() => event(name, payload)).toThrow(words));
});

describe('what a repository says of a merged commit', () => {
  const domain = (status: object) => ({
    status: { project: 'shop', domains: { production: { ref: 'main', ...status } } },
  });
  const source = (message: string) => ({ conditions: [{ type: 'SourceReady', status: 'False', message }] });
  const rows: readonly (readonly [string, object, string | undefined, string, RegExp])[] = [
    ['it is applied', domain({ desired: A, lastApplied: A }), B, 'applied', /shop-production is at aaaaaaa/],
    ['it is not there yet', domain({ desired: B, lastApplied: B }), B, 'waiting', /production: not yet at aaaaaaa/],
    ['it is being applied', domain({ desired: A, lastApplied: B, message: 'wave 2' }), B, 'waiting', /wave 2/],
    ['another came after it', domain({ desired: C, lastApplied: B }), B, 'applied', /moved on from aaaaaaa to ccccccc/],
    ['it was looked at first', domain({ desired: C, lastApplied: C }), undefined, 'waiting', /not yet at/],
    [
      'a definition of it failed',
      domain({
        desired: A,
        lastAttempted: A,
        lastApplied: A,
        failed: [{ kind: 'Schedule', name: 'x', message: 'no plan' }],
      }),
      B,
      'failed',
      /not applied whole: production: Schedule x: no plan/,
    ],
    [
      'it is rejected',
      { status: { ...domain({ desired: B }).status, ...source('aaaaaaa has 2 errors') } },
      B,
      'failed',
      /2 errors/,
    ],
    [
      'the remote does not answer',
      { status: { ...domain({ desired: B }).status, ...source('no answer') } },
      B,
      'waiting',
      /no answer; /,
    ],
    ['nothing tracks the branch', { status: {} }, undefined, 'waiting', /no domain tracks main yet/],
  ];
  it.each(rows)('when %s', (_name, repository, first, kind, words) => {
    const outcome = outcomeOf(repository as Repository, { commit: A, branch: 'main' }, first);
    expect(outcome.kind).toBe(kind);
    expect(outcome.message).toMatch(words);
  });
});
