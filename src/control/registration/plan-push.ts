import type { Diagnostic } from '../../base/index.ts';
import {
  ANNOTATION,
  type Cluster,
  type EntityEntry,
  listEntities,
  loadIndexRoot,
  planLines,
  type Repository,
} from '../../cluster/index.ts';
import type { ProjectSettings } from '../../compiler/index.ts';
import { type Push, type PushVerdict, plannedDomain, shortOid, ZERO_OID } from '../../git/index.ts';
import { plainText } from '../../language/index.ts';
import { planCommit, summarisePlan } from '../reconciler/index.ts';
import type { VerifyUpdate } from '../verification/index.ts';
import { peelCommit } from './commit-of.ts';
import { rejectedLines } from './lines.ts';
import { type CommitOutcome, draftCommit } from './register-commit.ts';

/** What registration drafts with, and asks for signatures. */
type PlanContext = Parameters<typeof draftCommit>[0] & { readonly verify?: VerifyUpdate };

/**
 * Answers a push that asks for a plan: compiles its commits as a push would, and tells what the reconciler would do.
 * Nothing is stored, so the verdict is always no; its last line says whether that is a plan or a refusal.
 */
export async function planPush(
  context: PlanContext,
  push: Push,
  repository: Repository | undefined,
): Promise<PushVerdict> {
  const lines: string[] = [];
  for (const { ref, before, after } of push.updates) {
    const domain = plannedDomain(ref);
    if (domain === undefined || after === ZERO_OID) continue;
    const planned = await planUpdate(context, push, repository, { ref, before, after, domain });
    lines.push(...planned.lines);
    if (planned.kind === 'refused')
      return { accepted: false, lines: [...lines, 'pipectl: rejected, there is no plan'] };
  }
  return { accepted: false, lines: [...lines, 'pipectl: this was a plan, nothing was changed'] };
}

interface Planned {
  readonly kind: 'planned' | 'refused';
  readonly lines: readonly string[];
}

async function planUpdate(
  context: PlanContext,
  push: Push,
  repository: Repository | undefined,
  update: { readonly ref: string; readonly before: string; readonly after: string; readonly domain: string },
): Promise<Planned> {
  const { ref, after, domain } = update;
  const peeled = await peelCommit(push.objects, after);
  if (peeled.kind === 'rejected') return refused(rejectedLines(ref, after, peeled.diagnostics));
  if (peeled.kind === 'other') return refused([`pipectl: ${shortOid(after)} is no commit`]);
  const { oid, commit } = peeled;
  const unsigned = await unsignedFindings(context, push, repository, { domain, commit: oid });
  if (unsigned.length > 0) return refused(rejectedLines(ref, oid, unsigned));
  const active = Object.values(repository?.status?.domains ?? {}).flatMap(({ desired }) => desired ?? []);
  const outcome = await draftCommit(context, {
    repository: push.repository,
    ref,
    oid,
    commit,
    objects: push.objects,
    bases: [...commit.parents, ...active],
  });
  if (outcome.kind === 'rejected') return refused(rejectedLines(ref, oid, outcome.diagnostics));
  const found = await definitionsOf(context.cluster, outcome);
  if (found === undefined) return refused([`pipectl: ${shortOid(oid)} was rejected before: push it to learn why`]);
  const { project, entries } = found;
  const problem = problemOf(repository, project, domain);
  if (problem !== undefined) return refused([`pipectl: ${problem}`]);
  const confirmed = repository?.metadata.annotations?.[ANNOTATION.pruneConfirmed];
  const namespace = `${project.name}-${domain}`;
  const request = { cluster: context.cluster, repository: push.repository, namespace, domain };
  const plan = await planCommit({ ...request, ...(confirmed !== undefined && { confirmed }) }, oid, entries);
  return { kind: 'planned', lines: planLines(summarisePlan(namespace, plan)) };
}

/** What the branch that the domain tracks would ask of the commit. */
async function unsignedFindings(
  { verify }: PlanContext,
  push: Push,
  repository: Repository | undefined,
  { domain, commit }: { readonly domain: string; readonly commit: string },
): Promise<readonly Diagnostic[]> {
  const domains = repository?.status?.domains ?? {};
  const status = Object.hasOwn(domains, domain) ? domains[domain] : undefined;
  if (verify === undefined || status === undefined) return [];
  const moved = { ref: `refs/heads/${status.ref}`, before: status.desired ?? ZERO_OID, after: commit };
  return verify(repository, { ...push, updates: [moved] }, moved, commit);
}

function refused(lines: readonly string[]): Planned {
  return { kind: 'refused', lines };
}

/** The definitions that a commit would make active, whether it was registered before or just compiled. */
async function definitionsOf(
  cluster: Cluster,
  outcome: Exclude<CommitOutcome, { readonly kind: 'rejected' }>,
): Promise<{ readonly project: ProjectSettings; readonly entries: readonly EntityEntry[] } | undefined> {
  if (outcome.kind === 'draft') {
    const { project, entries } = outcome.state.index;
    return { project, entries: [...entries.values()] };
  }
  const { index } = outcome.revision.spec;
  if (index === undefined) return undefined;
  const { project } = await loadIndexRoot(cluster, index);
  return { project: project as unknown as ProjectSettings, entries: await listEntities(cluster, index) };
}

function problemOf(repository: Repository | undefined, project: ProjectSettings, domain: string): string | undefined {
  const owned = repository?.status?.project ?? project.name;
  if (owned !== project.name) return `this repository is project "${owned}", not "${project.name}"`;
  if (!Object.hasOwn(project.domains, domain)) {
    const names = Object.keys(project.domains).map((name) => plainText(name));
    return `the commit has no domain "${plainText(domain)}", but ${names.join(', ')}`;
  }
  return project.domains[domain]?.ref.includes('*') === true
    ? `domain ${domain} registers only, so nothing of it is ever applied`
    : undefined;
}
