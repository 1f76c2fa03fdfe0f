import { type Cluster, kindInfo, type Repository, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import type { Checkout } from './checkout.ts';

export type NamespaceChoice =
  | { readonly kind: 'found'; readonly namespace: string }
  /** Several projects or domains are registered and nothing says which is meant. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] };

/** Kinds that live beside the projects, not in them. */
const SYSTEM_KINDS: ReadonlySet<string> = new Set(['Repository', 'Revision', 'Closure', 'Shard', 'SchedulerState']);

/** The namespace that objects of `kind` always have: '' for cluster-scoped kinds, undefined when it must be chosen. */
export function fixedNamespace(kind: string): string | undefined {
  if (kindInfo(kind)?.namespaced === false) return '';
  return SYSTEM_KINDS.has(kind) ? SYSTEM_NAMESPACE : undefined;
}

/**
 * The namespace meant when none is named: of the checkout around the current folder, else of the kubeconfig's
 * context, else the only one that a repository has made active.
 */
export async function chooseNamespace(
  cluster: Cluster,
  checkout: Checkout | undefined,
  contextNamespace: string | undefined,
): Promise<NamespaceChoice> {
  const own = checkout === undefined ? undefined : namespaceOfCheckout(checkout);
  if (own !== undefined) return { kind: 'found', namespace: own };
  if (contextNamespace !== undefined) return { kind: 'found', namespace: contextNamespace };
  const { items } = await cluster.list<Repository>('Repository', { namespace: SYSTEM_NAMESPACE });
  const candidates = activeNamespaces(items);
  if (candidates.length > 1) return { kind: 'ambiguous', candidates };
  return { kind: 'found', namespace: candidates[0] ?? 'default' };
}

/** `<project>-<domain>` of the domain that tracks the checked-out branch, else of the first that tracks one. */
export function namespaceOfCheckout({ project, branch }: Checkout): string | undefined {
  const tracked = project.domains.filter(({ ref }) => !ref.includes('*'));
  const domain = tracked.find(({ ref }) => ref === branch) ?? tracked[0];
  return domain === undefined ? undefined : `${project.name}-${domain.name}`;
}

/** Namespaces in which a commit is or becomes active, sorted. */
export function activeNamespaces(repositories: readonly Repository[]): string[] {
  const names = repositories.flatMap(({ status }) =>
    Object.entries(status?.domains ?? {})
      .filter(([, domain]) => domain.desired !== undefined || domain.lastApplied !== undefined)
      .map(([name]) => `${status?.project}-${name}`),
  );
  return [...new Set(names)].sort();
}
