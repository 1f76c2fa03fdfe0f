import type { Identity, RefRule, TokenScope } from '../../cluster/index.ts';
import { isAncestor, matchesAnyRef, type ObjectReader, type RefUpdate, ZERO_OID } from '../../git/index.ts';
import { plainText } from '../../language/index.ts';

/** Whether any of the scopes lets its holder push to the repository at all. */
export function mayPushTo(scopes: readonly TokenScope[], repository: string): boolean {
  return scopes.some((scope) => scope.kind === 'admin' || isPushScope(scope, repository));
}

/** Whether any of the scopes lets its holder fetch: who may push must see what there is. */
export function mayFetchFrom(scopes: readonly TokenScope[], repository: string): boolean {
  return scopes.some(({ kind }) => kind === 'read' || kind === 'operate') || mayPushTo(scopes, repository);
}

function isPushScope(scope: TokenScope, repository: string): boolean {
  if (scope.kind !== 'push') return false;
  return scope.repositories === undefined || scope.repositories.includes(repository);
}

/** Why the scopes do not let their holder move the ref, as one line; undefined when they do. */
export function scopeProblem({ name, scopes }: Identity, repository: string, ref: string): string | undefined {
  for (const scope of scopes) {
    if (scope.kind === 'admin') return undefined;
    if (scope.kind === 'push' && isPushScope(scope, repository) && matchesAnyRef(scope.refs, ref)) return undefined;
  }
  return `the token ${name} may not push to ${shown(ref)}`;
}

/** Why the rules of a repository do not let the ref move so, as one line for each rule; none when they do. */
export async function ruleProblems(
  rules: readonly RefRule[],
  who: Identity,
  update: RefUpdate,
  objects: ObjectReader,
): Promise<readonly string[]> {
  const meant = rules.filter(({ refs }) => matchesAnyRef(refs, update.ref));
  const ref = shown(update.ref);
  const lines: string[] = [];
  let left: string | undefined;
  for (const { push, allowForce, allowDelete } of meant) {
    if (push !== undefined && !push.some((name) => name === who.name || who.groups.includes(name))) {
      lines.push(`${ref} is protected: only ${push.map((name) => plainText(name)).join(', ')} may push to it`);
    }
    if (update.after === ZERO_OID) {
      if (allowDelete !== true) lines.push(`${ref} is protected: it may not be deleted`);
    } else if (allowForce !== true && update.before !== ZERO_OID) {
      left ??= await leavesBehind(update, objects);
      if (left !== '') lines.push(`${ref} is protected: ${left}`);
    }
  }
  return [...new Set(lines)];
}

/** Why a ref that moves so is moved by force; '' when it is not. */
async function leavesBehind({ ref, before, after }: RefUpdate, objects: ObjectReader): Promise<string> {
  if (ref.startsWith('refs/tags/')) return 'a tag that is there may not be moved';
  switch (await isAncestor(objects, before, after)) {
    case 'yes':
      return '';
    case 'no':
      return 'commits that it has may not be left behind; merge them or rebase on them';
    case 'unknown':
      return 'too many commits lie between the old one and the new one to see that none is left behind: push in parts';
  }
}

function shown(ref: string): string {
  return plainText(ref.replace(/^refs\/heads\//, ''));
}
