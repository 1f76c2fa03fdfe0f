import { KINDS, type KindInfo } from './kinds.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** One thing that a role may do; the same rows are the scopes of tokens here and the ClusterRoles of Kubernetes. */
export interface RoleRule {
  readonly kind: string;
  readonly subresource?: string;
  readonly verbs: readonly Verb[];
  /** A patch may change these only. Kubernetes' RBAC cannot say that. */
  readonly fields?: readonly FieldPath[];
}

/** Names on the way to a field; the last one may end with a slash and then stands for all that begin so. */
export type FieldPath = readonly string[];

/** What nobody sees who may only look: values of secrets are sealed, but who is known here is nobody's business either. */
const HIDDEN: ReadonlySet<string> = new Set(['Secret', 'Token']);

const LOOK: readonly Verb[] = ['get', 'list', 'watch'];

export const VIEWER: readonly RoleRule[] = [
  ...KINDS.filter(({ kind }) => !HIDDEN.has(kind)).map(({ kind }) => ({ kind, verbs: LOOK })),
  ...KINDS.filter(({ kind, hasStatus }) => hasStatus && !HIDDEN.has(kind)).map(
    ({ kind }): RoleRule => ({ kind, subresource: 'status', verbs: ['get'] }),
  ),
  { kind: 'Pod', subresource: 'log', verbs: ['get'] },
  { kind: 'Execution', subresource: 'output', verbs: ['get'] },
];

const CONTROLS: readonly FieldPath[] = [
  ['spec', 'suspended'],
  ['metadata', 'annotations', 'pipectl.dev/'],
];

/** What an operator may do besides looking. Definitions change in git only, so nobody but an admin may write them here. */
export const OPERATOR: readonly RoleRule[] = [
  { kind: 'Execution', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
  { kind: 'Backfill', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
  { kind: 'CacheEntry', verbs: ['delete', 'deletecollection'] },
  // Suspend, resume, sync and confirm; not where commits come from, nor who may push or must sign.
  { kind: 'Repository', verbs: ['patch'], fields: CONTROLS },
  // Suspend and resume, which is no change of what git says.
  { kind: 'Schedule', verbs: ['patch'], fields: [['metadata', 'annotations', 'pipectl.dev/suspended']] },
];

/** The rule that allows a verb, if one does. */
export function ruleFor(
  rules: readonly RoleRule[],
  wanted: { readonly kind: string; readonly subresource?: string; readonly verb: string },
): RoleRule | undefined {
  return rules.find(
    ({ kind, subresource, verbs }) =>
      kind === wanted.kind && subresource === wanted.subresource && verbs.some((verb) => verb === wanted.verb),
  );
}

/** A Kubernetes PolicyRule. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Rules as Kubernetes has them: what has one API group and the same verbs is one rule. */
export function policyRules(rules: readonly RoleRule[]): readonly PolicyRule[] {
  const joined = new Map<string, { apiGroups: string[]; resources: string[]; verbs: readonly string[] }>();
  for (const { kind, subresource, verbs } of rules) {
    const { group, plural } = KINDS.find((info) => info.kind === kind) as KindInfo;
    const key = `${group} ${verbs.join()}`;
    const rule = joined.get(key) ?? { apiGroups: [group], resources: [], verbs };
    rule.resources.push(subresource === undefined ? plural : `${plural}/${subresource}`);
    joined.set(key, rule);
  }
  return [...joined.values()];
}
