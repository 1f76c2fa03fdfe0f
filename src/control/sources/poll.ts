import { MAX_REMEMBERED_REFS, MAX_REMOTE_REFS } from '../../base/index.ts';
import type { RemoteSource, Repository, Secrets } from '../../cluster/index.ts';
import {
  type Fetched,
  type FetchRefs,
  type ListRefs,
  type Oid,
  type ProxyFor,
  type PushHandler,
  type Refs,
  type RefUpdate,
  type Remote,
  RemoteError,
  type RemoteRefs,
  ZERO_OID,
} from '../../git/index.ts';
import { openRemote } from './credentials.ts';
import type { Lanes } from './lanes.ts';
import { followedRefs, observationDigest, updatesBetween } from './observe-refs.ts';
import type { Rejection } from './status.ts';

export interface PollContext {
  readonly secrets: Secrets;
  /** The proxy for a remote that names none itself. */
  readonly proxyFor: ProxyFor;
  readonly list: ListRefs;
  readonly fetch: FetchRefs;
  /** The refs of our copy. */
  readonly localRefs: (repository: string) => Promise<Refs>;
  /** Decides on what was fetched, and notes what moved. */
  readonly handler: PushHandler;
  /** Runs work on a repository while nobody else moves its refs. */
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  /** Where work runs that takes processes. */
  readonly lanes: Lanes;
  /** The repository is not to be followed any more: what was not landed by then never is. */
  readonly signal: AbortSignal;
}

/** What is known of a repository from earlier polls. */
export interface PollMemory {
  /** Ref → what was rejected there and why, for as long as it stays. */
  readonly rejected: Map<string, Rejection>;
  /** What our refs were after the last poll: nobody else moves them, and asking git takes a process. */
  readonly local: { refs: Refs | undefined };
  /** Look at everything again, what was rejected as well. */
  readonly isForced: boolean;
  /** The last poll failed: work that may fail again stays in a lane of its own. */
  readonly isFailing: boolean;
}

export type PollResult =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'observed';
      readonly observed: string;
      readonly count: number;
      readonly moved: number;
      /** What the remote cannot do; see Fetched. */
      readonly notes: readonly string[];
      readonly rejections: readonly Rejection[];
    };

/**
 * Asks a remote for its refs and, when they are not those that were dealt with last, fetches and decides what differs,
 * one ref after the other: a branch that is rejected holds up no other. Errors: RemoteError, and what deciding throws.
 */
export async function pollRemote(
  context: PollContext,
  repository: Repository,
  source: RemoteSource,
  memory: PollMemory,
): Promise<PollResult> {
  const remote = await openRemote(context, source);
  const listed = await listRefs(context, remote, memory);
  const wanted = followedRefs(listed, source.refs);
  if (wanted.size > MAX_REMOTE_REFS) {
    const message = `the remote has ${wanted.size} refs to follow, more than ${MAX_REMOTE_REFS}: name fewer in spec.source.refs`;
    throw new RemoteError('TooManyRefs', message);
  }
  const observed = observationDigest(repository.spec, wanted);
  const known = repository.status?.source;
  if (known?.observed === observed && known.failures === undefined && !memory.isForced) return { kind: 'unchanged' };
  forgetRejected(memory, wanted);
  const { moved, notes } = await takeOver(context, repository, remote, { listed, wanted, memory });
  return { kind: 'observed', observed, count: wanted.size, moved, notes, rejections: [...memory.rejected.values()] };
}

/** Over HTTP it takes no process, so a remote that hangs costs nothing but its socket. */
function listRefs({ lanes, list, signal }: PollContext, remote: Remote, memory: PollMemory): Promise<RemoteRefs> {
  const { scheme } = remote.url;
  if (scheme === 'https' || scheme === 'http') return list(remote, signal);
  return lanes.run(groupOf(remote, memory), () => list(remote, signal));
}

function groupOf({ url }: Remote, { isFailing }: PollMemory): string {
  return isFailing ? 'failing' : `host ${url.host}`;
}

function forgetRejected({ rejected, isForced }: PollMemory, wanted: Refs): void {
  for (const [ref, { oid }] of rejected) if (isForced || wanted.get(ref) !== oid) rejected.delete(ref);
}

interface Task {
  readonly listed: RemoteRefs;
  readonly wanted: Refs;
  readonly memory: PollMemory;
}

/** Makes our refs those of the remote, as far as they are accepted. Returns how many moved, and what the remote cannot do. */
async function takeOver(
  context: PollContext,
  repository: Repository,
  remote: Remote,
  { listed, wanted, memory }: Task,
): Promise<{ readonly moved: number; readonly notes: readonly string[] }> {
  const { name } = repository.metadata;
  const { head } = listed;
  const tagsFirst = repository.spec.verify?.mode === 'tag';
  const rejected = new Map<string, Oid>([...memory.rejected].map(([ref, { oid }]) => [ref, oid]));
  const local = memory.local.refs ?? (await context.localRefs(name));
  // Until all went well: whoever doubts asks git.
  memory.local.refs = undefined;
  const updates = updatesBetween(local, wanted, { tagsFirst, rejected, ...(head !== undefined && { head }) });
  if (updates.length === 0 || context.signal.aborted) {
    keepLocal(memory, local, []);
    return { moved: 0, notes: [] };
  }
  const refs = updates.flatMap(({ ref, after }) => (after === ZERO_OID ? [] : [ref]));
  const fetched = await context.lanes.run(groupOf(remote, memory), () =>
    context.fetch(name, remote, refs, context.signal),
  );
  const moved: RefUpdate[] = [];
  try {
    await context.inTurn(name, async () => {
      if (context.signal.aborted) return;
      const isEarly = ({ ref }: RefUpdate): boolean => tagsFirst && ref.startsWith('refs/tags/');
      for (const part of [updates.filter(isEarly), updates.filter((update) => !isEarly(update))]) {
        moved.push(...(await takePart(context, name, fetched, part, memory.rejected)));
      }
    });
    noteFailed(fetched, updates, memory.rejected);
    keepLocal(memory, local, moved);
  } finally {
    await fetched.close();
  }
  return { moved: moved.length, notes: fetched.notes };
}

function keepLocal({ local }: PollMemory, before: Refs, moved: readonly RefUpdate[]): void {
  if (before.size + moved.length > MAX_REMEMBERED_REFS) return;
  const refs = new Map(before);
  for (const { ref, after } of moved) {
    if (after === ZERO_OID) refs.delete(ref);
    else refs.set(ref, after);
  }
  local.refs = refs;
}

/** Objects that git will not have stay what they are: that is a rejection. For another reason it is worth trying again. */
function noteFailed({ failed }: Fetched, updates: readonly RefUpdate[], rejected: Map<string, Rejection>): void {
  for (const [ref, error] of failed) {
    if (error.reason !== 'ObjectsRefused' && error.reason !== 'TooLarge') throw error;
    const oid = updates.find((update) => update.ref === ref)?.after ?? ZERO_OID;
    rejected.set(ref, { ref, oid, lines: [error.message] });
  }
}

/** Decides each of the updates, then lands those that were accepted; also when deciding one of them failed. */
async function takePart(
  { handler }: PollContext,
  repository: string,
  fetched: Fetched,
  updates: readonly RefUpdate[],
  rejected: Map<string, Rejection>,
): Promise<readonly RefUpdate[]> {
  const accepted: RefUpdate[] = [];
  try {
    for (const update of updates) {
      const after = update.after === ZERO_OID ? ZERO_OID : fetched.refs.get(update.ref);
      if (after === undefined || after === update.before) continue;
      const moving = { ...update, after };
      const push = { repository, pusher: REMOTE_PUSHER, updates: [moving], objects: fetched.objects };
      const verdict = await handler.decide(push);
      if (verdict.accepted) accepted.push(moving);
      else rejected.set(update.ref, { ref: update.ref, oid: after, lines: verdict.lines });
    }
  } finally {
    if (accepted.length > 0) {
      await fetched.land(accepted);
      await handler.landed({ repository, updates: accepted });
    }
  }
  return accepted;
}

/** Whom a commit of a remote comes from, where a push has the name of its token. */
const REMOTE_PUSHER = 'remote';
