import { StalledError } from '../../base/index.ts';
import type { ProjectSettings } from '../../compiler/index.ts';

/** Which domain a review looks at. */
export interface DomainChoice {
  /** Named by a person. */
  readonly name?: string | undefined;
  /** The branch that the change goes to. */
  readonly branch?: string | undefined;
}

/**
 * The domain whose schedules a change moves: the one that is named, or that tracks the branch, or the first that tracks
 * any; undefined when none does. Errors: StalledError NoDomain for a name that the project does not have.
 */
export function domainOfReview(
  project: ProjectSettings | undefined,
  { name, branch }: DomainChoice,
): { readonly name: string; readonly namespace: string } | undefined {
  if (project === undefined) return undefined;
  const all = Object.entries(project.domains);
  if (name !== undefined && !Object.hasOwn(project.domains, name)) {
    const known = all.map(([domain]) => domain).join(', ');
    throw new StalledError('NoDomain', `project ${project.name} has no domain "${name}": it has ${known || 'none'}`);
  }
  const tracked = all.filter(([, { ref }]) => !ref.includes('*'));
  const [found] = name === undefined ? (tracked.find(([, { ref }]) => ref === branch) ?? tracked[0] ?? []) : [name];
  return found === undefined ? undefined : { name: found, namespace: `${project.name}-${found}` };
}
