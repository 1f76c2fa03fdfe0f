import { readFileSync, statSync } from 'node:fs';
import { MAX_EVENT_BYTES, StalledError } from '../../base/index.ts';
import type { ActionWorld } from './world.ts';

/** What the workflow was started for, as far as a review of it can be made. */
export type ChangeEvent =
  | {
      readonly kind: 'pull-request';
      readonly number: number;
      readonly head: string;
      readonly headBranch: string;
      readonly baseBranch: string;
      /** The commit that the event is about: for `pull_request` the merge of head into base. */
      readonly commit: string | undefined;
    }
  | {
      /** A push, or a group of a merge queue. */
      readonly kind: 'commits';
      readonly base: string;
      readonly head: string;
      readonly branch: string;
    };

/** Reads the event of the workflow. Errors: StalledError UnknownEvent. */
export function readEvent({ env }: Pick<ActionWorld, 'env'>): ChangeEvent {
  const name = env.GITHUB_EVENT_NAME ?? '';
  const payload = payloadOf(env.GITHUB_EVENT_PATH);
  switch (name) {
    case 'pull_request':
    case 'pull_request_target':
      return pullRequestEvent(payload, name === 'pull_request' ? env.GITHUB_SHA : undefined);
    case 'merge_group':
      return commitsEvent(
        textAt(payload, 'merge_group', 'base_sha'),
        textAt(payload, 'merge_group', 'head_sha'),
        textAt(payload, 'merge_group', 'base_ref'),
      );
    case 'push':
      return commitsEvent(textAt(payload, 'before'), textAt(payload, 'after'), textAt(payload, 'ref'));
    default:
      throw unknown(`${name || 'no event'} has no change to review: use it on pull_request, merge_group or push`);
  }
}

function pullRequestEvent(payload: unknown, commit: string | undefined): ChangeEvent {
  const number = at(payload, 'pull_request', 'number');
  if (typeof number !== 'number') throw unknown('the event names no pull request');
  return {
    kind: 'pull-request',
    number,
    head: commitAt(payload, 'pull_request', 'head', 'sha'),
    headBranch: textAt(payload, 'pull_request', 'head', 'ref'),
    baseBranch: textAt(payload, 'pull_request', 'base', 'ref'),
    commit: commit !== undefined && OID.test(commit) ? commit : undefined,
  };
}

function commitsEvent(base: string, head: string, ref: string): ChangeEvent {
  if (!OID.test(head) || /^0+$/.test(head)) throw unknown('the branch is gone: there is nothing to review');
  if (!OID.test(base) || /^0+$/.test(base)) throw unknown('the branch is new: there is nothing to compare it with');
  return { kind: 'commits', base, head, branch: ref.replace(/^refs\/heads\//, '') };
}

/** SHA-1 or SHA-256. */
const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

function payloadOf(path: string | undefined): unknown {
  if (path === undefined || path === '') throw unknown('GITHUB_EVENT_PATH is not set');
  if (statSync(path).size > MAX_EVENT_BYTES) throw unknown(`the event has more than ${MAX_EVENT_BYTES} bytes`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

function commitAt(payload: unknown, ...path: readonly string[]): string {
  const text = textAt(payload, ...path);
  if (OID.test(text)) return text;
  throw unknown(`the event names no commit at ${path.join('.')}`);
}

function textAt(payload: unknown, ...path: readonly string[]): string {
  const found = at(payload, ...path);
  if (typeof found === 'string') return found;
  throw unknown(`the event says nothing at ${path.join('.')}`);
}

function at(payload: unknown, ...path: readonly string[]): unknown {
  let value = payload;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}

function unknown(message: string): StalledError {
  return new StalledError('UnknownEvent', message);
}
