import { type Clock, type Diagnostic, type Json, type Log, MAX_CLEAN_TREES } from '../../base/index.ts';
import { type Cluster, findObject, type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
import {
  type LandedPush,
  type ObjectReader,
  type Oid,
  type Push,
  type PushHandler,
  type PushVerdict,
  plannedDomain,
  type Refs,
  type RefUpdate,
  type RefusedPush,
  shortOid,
  ZERO_OID,
} from '../../git/index.ts';
import type { ClosureUse } from '../closures/index.ts';
import type { Settled } from '../reconciler/index.ts';
import type { VerifyUpdate } from '../verification/index.ts';
import { peelCommit } from './commit-of.ts';
import type { CleanTrees } from './compile-commit.ts';
import { type Domains, type MovedBranch, moveDomains, trackedBranch } from './domains.ts';
import { headsPatch, isRegistered } from './heads.ts';
import { createIndexCache, type IndexCache } from './index-cache.ts';
import { landedLines } from './landed-lines.ts';
import { branchOf, registeredLines, rejectedLines } from './lines.ts';
import { planPush } from './plan-push.ts';
import { refusedCommits } from './refused-commits.ts';
import { type DraftRevision, draftCommit, findRevision, settingsOf, storeDrafts } from './register-commit.ts';
import { type RejectedCommit, storeRejected } from './register-rejected.ts';

export interface RegistrationOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** The refs of a bare repository as they are now. */
  readonly refs: (repository: string) => Promise<Refs>;
  /** Lets clones of a bare repository that name no branch check out this one; absent: nobody clones. */
  readonly setHead?: (repository: string, branch: string) => Promise<void>;
  /** Reads the objects of a bare repository. */
  readonly objects: (repository: string) => ObjectReader;
  /** Keeps what pushes reuse from being collected meanwhile; absent: nobody collects. */
  readonly use?: ClosureUse;
  /** Waits until a domain shows a commit, so that the pusher is told; see Reconciler. */
  readonly settled: (repository: string, domain: string, commit: string, timeoutMs: number) => Promise<Settled>;
  /** What keeps an update from being accepted as far as signatures go; absent: nobody asks for any. */
  readonly verify?: VerifyUpdate;
}

export interface Registration extends PushHandler {
  /** Makes up for a push whose refs moved while nobody was there to note it. Run at the start, for each repository. */
  resync(repository: string): Promise<void>;
  refused(push: RefusedPush): Promise<void>;
}

interface State extends RegistrationOptions {
  readonly cache: IndexCache;
  readonly clean: CleanTrees;
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Decides on pushes by compiling what they bring, and notes which commits the domains are to show. */
export function createRegistration(options: RegistrationOptions): Registration {
  const { cluster, clock } = options;
  const cache = createIndexCache(cluster, clock);
  const state: State = { ...options, cache, clean: boundedSet(MAX_CLEAN_TREES), oneAtATime: createLine() };
  const reusing = <T>(work: () => Promise<T>): Promise<T> => options.use?.reusing(work) ?? work();
  return {
    decide: (push) => reusing(() => decide(state, push)),
    landed: (push) => landed(state, push),
    refused: (push) => noteRejected(state, () => refusedCommits(push)),
    resync: (repository) => reusing(() => resync(state, repository)),
  };
}

async function decide(state: State, push: Push): Promise<PushVerdict> {
  const drafts: DraftRevision[] = [];
  const lines: string[] = [];
  const rejections: string[] = [];
  const refused: RejectedCommit[] = [];
  const found = await findRepository(state, push.repository);
  if (found?.metadata.deletionTimestamp !== undefined) {
    return rejected([`pipectl: repository ${push.repository} is being removed: push again when it is gone`]);
  }
  if (push.updates.some(({ ref }) => plannedDomain(ref) !== undefined)) return planPush(state, push, found);
  for (const update of push.updates) {
    if (update.after === ZERO_OID || !isRegistered(update.ref)) continue;
    const drafted = await draftUpdate(state, push, update, found, drafts);
    if (drafted.kind === 'rejected') {
      rejections.push(...rejectedLines(update.ref, update.after, drafted.diagnostics));
      refused.push(drafted);
    }
    if (drafted.kind === 'draft') drafts.push(drafted);
    // Nothing refers to it before its ref has moved, which is after this.
    if (drafted.kind === 'draft') state.use?.used(drafted.revision.metadata.name);
    if (drafted.kind === 'known') state.use?.used(`${push.repository}-${drafted.commit}`);
    if (drafted.kind === 'known') lines.push(`pipectl: ${shortOid(drafted.commit)} is registered already`);
  }
  await noteRejected(state, async () => refused);
  if (rejections.length > 0) return rejected(rejections);
  if (drafts.length > 0) {
    // Two repositories must not claim one project at the same time.
    const problem = await state.oneAtATime(() => storeDrafts(state.cluster, push.repository, drafts));
    if (problem !== undefined) {
      const { commit, refs } = (drafts[0] as DraftRevision).revision.spec;
      await noteRejected(state, async () => drafts.map((draft) => refusedDraft(draft, problem)));
      return rejected(rejectedLines(refs[0] ?? '', commit, [problem]));
    }
  }
  for (const draft of drafts) {
    state.cache.keep(draft.state);
    lines.push(...registeredLines(draft.revision.spec.commit, draft.counts, draft.diagnostics));
  }
  return { accepted: true, lines: [...new Set(lines)] };
}

type Drafted =
  | DraftRevision
  | { readonly kind: 'known'; readonly commit: Oid }
  | { readonly kind: 'none' }
  | ({ readonly kind: 'rejected' } & RejectedCommit);

async function draftUpdate(
  state: State,
  push: Push,
  update: RefUpdate,
  stored: Repository | undefined,
  drafts: readonly DraftRevision[],
): Promise<Drafted> {
  const { repository, objects } = push;
  const peeled = await peelCommit(objects, update.after);
  const about = { repository, ref: update.ref };
  if (peeled.kind === 'rejected') return { ...peeled, ...about, oid: update.after, commit: undefined };
  if (peeled.kind === 'other') return { kind: 'none' };
  const { oid, commit } = peeled;
  // Before anything else: a commit that is registered already may come to a ref that asks for more.
  const unsigned = (await state.verify?.(stored, push, update, oid)) ?? [];
  if (unsigned.length > 0) return { kind: 'rejected', diagnostics: unsigned, ...about, oid, commit };
  if (drafts.some(({ revision }) => revision.spec.commit === oid)) return { kind: 'none' };
  const active = Object.values(stored?.status?.domains ?? {}).flatMap(({ desired }) => desired ?? []);
  const bases = [...commit.parents, update.before, ...active];
  const outcome = await draftCommit(state, { ...about, oid, commit, objects, bases });
  if (outcome.kind === 'rejected') return { ...outcome, ...about, oid, commit };
  return outcome.kind === 'known' ? { kind: 'known', commit: oid } : outcome;
}

/** For later reading. The pusher has been told, so what cannot be kept is not worth more than a line in the log. */
async function noteRejected({ cluster, log }: State, find: () => Promise<readonly RejectedCommit[]>): Promise<void> {
  try {
    await storeRejected(cluster, await find());
  } catch (error) {
    log.write('warn', 'a rejected commit could not be noted', { error: String(error) });
  }
}

function refusedDraft({ revision: { spec } }: DraftRevision, problem: Diagnostic): RejectedCommit {
  const { repository, commit: oid, refs, ...commit } = spec;
  return { repository, ref: refs[0] ?? '', oid, commit, diagnostics: [problem] };
}

async function landed(state: State, push: LandedPush): Promise<readonly string[]> {
  const repository = await findRepository(state, push.repository);
  const before = repository?.status?.domains;
  const moved = await Promise.all(push.updates.map((update) => movedBranch(state, push.repository, update)));
  const branches = moved.filter((move) => move !== undefined);
  if (repository === undefined) return [];
  const heads = await registeredHeads(state, push.repository, before, branches);
  const domains = moveDomains(before, branches, (branch) => heads.get(branch));
  const { heads: headsBefore = {} } = repository.status ?? {};
  const isFirst = Object.keys(headsBefore).length === 0;
  const shown = trackedBranch(domains) ?? (isFirst ? branches[0]?.branch : undefined);
  // Before the domains are noted, so that it is done once more after a crash.
  if (shown !== undefined && shown !== trackedBranch(before ?? {})) await state.setHead?.(push.repository, shown);
  await noteRefs(state, push, {
    domains: domainsPatch(before ?? {}, domains),
    heads: await headsPatch(headsBefore, push.updates, state.objects(push.repository)),
  });
  return landedLines(state.settled, push.repository, { before: before ?? {}, after: domains, moved: branches });
}

/** Writes what of a repository's status changed, if anything did. */
async function noteRefs(state: State, { repository }: LandedPush, patches: Record<string, Record<string, Json>>) {
  const changed = Object.entries(patches).filter(([, patch]) => Object.keys(patch).length > 0);
  if (changed.length === 0) return;
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: repository };
  await state.cluster.write([{ op: 'patchStatus', key, patch: Object.fromEntries(changed) }]);
}

async function movedBranch(
  { cluster, cache }: State,
  repository: string,
  { ref, after }: RefUpdate,
): Promise<MovedBranch | undefined> {
  const branch = branchOf(ref);
  if (branch === undefined) return undefined;
  if (after === ZERO_OID) return { branch };
  const revision = await findRevision(cluster, repository, after);
  const project = revision && (await settingsOf(cache, revision));
  return project === undefined ? undefined : { branch, commit: after, project };
}

/** Registered heads of branches that a pushed commit names as tracked and that were not tracked before. */
async function registeredHeads(
  state: State,
  repository: string,
  before: Domains | undefined,
  moved: readonly MovedBranch[],
): Promise<ReadonlyMap<string, Oid>> {
  const tracked = new Set(Object.values(before ?? {}).map(({ ref }) => ref));
  const pushed = new Set(moved.map(({ branch }) => branch));
  const named = moved.flatMap(({ project }) => Object.values(project?.domains ?? {}).map(({ ref }) => ref));
  const wanted = named.filter((ref) => !ref.includes('*') && !tracked.has(ref) && !pushed.has(ref));
  const heads = new Map<string, Oid>();
  if (wanted.length === 0) return heads;
  const refs = await state.refs(repository);
  for (const branch of wanted) {
    const head = refs.get(`refs/heads/${branch}`);
    const isRegistered = head !== undefined && (await findRevision(state.cluster, repository, head)) !== undefined;
    if (isRegistered) heads.set(branch, head);
  }
  return heads;
}

async function resync(state: State, repository: string): Promise<void> {
  const refs = await state.refs(repository);
  const { domains, heads = {} } = (await findRepository(state, repository))?.status ?? {};
  const updates: RefUpdate[] = [];
  for (const [ref, after] of refs) {
    const branch = branchOf(ref);
    if (branch === undefined) continue;
    const tracking = Object.values(domains ?? {}).filter((status) => status.ref === branch);
    const isNoted = Object.hasOwn(heads, ref) && heads[ref] === after;
    if (isNoted && !tracking.some(({ desired }) => desired !== after)) continue;
    updates.push({ ref, before: tracking[0]?.desired ?? ZERO_OID, after });
  }
  for (const ref of Object.keys(heads)) {
    if (!refs.has(ref)) updates.push({ ref, before: heads[ref] as Oid, after: ZERO_OID });
  }
  if (updates.length === 0) return;
  const verdict = await decide(state, { repository, pusher: 'pipectl', updates, objects: state.objects(repository) });
  const level = verdict.accepted ? 'info' : 'error';
  state.log.write(level, 'refs moved while nobody watched', { repository, lines: verdict.lines });
  if (verdict.accepted) await landed(state, { repository, updates });
}

function findRepository({ cluster }: State, name: string): Promise<Repository | undefined> {
  return findObject<Repository>(cluster, { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name });
}

/** A rejection says so once, at its end, whatever the number of refs. */
function rejected(lines: readonly string[]): PushVerdict {
  return { accepted: false, lines: [...lines, 'pipectl: rejected, nothing was changed'] };
}

/** The merge patch from one set of domains to the next. */
function domainsPatch(before: Domains, after: Domains): Record<string, Json> {
  const patch: Record<string, Json> = Object.create(null);
  for (const [name, next] of Object.entries(after)) {
    const old = before[name];
    const change: Record<string, Json> = {};
    if (old?.ref !== next.ref) change.ref = next.ref;
    if (old?.desired !== next.desired) change.desired = next.desired ?? null;
    if (old?.message !== next.message) change.message = next.message ?? null;
    if (Object.keys(change).length > 0) patch[name] = change;
  }
  return patch;
}

/** A set that forgets its oldest member when full. */
function boundedSet(limit: number): { has(value: string): boolean; add(value: string): Set<string> } {
  const values = new Set<string>();
  return {
    has: (value) => values.has(value),
    add(value) {
      if (values.size >= limit) values.delete(values.values().next().value as string);
      return values.add(value);
    },
  };
}

/** Runs one piece of work after the other. */
function createLine(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work, work);
    last = run.catch(() => undefined);
    return run;
  };
}
