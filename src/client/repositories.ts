import {
  type Cluster,
  type Condition,
  type DomainStatus,
  findObject,
  type PlanSummary,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../cluster/index.ts';
import type { Checkout } from './checkout.ts';
import { listAll } from './follow.ts';

export type RepositoryChoice =
  | { readonly kind: 'found'; readonly repository: Repository }
  /** There is none of this name, or none at all; `names` are those that there are. */
  | { readonly kind: 'none'; readonly names: readonly string[] }
  /** Several are there and nothing says which is meant. */
  | { readonly kind: 'ambiguous'; readonly names: readonly string[] };

/** The repository called `name`; without a name the one of the checkout's project, of a namespace, or the only one. */
export async function chooseRepository(
  cluster: Cluster,
  { name, checkout, namespace }: { readonly name?: string; readonly checkout?: Checkout; readonly namespace?: string },
): Promise<RepositoryChoice> {
  const repositories = await listRepositories(cluster);
  const names = repositories.map(({ metadata }) => metadata.name);
  const only = repositories.length === 1 ? repositories[0] : undefined;
  const found =
    name !== undefined
      ? repositories.find(({ metadata }) => metadata.name === name)
      : namespace !== undefined
        ? repositories.find((repository) => domainIn(repository, namespace) !== undefined)
        : checkout === undefined
          ? only
          : repositories.find(({ status }) => status?.project === checkout.project.name);
  if (found !== undefined) return { kind: 'found', repository: found };
  return name === undefined && namespace === undefined && checkout === undefined && names.length > 1
    ? { kind: 'ambiguous', names }
    : { kind: 'none', names };
}

/** All repositories, by name. */
export async function listRepositories(cluster: Cluster): Promise<readonly Repository[]> {
  const { items } = await listAll<Repository>(cluster, 'Repository', { namespace: SYSTEM_NAMESPACE });
  return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The repository of this name, or undefined. */
export function findRepository(cluster: Cluster, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}

export interface Domain {
  readonly name: string;
  /** `<project>-<domain>`. */
  readonly namespace: string;
  readonly status: DomainStatus;
}

/** The domains of a repository that track a branch, in the order of the project. */
export function trackedDomains({ status }: Repository): readonly Domain[] {
  return Object.entries(status?.domains ?? {}).flatMap(([name, domain]) =>
    domain.ref === '' || domain.ref.includes('*')
      ? []
      : [{ name, namespace: `${status?.project}-${name}`, status: domain }],
  );
}

/** The domain of a repository whose namespace this is. */
export function domainIn(repository: Repository, namespace: string): Domain | undefined {
  const { project, domains = {} } = repository.status ?? {};
  const found = Object.entries(domains).find(([name]) => `${project}-${name}` === namespace);
  return found === undefined ? undefined : { name: found[0], namespace, status: found[1] };
}

/** One of a repository's conditions. */
export function conditionOf({ status }: Repository, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Whether every tracked domain shows what its ref does. */
export function isSettled(repository: Repository): boolean {
  return trackedDomains(repository).every(
    ({ status }) => status.desired === undefined || status.desired === status.lastApplied,
  );
}

export interface PlanOptions {
  readonly cluster: Cluster;
  readonly repository: Repository;
  /** Of a domain of the repository. */
  readonly namespace: string;
  readonly commit: string;
}

/** Tells what making a registered commit active would change. Errors: StalledError `RevisionMissing`. */
export type Planner = (options: PlanOptions) => Promise<PlanSummary>;
