import { isJsonObject, type Json } from '../base/index.ts';
import { kindInfo } from './kinds.ts';
import { type FieldPath, OPERATOR, type RoleRule, ruleFor, type Verb, VIEWER } from './roles.ts';
import type { TokenScope } from './token-kind.ts';

/** Who asks, as authentication knows them, and what they may do. */
export interface Identity {
  /** Name of the token, or OWNER. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly scopes: readonly TokenScope[];
}

/** What somebody wants to do with objects. */
export interface AccessRequest {
  /** Of `Verb`, or a word that only an admin may say. */
  readonly verb: Verb | (string & {});
  /** `*`, or one that the API does not have, is for admins. */
  readonly kind: string;
  readonly namespace?: string;
  readonly subresource?: string;
}

export type Access =
  | { readonly kind: 'allowed' }
  /** A patch that changes these fields only. */
  | { readonly kind: 'limited'; readonly fields: readonly FieldPath[] }
  | { readonly kind: 'denied' };

const ALLOWED: Access = { kind: 'allowed' };
const DENIED: Access = { kind: 'denied' };

/** Whether any of the scopes allows it. */
export function accessOf(scopes: readonly TokenScope[], request: AccessRequest): Access {
  let best: Access = DENIED;
  for (const scope of scopes) {
    const access = accessByScope(scope, request);
    if (access.kind === 'allowed') return access;
    if (access.kind === 'limited') best = access;
  }
  return best;
}

function accessByScope(scope: TokenScope, request: AccessRequest): Access {
  switch (scope.kind) {
    case 'admin':
      return ALLOWED;
    case 'read':
      return byRule(ruleFor(VIEWER, request));
    case 'operate': {
      const looks = ruleFor(VIEWER, request);
      if (looks !== undefined) return ALLOWED;
      const isThere = scope.namespaces === undefined || scope.namespaces.includes(request.namespace ?? '');
      return isThere ? byRule(ruleFor(OPERATOR, request)) : DENIED;
    }
    case 'push':
      return DENIED;
  }
}

function byRule(rule: RoleRule | undefined): Access {
  if (rule === undefined) return DENIED;
  return rule.fields === undefined ? ALLOWED : { kind: 'limited', fields: rule.fields };
}

/** Whether they may see metrics and what else is no object. */
export function maySee({ scopes }: Identity): boolean {
  return scopes.some(({ kind }) => kind !== 'push');
}

export function isAdmin({ scopes }: Identity): boolean {
  return scopes.some(({ kind }) => kind === 'admin');
}

/** The first field that a merge patch changes and that is not among those allowed; undefined when there is none. */
export function fieldBeyond(
  patch: Json,
  fields: readonly FieldPath[],
  above: readonly string[] = [],
): string | undefined {
  for (const [name, value] of Object.entries(isJsonObject(patch) ? patch : {})) {
    const path = [...above, name];
    if (IDENTIFYING.some((known) => isField(known, path)) || fields.some((field) => isField(field, path))) continue;
    const isOnTheWay =
      isJsonObject(value) && [...fields, ...IDENTIFYING].some((field) => path.every((step, at) => field[at] === step));
    const beyond = isOnTheWay ? fieldBeyond(value, fields, path) : path.join('.');
    if (beyond !== undefined) return beyond;
  }
  return undefined;
}

function isField(field: FieldPath, path: readonly string[]): boolean {
  if (field.length !== path.length) return false;
  return field.every((step, at) => {
    const name = path[at] as string;
    return name === step || (at === field.length - 1 && step.endsWith('/') && name.startsWith(step));
  });
}

/** What a patch may say to name its object and the version that it is meant for. */
const IDENTIFYING: readonly FieldPath[] = [
  ['apiVersion'],
  ['kind'],
  ['metadata', 'name'],
  ['metadata', 'namespace'],
  ['metadata', 'uid'],
  ['metadata', 'resourceVersion'],
];

/** As Kubernetes says it, for example `User "ci" cannot delete resource "pods" in API group "" in the namespace "x"`. */
export function denialText({ name, scopes }: Identity, request: AccessRequest): string {
  const info = kindInfo(request.kind);
  const resource = `${info?.plural ?? request.kind}${request.subresource === undefined ? '' : `/${request.subresource}`}`;
  const place = request.namespace === undefined ? 'at the cluster scope' : `in the namespace "${request.namespace}"`;
  const has = scopes.map(({ kind }) => kind).join(', ');
  return `User "${name}" cannot ${request.verb} resource "${resource}" in API group "${info?.group ?? ''}" ${place}: the token's scope is ${has}`;
}
