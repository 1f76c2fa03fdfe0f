import { canonicalJson, type Digest, ENTITY_BUCKETS, type Json, sha256 } from '../../base/index.ts';
import {
  type Cluster,
  type EntityEntry,
  entityBucket,
  entryBucket,
  entryKey,
  loadIndexBucket,
  loadIndexRoot,
} from '../../cluster/index.ts';
import type { CommitIndex, CompileOutcome, IndexEntry, ProjectSettings } from '../../compiler/index.ts';
import type { ClosureContent } from '../closures/index.ts';

/**
 * A commit's index in memory: as the compiler wants it, and cut into the buckets in which it is stored. States share
 * what they have in common, so the one of the next commit costs what changed. Treat as immutable.
 */
export interface IndexState {
  /** Digest of the stored root. */
  readonly root: Digest;
  readonly index: CommitIndex;
  readonly counts: Readonly<Record<string, number>>;
  /** Entities for some domains only. */
  readonly variants: number;
  readonly buckets: readonly Bucket[];
  /** Keys of the entities of each file, in slots by the file's hash. */
  readonly files: readonly ReadonlyMap<string, ReadonlySet<string>>[];
}

interface Bucket {
  readonly digest: Digest | undefined;
  readonly entries: ReadonlyMap<string, IndexEntry>;
}

/** The next state and the index pages that it stores anew. */
export interface Advance {
  readonly state: IndexState;
  readonly pages: readonly ClosureContent[];
}

const EMPTY: Pick<IndexState, 'buckets' | 'files' | 'counts' | 'variants'> = {
  buckets: Array.from({ length: ENTITY_BUCKETS }, () => ({ digest: undefined, entries: new Map() })),
  files: Array.from({ length: ENTITY_BUCKETS }, () => new Map()),
  counts: {},
  variants: 0,
};

/** Reads the state of a stored index. Errors as `loadClosureText`. */
export async function loadIndexState(cluster: Cluster, root: Digest): Promise<IndexState> {
  const stored = await loadIndexRoot(cluster, root);
  const entries = new Map<string, IndexEntry>();
  const draft = draftOf(EMPTY);
  for (const [number, digest] of Object.entries(stored.buckets)) {
    const page = (await loadIndexBucket(cluster, digest)) as readonly (EntityEntry & IndexEntry)[];
    for (const entry of page) {
      entries.set(entryKey(entry), entry);
      putEntry(draft, entryKey(entry), entry);
    }
    const bucket = draft.buckets[Number(number)] as Bucket;
    draft.buckets[Number(number)] = { ...bucket, digest };
  }
  const index: CommitIndex = {
    project: stored.project as unknown as ProjectSettings,
    entries,
    ...(stored.imagesLock !== undefined && { imagesLock: stored.imagesLock }),
  };
  const { buckets, files, variants } = draft;
  return { root, index, counts: stored.counts, variants, buckets, files };
}

/**
 * The state after a compilation over `base` (undefined: of the whole commit). `files` are the definition files that
 * differed; only entities of those, and those the outcome names, can have moved.
 */
export function advanceIndex(
  base: IndexState | undefined,
  files: Iterable<string>,
  outcome: Extract<CompileOutcome, { readonly kind: 'compiled' }>,
): Advance {
  const draft = draftOf(base ?? EMPTY);
  const keys = new Set<string>(outcome.removed);
  for (const entity of outcome.changed) keys.add(entryKey(entity));
  for (const file of files) for (const key of draft.files[entityBucket(file)]?.get(file) ?? []) keys.add(key);
  if (base === undefined) for (const key of outcome.index.entries.keys()) keys.add(key);
  for (const key of keys) {
    removeEntry(draft, key);
    const entry = outcome.index.entries.get(key);
    if (entry !== undefined) putEntry(draft, key, entry);
  }
  const pages: ClosureContent[] = [];
  for (const number of draft.touched) {
    const { entries } = draft.buckets[number] as Bucket;
    const page = entries.size === 0 ? undefined : pageOf({ kind: 'IndexBucket', entries: sorted(entries) });
    if (page !== undefined && page.digest !== base?.buckets[number]?.digest) pages.push(page);
    draft.buckets[number] = { digest: page?.digest, entries };
  }
  const root = pageOf({
    kind: 'IndexRoot',
    project: outcome.index.project as unknown as Json,
    counts: draft.counts,
    ...(draft.variants > 0 && { variants: draft.variants }),
    ...(outcome.index.imagesLock !== undefined && { imagesLock: outcome.index.imagesLock }),
    buckets: Object.fromEntries(
      draft.buckets.flatMap(({ digest }, number) => (digest === undefined ? [] : [[String(number), digest]])),
    ),
  });
  if (root.digest !== base?.root) pages.push(root);
  const { buckets, files: slots, counts, variants } = draft;
  return { state: { root: root.digest, index: outcome.index, counts, variants, buckets, files: slots }, pages };
}

/** A state being made: arrays are its own, maps are copied when first written. */
interface Draft {
  readonly buckets: Bucket[];
  readonly files: ReadonlyMap<string, ReadonlySet<string>>[];
  readonly counts: Record<string, number>;
  variants: number;
  /** Buckets and file slots whose maps are the draft's own. */
  readonly touched: Set<number>;
  readonly touchedFiles: Set<number>;
}

function draftOf({
  buckets,
  files,
  counts,
  variants,
}: Pick<IndexState, 'buckets' | 'files' | 'counts' | 'variants'>): Draft {
  return {
    buckets: [...buckets],
    files: [...files],
    counts: { ...counts },
    variants,
    touched: new Set(),
    touchedFiles: new Set(),
  };
}

function bucketEntries(draft: Draft, key: string): Map<string, IndexEntry> {
  const number = entryBucket(key);
  const bucket = draft.buckets[number] as Bucket;
  if (draft.touched.has(number)) return bucket.entries as Map<string, IndexEntry>;
  draft.touched.add(number);
  const entries = new Map(bucket.entries);
  draft.buckets[number] = { ...bucket, entries };
  return entries;
}

function fileKeys(draft: Draft, file: string): Set<string> {
  const number = entityBucket(file);
  if (!draft.touchedFiles.has(number)) {
    draft.touchedFiles.add(number);
    draft.files[number] = new Map(draft.files[number]);
  }
  const slot = draft.files[number] as Map<string, ReadonlySet<string>>;
  const keys = new Set(slot.get(file));
  slot.set(file, keys);
  return keys;
}

function putEntry(draft: Draft, key: string, entry: IndexEntry): void {
  bucketEntries(draft, key).set(key, entry);
  fileKeys(draft, entry.file).add(key);
  count(draft, entry, 1);
}

function removeEntry(draft: Draft, key: string): void {
  const entries = bucketEntries(draft, key);
  const entry = entries.get(key);
  if (entry === undefined) return;
  entries.delete(key);
  const keys = fileKeys(draft, entry.file);
  keys.delete(key);
  if (keys.size === 0) (draft.files[entityBucket(entry.file)] as Map<string, unknown>).delete(entry.file);
  count(draft, entry, -1);
}

function count(draft: Draft, { kind, domains }: IndexEntry, by: number): void {
  if (kind === 'Project') return;
  if (domains !== undefined) draft.variants += by;
  const next = (draft.counts[kind] ?? 0) + by;
  if (next === 0) delete draft.counts[kind];
  else draft.counts[kind] = next;
}

function sorted(entries: ReadonlyMap<string, IndexEntry>): Json {
  const keys = [...entries.keys()].sort();
  return keys.map((key) => entries.get(key)) as unknown as Json;
}

function pageOf(page: Json): ClosureContent {
  const text = canonicalJson(page);
  return { of: 'Index', digest: sha256(text), text };
}
