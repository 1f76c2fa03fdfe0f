import { StalledError } from '../../base/index.ts';
import type { ProjectSettings } from '../../compiler/index.ts';

/** Which domains a review looks at. */
export interface DomainChoice {
  /** Named by a person; the first is the one that the report is about. */
  readonly names: readonly string[];
  /** The branch that the change goes to. */
  readonly branch?: string | undefined;
}

export interface ReviewedDomain {
  readonly name: string;
  readonly namespace: string;
}

/**
 * The domains whose schedules a change moves: those that are named, or that track the branch, or the first that tracks
 * any; none when none does. Errors: StalledError NoDomain for a name that the project does not have.
 */
export function domainsOfReview(
  project: ProjectSettings | undefined,
  { names, branch }: DomainChoice,
): readonly ReviewedDomain[] {
  if (project === undefined) return [];
  const all = Object.entries(project.domains);
  for (const name of names) {
    if (Object.hasOwn(project.domains, name)) continue;
    const known = all.map(([domain]) => domain).join(', ');
    throw new StalledError('NoDomain', `project ${project.name} has no domain "${name}": it has ${known || 'none'}`);
  }
  const tracked = all.filter(([, { ref }]) => !ref.includes('*'));
  const meant = tracked.filter(([, { ref }]) => ref === branch);
  const chosen = names.length > 0 ? [...new Set(names)] : (meant.length > 0 ? meant : tracked.slice(0, 1)).map(first);
  return chosen.map((name) => ({ name, namespace: `${project.name}-${name}` }));
}

function first([name]: readonly [string, unknown]): string {
  return name;
}
