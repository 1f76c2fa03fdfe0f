import type { DomainStatus } from '../../cluster/index.ts';
import type { ProjectSettings } from '../../compiler/index.ts';

/** A branch that moved, with the settings of the commit it shows now; both absent when it is gone. */
export interface MovedBranch {
  readonly branch: string;
  readonly commit?: string;
  readonly project?: ProjectSettings;
}

export type Domains = Readonly<Record<string, DomainStatus>>;

/**
 * The domains after branches moved. Which branch a domain tracks is said by `pipectl.yaml` of the commit on a branch
 * that is tracked already, or by the first push of all: a push to any other branch cannot make itself active.
 * `headOf` tells the registered head of a branch that was not pushed but is newly tracked.
 */
export function moveDomains(
  before: Domains | undefined,
  moved: readonly MovedBranch[],
  headOf: (branch: string) => string | undefined,
): Domains {
  let domains = before ?? {};
  let isFirst = before === undefined || Object.keys(before).length === 0;
  const pushed = new Map(moved.map(({ branch, commit }) => [branch, commit]));
  // A branch that becomes tracked by this push may be part of it.
  const head = (branch: string): string | undefined => (pushed.has(branch) ? pushed.get(branch) : headOf(branch));
  for (const move of tracksItself(moved)) {
    const isTracked = Object.values(domains).some(({ ref }) => ref === move.branch);
    if (!isTracked && !isFirst) continue;
    if (move.project !== undefined && move.commit !== undefined) {
      domains = declared(domains, move.project, head);
      isFirst = false;
    }
    domains = pointed(domains, move);
  }
  return domains;
}

/** The first branch that a domain tracks. */
export function trackedBranch(domains: Domains): string | undefined {
  return Object.values(domains).find(({ ref }) => ref !== '' && !ref.includes('*'))?.ref;
}

/** Of a first push of several branches, the one that its own settings track decides. */
function tracksItself(moved: readonly MovedBranch[]): readonly MovedBranch[] {
  const rank = ({ branch, project }: MovedBranch): number =>
    Object.values(project?.domains ?? {}).some(({ ref }) => ref === branch) ? 0 : 1;
  return [...moved].sort((a, b) => rank(a) - rank(b));
}

/** Domains as the project says. One that it no longer names has an empty ref: the reconciler empties and forgets it. */
function declared(domains: Domains, project: ProjectSettings, headOf: (branch: string) => string | undefined): Domains {
  const next: Record<string, DomainStatus> = Object.create(null);
  for (const [name, { ref }] of Object.entries(project.domains)) {
    const old = Object.hasOwn(domains, name) ? domains[name] : undefined;
    const { desired: _, ...rest } = old ?? { ref };
    const desired = old?.ref === ref ? old.desired : ref.includes('*') ? undefined : headOf(ref);
    next[name] = { ...rest, ref, ...(desired !== undefined && { desired }) };
  }
  for (const [name, old] of Object.entries(domains)) {
    if (Object.hasOwn(project.domains, name)) continue;
    const { desired: _, ...rest } = old;
    next[name] = { ...rest, ref: '' };
  }
  return next;
}

/** Whether the domain says that the branch which it tracks is gone. */
export function isGone({ ref, message }: DomainStatus): boolean {
  return message === goneMessage(ref);
}

function goneMessage(branch: string): string {
  return `the branch ${branch} is gone: the last applied commit stays active until it is back`;
}

/** Domains that track the branch want its commit. A branch that is gone leaves them as they are. */
function pointed(domains: Domains, { branch, commit }: MovedBranch): Domains {
  const next: Record<string, DomainStatus> = Object.create(null);
  for (const [name, status] of Object.entries(domains)) {
    if (status.ref !== branch) next[name] = status;
    else if (commit === undefined) next[name] = { ...status, message: goneMessage(branch) };
    else {
      const { message, ...rest } = status;
      // What the reconciler says stays until it says something else. It has nothing to say of a commit that is active.
      next[name] = { ...rest, ...(message !== undefined && !isGone(status) && { message }), desired: commit };
    }
  }
  return next;
}
