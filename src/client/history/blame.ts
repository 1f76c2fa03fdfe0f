import { MAX_BLAMED_COMMITS } from '../../base/index.ts';
import { type CommitIndex, type IndexEntry, PROJECT_FILE } from '../../compiler/index.ts';
import type { Oid } from '../../git/index.ts';
import { IMAGES_LOCK_FILE } from '../../language/index.ts';
import { type CheckoutGit, logCommit } from './checkout-git.ts';

/** The entities of a commit; undefined when it does not compile. Called again and again with the same commits. */
export type IndexReader = (commit: Oid) => Promise<CommitIndex | undefined>;

export type Blame =
  | {
      readonly kind: 'changed';
      /** The commit that made the entity what it is. */
      readonly commit: Oid;
      /** The parent before it, and whether the entity is new since; absent in a first commit. */
      readonly before?: Oid;
      readonly isNew: boolean;
      readonly entry: IndexEntry;
    }
  /** The commit has no such entity. */
  | { readonly kind: 'absent' }
  /** It did not change in as many commits as are looked at, or in as many as a shallow clone has. */
  | { readonly kind: 'beyond'; readonly commit: Oid; readonly entry: IndexEntry };

/**
 * Finds the commit that last changed the meaning of an entity: the first one back from `from` whose closure no parent
 * has. Spelling, comments and files that moved change nothing; a task that a workflow runs changes the workflow. Only
 * commits that touch a file which the entity is made of are compiled.
 */
export async function blameEntity(git: CheckoutGit, readIndex: IndexReader, from: Oid, key: string): Promise<Blame> {
  const start = await readIndex(from);
  const entry = start?.entries.get(key);
  if (start === undefined || entry === undefined) return { kind: 'absent' };
  let at: Oid = from;
  let index: CommitIndex = start;
  for (let looked = 0; looked < MAX_BLAMED_COMMITS; looked += 1) {
    const touched = await lastTouching(git, at, filesOf(index, key));
    if (touched === undefined) return { kind: 'beyond', commit: at, entry };
    const { parents } = await logCommit(git, touched);
    const befores = await Promise.all(parents.map((parent) => compilable(git, readIndex, parent)));
    const same = befores.find((before) => before?.index.entries.get(key)?.digest === entry.digest);
    if (same === undefined) {
      const [first] = befores;
      const isNew = befores.every((before) => before?.index.entries.get(key) === undefined);
      return {
        kind: 'changed',
        commit: touched,
        isNew,
        entry,
        ...(first !== undefined && { before: first.commit }),
      };
    }
    ({ commit: at, index } = same);
  }
  return { kind: 'beyond', commit: at, entry };
}

interface Compiled {
  readonly commit: Oid;
  readonly index: CommitIndex;
}

/** The commit, or its nearest ancestor that compiles: what is broken for a while has no meaning to compare with. */
async function compilable(git: CheckoutGit, readIndex: IndexReader, from: Oid): Promise<Compiled | undefined> {
  let commit: Oid | undefined = from;
  for (let looked = 0; commit !== undefined && looked < MAX_BLAMED_COMMITS; looked += 1) {
    const index = await readIndex(commit);
    if (index !== undefined) return { commit, index };
    const [parent]: readonly Oid[] = (await logCommit(git, commit)).parents;
    commit = parent;
  }
  return undefined;
}

/** Everything that the closure of an entity is made of: its file, those of what it refers to, and source folders. */
function filesOf({ entries }: CommitIndex, key: string): readonly string[] {
  const files = new Set([PROJECT_FILE, IMAGES_LOCK_FILE]);
  const seen = new Set<string>();
  const waiting = [key];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entry = entries.get(next);
    if (entry === undefined || seen.has(next)) continue;
    seen.add(next);
    files.add(entry.file);
    for (const folder of entry.folders) files.add(folder);
    waiting.push(...entry.refs);
  }
  return [...files];
}

async function lastTouching(git: CheckoutGit, from: Oid, paths: readonly string[]): Promise<Oid | undefined> {
  const args = ['--literal-pathspecs', 'rev-list', '-n', '1', '--topo-order', from, '--', ...paths];
  const found = (await git.run(...args)).trim();
  return found === '' ? undefined : found;
}
