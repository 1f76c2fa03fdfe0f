import { plainKey } from '../base/index.ts';
import { type BucketMap, bucketMap } from './bucket-map.ts';
import type { CommitIndex, IndexEntry, ProjectSettings } from './contract.ts';

/** What a commit's index answers beside "which entity has this name": all of it follows from the entries. */
export interface IndexViews {
  readonly entries: BucketMap<IndexEntry>;
  /** File → keys of the entities in it. */
  readonly byFile: BucketMap<readonly string[]>;
  /** Key → keys of the entities that refer to it. */
  readonly dependents: BucketMap<readonly string[]>;
  /** Source folder → keys of the tasks whose closure holds its tree id. */
  readonly byFolder: BucketMap<readonly string[]>;
  /** Plain key → keys of the entities that are for some domains only; empty for most commits. */
  readonly variants: BucketMap<readonly string[]>;
  /** Keys of the entities that read `domain`. */
  readonly valueReaders: ReadonlySet<string>;
  /** Keys of the policies: every other entity is judged by them. */
  readonly policies: ReadonlySet<string>;
}

/** Of nearly all commits: one for all of them. */
const NO_VARIANTS: BucketMap<readonly string[]> = bucketMap([]);

const VIEWS = new WeakMap<CommitIndex, IndexViews>();

/** The views of an index: those it was made with, else built once from all entries and kept as long as the index is. */
export function viewsOf(index: CommitIndex): IndexViews {
  const kept = VIEWS.get(index);
  if (kept !== undefined) return kept;
  const byFile = new Map<string, string[]>();
  const dependents = new Map<string, string[]>();
  const byFolder = new Map<string, string[]>();
  const variants = new Map<string, string[]>();
  const valueReaders = new Set<string>();
  const policies = new Set<string>();
  for (const [key, entry] of index.entries) {
    if (entry.kind === 'Policy') policies.add(key);
    if (entry.domains !== undefined) append(variants, plainKey(key), key);
    if (entry.values !== undefined) valueReaders.add(key);
    append(byFile, entry.file, key);
    for (const ref of entry.refs) append(dependents, ref, key);
    for (const folder of entry.folders) append(byFolder, folder, key);
  }
  const views: IndexViews = {
    entries: bucketMap(index.entries),
    byFile: bucketMap(byFile),
    dependents: bucketMap(dependents),
    byFolder: bucketMap(byFolder),
    variants: variants.size === 0 ? NO_VARIANTS : bucketMap(variants),
    valueReaders,
    policies,
  };
  VIEWS.set(index, views);
  return views;
}

function append(lists: Map<string, string[]>, name: string, key: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [key]);
  else list.push(key);
}

export const EMPTY_VIEWS: IndexViews = {
  entries: bucketMap([]),
  byFile: bucketMap([]),
  dependents: bucketMap([]),
  byFolder: bucketMap([]),
  variants: NO_VARIANTS,
  valueReaders: new Set(),
  policies: new Set(),
};

/** The index with these entries set, or removed where undefined. Shares all else with the views it is made from. */
export function updatedIndex(
  project: ProjectSettings,
  views: IndexViews,
  changes: ReadonlyMap<string, IndexEntry | undefined>,
  imagesLock: string | undefined,
): CommitIndex {
  const byFile = new Map<string, Set<string>>();
  const dependents = new Map<string, Set<string>>();
  const byFolder = new Map<string, Set<string>>();
  const variants = new Map<string, Set<string>>();
  for (const [key, entry] of changes) {
    const before = views.entries.get(key);
    if (before?.domains !== undefined || entry?.domains !== undefined)
      move(views.variants, variants, key, before && [plainKey(key)], entry && [plainKey(key)]);
    move(views.byFile, byFile, key, before && [before.file], entry && [entry.file]);
    move(views.dependents, dependents, key, before?.refs, entry?.refs);
    move(views.byFolder, byFolder, key, before?.folders, entry?.folders);
  }
  const next: IndexViews = {
    entries: views.entries.with(changes),
    byFile: withLists(views.byFile, byFile),
    dependents: withLists(views.dependents, dependents),
    byFolder: withLists(views.byFolder, byFolder),
    variants: withLists(views.variants, variants),
    valueReaders: updatedKeys(views.valueReaders, changes, (entry) => entry.values !== undefined),
    policies: updatedKeys(views.policies, changes, (entry) => entry.kind === 'Policy'),
  };
  const index: CommitIndex = { project, entries: next.entries, ...(imagesLock === undefined ? {} : { imagesLock }) };
  VIEWS.set(index, next);
  return index;
}

function updatedKeys(
  keys: ReadonlySet<string>,
  changes: ReadonlyMap<string, IndexEntry | undefined>,
  isOne: (entry: IndexEntry) => boolean,
): ReadonlySet<string> {
  const next = new Set(keys);
  for (const [key, entry] of changes) {
    if (entry !== undefined && isOne(entry)) next.add(key);
    else next.delete(key);
  }
  return next;
}

/** Takes `key` out of the lists that it was in and no longer is, and puts it into the new ones. */
function move(
  lists: BucketMap<readonly string[]>,
  changes: Map<string, Set<string>>,
  key: string,
  before: readonly string[] = [],
  after: readonly string[] = [],
): void {
  const changing = (name: string): Set<string> => {
    const found = changes.get(name) ?? new Set(lists.get(name));
    changes.set(name, found);
    return found;
  };
  for (const name of before) if (!after.includes(name)) changing(name).delete(key);
  for (const name of after) if (!before.includes(name)) changing(name).add(key);
}

function withLists(
  lists: BucketMap<readonly string[]>,
  changes: ReadonlyMap<string, ReadonlySet<string>>,
): BucketMap<readonly string[]> {
  const changed = new Map<string, readonly string[] | undefined>();
  for (const [name, keys] of changes) changed.set(name, keys.size === 0 ? undefined : [...keys]);
  return changed.size === 0 ? lists : lists.with(changed);
}
