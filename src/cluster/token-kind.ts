import {
  isJsonObject,
  type Json,
  MAX_SCOPE_ENTRIES,
  MAX_SCOPE_ENTRY_LENGTH,
  MAX_TOKEN_SCOPES,
  sha256,
} from '../base/index.ts';
import { type KubeObject, SYSTEM_NAMESPACE } from './object.ts';

/** What a client shows to be known, in the namespace `pipectl-system`. It never changes; deleting it revokes it. */
export interface Token extends KubeObject {
  readonly kind: 'Token';
  readonly spec: {
    readonly scopes: readonly TokenScope[];
    /** SHA-256 of the token's text, as 64 hexadecimal digits: the text itself is kept nowhere. */
    readonly hash: string;
    /** From then on it opens nothing. Absent: it does not expire. */
    readonly expiresAt?: string;
    /** Names that rules of refs may use besides the token's own. */
    readonly groups?: readonly string[];
    /** Who made it, as the maker said. */
    readonly by?: string;
  };
}

/** One thing that a token allows. */
export type TokenScope =
  /** To see everything but secrets and tokens, and to fetch from every repository. */
  | { readonly kind: 'read' }
  /** To move these refs of these repositories (absent: of all), and to fetch from them. */
  | { readonly kind: 'push'; readonly refs: readonly string[]; readonly repositories?: readonly string[] }
  /** What `read` allows, and to start, steer and remove executions in these namespaces (absent: in all). */
  | { readonly kind: 'operate'; readonly namespaces?: readonly string[] }
  | { readonly kind: 'admin' };

/** The name of whoever holds the token in the data folder; no Token may have it. */
export const OWNER = 'pipectl';
/** What the text of a token begins with, so that scanners for secrets find it. 43 characters for 256 random bits follow. */
export const TOKEN_PREFIX = 'pct_';

/** The text of a token of these 32 random bytes. */
export function tokenText(random: Uint8Array): string {
  return `${TOKEN_PREFIX}${Buffer.from(random).toString('base64url')}`;
}

/** What is kept of a token's text. 256 random bits need no salt and no slow hash: nobody can guess them. */
export function tokenHash(text: string): string {
  return sha256(text);
}

/** A scope as people write it: `read`, `push:main,release/*@shop`, `operate:shop-production`. */
export function scopeText(scope: TokenScope): string {
  switch (scope.kind) {
    case 'push': {
      const where = scope.repositories === undefined ? '' : `@${scope.repositories.join(',')}`;
      return `push:${scope.refs.join(',')}${where}`;
    }
    case 'operate':
      return scope.namespaces === undefined ? 'operate' : `operate:${scope.namespaces.join(',')}`;
    default:
      return scope.kind;
  }
}

type Cause = { readonly field: string; readonly message: string };

/** What is wrong with a Token that is to be stored. */
export function tokenCauses({ metadata, spec }: KubeObject): readonly Cause[] {
  const causes: Cause[] = [];
  const wrong = (field: string, message: string): void => void causes.push({ field, message });
  if (metadata.namespace !== SYSTEM_NAMESPACE) wrong('metadata.namespace', `must be ${SYSTEM_NAMESPACE}`);
  if (metadata.name === OWNER) wrong('metadata.name', `"${OWNER}" is who owns the data folder`);
  if (!isJsonObject(spec as Json)) return [...causes, { field: 'spec', message: 'must be an object' }];
  const { scopes, hash, expiresAt, groups } = spec as { readonly [field: string]: Json };
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    wrong('spec.hash', 'must be the SHA-256 of the token, as 64 hexadecimal digits');
  }
  if (expiresAt !== undefined && (typeof expiresAt !== 'string' || Number.isNaN(Date.parse(expiresAt)))) {
    wrong('spec.expiresAt', 'must be a time, for example 2027-01-31T00:00:00Z');
  }
  if (groups !== undefined && !(isNames(groups) && groups.every((name) => !name.startsWith('system:')))) {
    wrong('spec.groups', 'must be a list of names, none of which begins with "system:"');
  }
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > MAX_TOKEN_SCOPES) {
    wrong('spec.scopes', `must be a list of 1 to ${MAX_TOKEN_SCOPES} scopes`);
  } else {
    for (const [at, scope] of scopes.entries()) {
      const message = scopeProblem(scope);
      if (message !== undefined) wrong(`spec.scopes[${at}]`, message);
    }
  }
  return causes;
}

/** Fields of each kind of scope, and whether they must be there. */
const SCOPE_FIELDS: ReadonlyMap<string, Readonly<Record<string, boolean>>> = new Map<string, Record<string, boolean>>([
  ['read', {}],
  ['push', { refs: true, repositories: false }],
  ['operate', { namespaces: false }],
  ['admin', {}],
]);

function scopeProblem(scope: Json): string | undefined {
  const fields = isJsonObject(scope) ? SCOPE_FIELDS.get(String(scope.kind)) : undefined;
  if (!isJsonObject(scope) || fields === undefined) return 'kind must be read, push, operate or admin';
  for (const [name, value] of Object.entries(scope)) {
    if (name === 'kind') continue;
    // What is not known may be meant to narrow the scope: taking it as absent would widen it.
    if (!Object.hasOwn(fields, name)) return `a scope of kind ${String(scope.kind)} has no "${name}"`;
    if (!isNames(value)) return `${name} must be a list of 1 to ${MAX_SCOPE_ENTRIES} names`;
  }
  const missing = Object.entries(fields).find(([name, isRequired]) => isRequired && !Object.hasOwn(scope, name));
  return missing === undefined ? undefined : `${missing[0]} is required: "*" is every branch`;
}

function isNames(value: Json): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_SCOPE_ENTRIES) return false;
  return value.every((name) => typeof name === 'string' && name !== '' && name.length <= MAX_SCOPE_ENTRY_LENGTH);
}
