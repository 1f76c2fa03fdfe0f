import { WaitError } from '../../../base/index.ts';
import { at, type PullRequest } from '../../index.ts';

/** A pull request as `GET /repos/{owner}/{repo}/pulls/{number}` and the list of them tell it. */
export function pullRequestOf(data: unknown): PullRequest {
  const number = at(data, 'number');
  const isMerged = typeof at(data, 'merged_at') === 'string';
  if (typeof number !== 'number') throw strange('a pull request without a number');
  const [headRepository, baseRepository] = [at(data, 'head', 'repo', 'id'), at(data, 'base', 'repo', 'id')];
  return {
    number,
    state: isMerged ? 'merged' : at(data, 'state') === 'open' ? 'open' : 'closed',
    isDraft: at(data, 'draft') === true,
    base: { branch: textAt(data, 'base', 'ref'), commit: textAt(data, 'base', 'sha') },
    head: { branch: textAt(data, 'head', 'ref'), commit: textAt(data, 'head', 'sha') },
    headRef: `refs/pull/${number}/head`,
    // The repository of a head may be gone.
    isFork: headRepository === undefined || headRepository !== baseRepository,
  };
}

/** A comment with who wrote it. */
export interface WrittenComment {
  readonly id: string;
  readonly body: string;
  readonly author: Author;
}

/** An app's comments have another type of author than those of a person of the same name. */
export interface Author {
  readonly login: string;
  readonly isBot: boolean;
}

/** A comment of an issue or pull request. */
export function commentOf(data: unknown): WrittenComment {
  const id = at(data, 'id');
  if (typeof id !== 'number' && typeof id !== 'bigint') throw strange('a comment without an id');
  const [body, login] = [at(data, 'body'), at(data, 'user', 'login')];
  return {
    id: String(id),
    body: typeof body === 'string' ? body : '',
    author: authorOf(typeof login === 'string' ? login : '', at(data, 'user', 'type') === 'Bot'),
  };
}

/** REST and GraphQL do not agree on whether the login of an app ends with `[bot]`. */
export function authorOf(login: string, isBot = login.endsWith('[bot]')): Author {
  return { login: login.replace(/\[bot\]$/, '').toLowerCase(), isBot };
}

/** The members of a list that an answer should be. */
export function listOf(data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) throw strange('no list');
  return data;
}

export function textAt(data: unknown, ...path: readonly string[]): string {
  const found = at(data, ...path);
  if (typeof found !== 'string') throw strange(`nothing at ${path.join('.')}`);
  return found;
}

function strange(what: string): WaitError {
  return new WaitError(`GitHub answered with ${what}`, 10_000);
}
