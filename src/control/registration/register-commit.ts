import type { Diagnostic } from '../../base/index.ts';
import {
  AlreadyExistsError,
  API_VERSION,
  type Closure,
  type Cluster,
  entryKey,
  findObject,
  LABEL,
  type Repository,
  type Revision,
  SYSTEM_NAMESPACE,
  type Write,
} from '../../cluster/index.ts';
import type { ProjectSettings } from '../../compiler/index.ts';
import { type Commit, type ObjectReader, type Oid, shortOid } from '../../git/index.ts';
import { type ClosureContent, encodeClosure } from '../closures/index.ts';
import { type CleanTrees, type CompiledCommit, compileCommit } from './compile-commit.ts';
import { treeFinding } from './findings.ts';
import type { IndexCache } from './index-cache.ts';
import { advanceIndex, type IndexState } from './index-state.ts';
import type { RegisteredCounts } from './lines.ts';
import { replacedBy } from './register-rejected.ts';

/** A commit to register. */
export interface CommitRequest {
  readonly repository: string;
  readonly ref: string;
  readonly oid: Oid;
  readonly commit: Commit;
  readonly objects: ObjectReader;
  /** Commits that it may be compiled against, nearest first. */
  readonly bases: readonly Oid[];
}

/** A commit that compiled: what storing it takes. */
export interface DraftRevision {
  readonly kind: 'draft';
  readonly revision: Revision;
  readonly contents: readonly ClosureContent[];
  readonly state: IndexState;
  readonly counts: RegisteredCounts;
  readonly diagnostics: readonly Diagnostic[];
}

export type CommitOutcome =
  | DraftRevision
  /** Registered before; `project` as it was then. */
  | { readonly kind: 'known'; readonly revision: Revision }
  | { readonly kind: 'rejected'; readonly diagnostics: readonly Diagnostic[] };

interface Context {
  readonly cluster: Cluster;
  readonly cache: IndexCache;
  readonly clean: CleanTrees;
}

/** Compiles a commit against the nearest base that is registered. Stores nothing. */
export async function draftCommit(context: Context, request: CommitRequest): Promise<CommitOutcome> {
  const { cluster, cache } = context;
  const { repository, oid, commit, objects } = request;
  const known = await findRevision(cluster, repository, oid);
  if (known !== undefined) return { kind: 'known', revision: known };
  const base = await nearestBase(cluster, cache, repository, request.bases);
  const compiled = await compileCommit(
    objects,
    commit.tree,
    base && { tree: base.tree, index: base.state.index },
    context.clean,
  );
  if (compiled.kind === 'rejected') return compiled;
  const from = compiled.isIncremental ? base?.state : undefined;
  const { outcome } = compiled;
  const { state, pages } = advanceIndex(from, compiled.files, outcome);
  const entities = outcome.changed.map(({ kind, name, digest, text }) => ({ of: kind, name, digest, text }));
  return {
    kind: 'draft',
    revision: revisionObject(request, state, outcome.diagnostics),
    contents: [...entities, ...pages],
    state,
    counts: countChanges(compiled, base?.state, state),
    diagnostics: outcome.diagnostics,
  };
}

/** Revision `<repository>-<commit>`, or undefined when that commit is not registered; a rejected one is not. */
export async function findRevision(cluster: Cluster, repository: string, commit: Oid): Promise<Revision | undefined> {
  const name = `${repository}-${commit}`;
  const found = await findObject<Revision>(cluster, { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name });
  return found?.spec.rejected === true ? undefined : found;
}

async function nearestBase(
  cluster: Cluster,
  cache: IndexCache,
  repository: string,
  bases: readonly Oid[],
): Promise<{ readonly tree: Oid; readonly state: IndexState } | undefined> {
  for (const commit of new Set(bases)) {
    const spec = (await findRevision(cluster, repository, commit))?.spec;
    if (spec?.index !== undefined) return { tree: spec.tree, state: await cache.load(spec.index) };
  }
  return undefined;
}

function revisionObject(
  { repository, ref, oid, commit }: CommitRequest,
  state: IndexState,
  diagnostics: readonly Diagnostic[],
): Revision {
  return {
    apiVersion: API_VERSION,
    kind: 'Revision',
    metadata: {
      name: `${repository}-${oid}`,
      namespace: SYSTEM_NAMESPACE,
      labels: { [LABEL.repository]: repository },
    },
    spec: {
      repository,
      commit: oid,
      tree: commit.tree,
      parents: commit.parents,
      author: commit.author,
      committedAt: commit.committedAt,
      subject: commit.subject,
      refs: [ref],
      project: state.index.project.name,
      index: state.root,
      counts: state.counts,
      ...(diagnostics.length > 0 && { diagnostics }),
    },
  };
}

/** Against the base, even when the compiler started anew: people want to know what they changed. */
function countChanges(
  { outcome }: Extract<CompiledCommit, { readonly kind: 'compiled' }>,
  base: IndexState | undefined,
  state: IndexState,
): RegisteredCounts {
  const changed: Record<string, number> = {};
  let total = 0;
  for (const entity of outcome.changed) {
    const { kind, digest } = entity;
    if (base?.index.entries.get(entryKey(entity))?.digest === digest) continue;
    changed[kind] = (changed[kind] ?? 0) + 1;
    total += 1;
  }
  const sum = (counts: IndexState['counts']): number => Object.values(counts).reduce((all, count) => all + count, 0);
  const added = outcome.changed.filter((entity) => !base?.index.entries.has(entryKey(entity))).length;
  return {
    changed,
    unchanged: sum(state.counts) - total,
    removed: sum(base?.counts ?? {}) + added - sum(state.counts),
  };
}

/** Tries of a store that lost a race against another repository that stored the same content. */
const MAX_TRIES = 3;

/**
 * Stores drafts in one durable batch: closures, index pages, revisions, and the repository's claim of its project.
 * Returns why not when the project is not this repository's to name.
 */
export async function storeDrafts(
  cluster: Cluster,
  repository: string,
  drafts: readonly DraftRevision[],
): Promise<Diagnostic | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const claim = await claimProject(cluster, repository, drafts);
    if (claim.kind === 'refused') return claim.diagnostic;
    const contents = new Map(drafts.flatMap((draft) => draft.contents).map((content) => [content.digest, content]));
    const closures = await missing(cluster, [...contents.values()].flatMap(encodeClosure));
    const revisions = new Map(drafts.map(({ revision }) => [revision.metadata.name, revision]));
    const objects = [...closures, ...revisions.values()];
    const replaced = await Promise.all([...revisions.keys()].map((name) => rejectedBefore(cluster, name)));
    const creates = objects.map((object): Write => ({ op: 'create', object }));
    const writes: Write[] = [...claim.writes, ...replaced.flat(), ...creates];
    try {
      await cluster.write(writes);
      return undefined;
    } catch (error) {
      if (!(error instanceof AlreadyExistsError) || attempt >= MAX_TRIES) throw error;
    }
  }
}

/** A commit that was rejected may be good now: a rule, a key or the repository's project has changed. */
async function rejectedBefore(cluster: Cluster, name: string): Promise<readonly Write[]> {
  return replacedBy(await findObject<Revision>(cluster, { kind: 'Revision', namespace: SYSTEM_NAMESPACE, name }));
}

/** Closures that are not stored yet: most of a revert's are. */
async function missing(cluster: Cluster, closures: readonly Closure[]): Promise<Closure[]> {
  const unique = [...new Map(closures.map((closure) => [closure.metadata.name, closure])).values()];
  const found = await Promise.all(
    unique.map(({ metadata }) =>
      findObject(cluster, { kind: 'Closure', namespace: SYSTEM_NAMESPACE, name: metadata.name }),
    ),
  );
  return unique.filter((_, position) => found[position] === undefined);
}

type Claim =
  | { readonly kind: 'claimed'; readonly writes: readonly Write[] }
  | { readonly kind: 'refused'; readonly diagnostic: Diagnostic };

/** A repository's first commit fixes its project, and no two repositories have the same: namespaces hang on it. */
async function claimProject(cluster: Cluster, repository: string, drafts: readonly DraftRevision[]): Promise<Claim> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository };
  const live = await findObject<Repository>(cluster, key);
  const projects = drafts.map(({ state }) => state.index.project);
  const wanted = live?.status?.project ?? projects[0]?.name;
  for (const project of projects) {
    if (project.name === wanted) continue;
    return refused(`this repository is project "${wanted}", not "${project.name}"`, 'keep the name, or push elsewhere');
  }
  if (live?.status?.project !== undefined) return { kind: 'claimed', writes: [] };
  const repositories = await cluster.list<Repository>('Repository', { namespace: SYSTEM_NAMESPACE });
  const owner = repositories.items.find(({ status }) => status?.project === wanted);
  if (owner !== undefined) {
    return refused(`project "${wanted}" belongs to repository ${owner.metadata.name}`, 'choose another metadata.name');
  }
  const created: Write = {
    op: 'create',
    object: {
      apiVersion: API_VERSION,
      kind: 'Repository',
      metadata: { name: repository, namespace: SYSTEM_NAMESPACE },
      spec: { source: { kind: 'push' } },
    },
  };
  const claimed: Write = { op: 'patchStatus', key, patch: { project: wanted ?? null } };
  return { kind: 'claimed', writes: live === undefined ? [created, claimed] : [claimed] };
}

function refused(message: string, help: string): Claim {
  return { kind: 'refused', diagnostic: treeFinding('PIPE-PUSH-001', 'pipectl.yaml', message, help) };
}

/** The settings of a registered commit. */
export async function settingsOf(cache: IndexCache, revision: Revision): Promise<ProjectSettings | undefined> {
  const { index, commit } = revision.spec;
  if (index === undefined) throw new Error(`${shortOid(commit)} has no index`);
  return (await cache.load(index)).index.project;
}
