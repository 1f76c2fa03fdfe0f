import {
  type Diagnostic,
  MAX_COMMIT_BYTES,
  MAX_VERIFIED_COMMITS,
  MAX_VERIFIED_TAGS,
  MAX_VERIFY_PROCESSES,
  MAX_VERIFY_WALK,
} from '../../base/index.ts';
import type { Repository } from '../../cluster/index.ts';
import {
  matchesAnyRef,
  type ObjectReader,
  type Oid,
  type OpenSignatures,
  type Push,
  parseCommit,
  parseTag,
  type Refs,
  type RefUpdate,
  type SignatureSession,
  type Signed,
  shortOid,
  signedCommit,
  signedTag,
  ZERO_OID,
} from '../../git/index.ts';
import { newCommits } from './new-commits.ts';

export interface VerifierOptions {
  readonly open: OpenSignatures;
  /** The refs of a bare repository as they are now. */
  readonly refs: (repository: string) => Promise<Refs>;
}

/**
 * What keeps an update from being accepted, as far as signatures go: nothing where the repository asks for none.
 * `commit` is what the ref would show. Errors: StalledError when signatures cannot be checked here.
 */
export type VerifyUpdate = (
  repository: Repository | undefined,
  push: Pick<Push, 'repository' | 'objects' | 'updates'>,
  update: RefUpdate,
  commit: Oid,
) => Promise<readonly Diagnostic[]>;

/** Asks for the signatures that Repository.spec.verify wants. */
export function createVerifier({ open, refs }: VerifierOptions): VerifyUpdate {
  return async (repository, push, update, commit) => {
    const rule = repository?.spec.verify;
    if (repository === undefined || rule === undefined) return [];
    if (rule.refs !== undefined && !matchesAnyRef(rule.refs, update.ref)) return [];
    const session = await open(rule);
    try {
      const current = await refs(push.repository);
      const task: Task = { repository, patterns: rule.refs, refs: current, push, update, commit, session };
      switch (rule.mode) {
        case 'head':
          return findings([await commitFault(session, push.objects, commit)]);
        case 'tag':
          return findings([await tagFault(task)]);
        case 'every-commit':
          return findings(await newCommitFaults(task));
      }
    } finally {
      await session.close();
    }
  };
}

interface Task {
  readonly repository: Repository;
  /** Of refs that are verified; undefined: all. */
  readonly patterns: readonly string[] | undefined;
  /** What the repository shows now. */
  readonly refs: Refs;
  readonly push: Pick<Push, 'repository' | 'objects' | 'updates'>;
  readonly update: RefUpdate;
  readonly commit: Oid;
  readonly session: SignatureSession;
}

async function commitFault(session: SignatureSession, objects: ObjectReader, oid: Oid): Promise<string | undefined> {
  const result = await objects.read(oid, MAX_COMMIT_BYTES);
  if (result.kind !== 'found') return `commit ${shortOid(oid)} cannot be read`;
  return commitBytesFault(session, oid, result.bytes);
}

function commitBytesFault(session: SignatureSession, oid: Oid, bytes: Uint8Array): Promise<string | undefined> {
  const at = parseCommit(bytes)?.committedAt ?? EPOCH;
  return signedFault(session, `commit ${shortOid(oid)}`, signedCommit(bytes), at);
}

const EPOCH = '1970-01-01T00:00:00Z';

async function signedFault(
  session: SignatureSession,
  what: string,
  signed: Signed | 'unsigned' | 'unreadable',
  at: string,
): Promise<string | undefined> {
  if (signed === 'unsigned') return `${what} is not signed`;
  if (signed === 'unreadable') return `${what} is signed in a way that is not understood`;
  const answer = await session.check(signed, at);
  return answer.kind === 'good' ? undefined : `${what} is signed, but the signature ${answer.reason}`;
}

/** A tag must be signed itself; a branch may show a commit that a signed tag names, of this push or an earlier one. */
async function tagFault(task: Task): Promise<string | undefined> {
  const { push, update, commit, session } = task;
  if (update.ref.startsWith('refs/tags/')) return oneTagFault(session, push.objects, update.after);
  const faults: string[] = [];
  for (const oid of await tagsOf(task)) {
    const fault = await oneTagFault(session, push.objects, oid);
    if (fault === undefined) return undefined;
    faults.push(fault);
  }
  return faults[0] ?? `commit ${shortOid(commit)} has no tag: sign one and push it with the branch`;
}

async function oneTagFault(session: SignatureSession, objects: ObjectReader, oid: Oid): Promise<string | undefined> {
  const result = await objects.read(oid, MAX_COMMIT_BYTES);
  if (result.kind !== 'found') return `tag ${shortOid(oid)} cannot be read`;
  if (result.type !== 'tag') return `the tag of ${shortOid(oid)} is only a name: nothing in it can be signed`;
  const at = taggedAt(result.bytes);
  return signedFault(session, `tag ${shortOid(oid)}`, signedTag(result.bytes), at);
}

/** When a tag says that it was made. */
function taggedAt(bytes: Uint8Array): string {
  const head =
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n\n', 1)[0] ?? '';
  const seconds = Number(/^tagger .* (\d{1,11}) [+-]\d+$/m.exec(head)?.[1] ?? 0);
  return new Date(seconds * 1_000).toISOString().slice(0, 19).concat('Z');
}

/** Tag objects that name the commit: those that the push brings, then those that are noted. */
async function tagsOf({ repository, refs, push, commit }: Task): Promise<readonly Oid[]> {
  const brought = push.updates.filter(({ ref, after }) => ref.startsWith('refs/tags/') && after !== ZERO_OID);
  const noted = Object.entries(repository.status?.heads ?? {}).filter(
    ([ref, oid]) => ref.startsWith('refs/tags/') && oid === commit,
  );
  const known = noted.slice(0, MAX_VERIFIED_TAGS).flatMap(([ref]) => refs.get(ref) ?? []);
  const candidates = [...brought.map(({ after }) => after), ...known];
  const tags: Oid[] = [];
  for (const oid of candidates) {
    const result = await push.objects.read(oid, MAX_COMMIT_BYTES);
    if (result.kind === 'found' && result.type === 'tag' && parseTag(result.bytes)?.object === commit) tags.push(oid);
  }
  return tags;
}

/**
 * Faults of the commits that no ref has yet that is verified too: what hides behind another branch was never looked at.
 * The first of all that a repository shows is where its history begins for us: what stands behind it was made before
 * anybody could ask for signatures, and its head vouches for it.
 */
async function newCommitFaults(task: Task): Promise<readonly (string | undefined)[]> {
  const { push, commit, session } = task;
  const known = verifiedHeads(task);
  if (known.length === 0) return [await commitFault(session, push.objects, commit)];
  const bounds = { commits: MAX_VERIFIED_COMMITS, reads: MAX_VERIFY_WALK };
  const found = await newCommits(push.objects, commit, known, bounds);
  if (found.kind === 'tooMany') {
    return [`more than ${MAX_VERIFIED_COMMITS} commits would have to be checked: push them in parts`];
  }
  const faults: (string | undefined)[] = [];
  const left = [...found.commits];
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined && faults.length < MAX_FAULTS; next = left.pop()) {
      const fault = await commitBytesFault(session, next.oid, next.bytes);
      if (fault !== undefined) faults.push(fault);
    }
  };
  await Promise.all(Array.from({ length: MAX_VERIFY_PROCESSES }, work));
  return faults;
}

function verifiedHeads({ repository, patterns, refs, update }: Task): readonly Oid[] {
  const noted = Object.entries(repository.status?.heads ?? {});
  const branches = [...refs].filter(([ref]) => ref.startsWith('refs/heads/'));
  const isVerified = ([ref]: readonly [string, Oid]): boolean => patterns === undefined || matchesAnyRef(patterns, ref);
  const heads = [...noted.filter(([ref]) => refs.has(ref)), ...branches].filter(isVerified).map(([, oid]) => oid);
  const before = update.before === ZERO_OID || update.ref.startsWith('refs/tags/') ? [] : [update.before];
  return [...new Set([...heads, ...before])];
}

/** Faults of one push that are told. */
const MAX_FAULTS = 20;

function findings(faults: readonly (string | undefined)[]): readonly Diagnostic[] {
  return faults.flatMap((message) =>
    message === undefined
      ? []
      : [
          {
            code: 'PIPE-PUSH-002',
            severity: 'error' as const,
            message,
            help: 'sign with a key that spec.verify of the Repository names: git commit -S, git tag -s',
          },
        ],
  );
}
