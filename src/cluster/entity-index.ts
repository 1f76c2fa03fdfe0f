import { BugError, type Digest, ENTITY_BUCKETS, type JsonObject, plainKey, variantName } from '../base/index.ts';
import { loadClosureJson } from './closure-text.ts';
import type { Cluster } from './port.ts';

/**
 * The set of entities of one commit, content-addressed in two levels: a root, named by `Revision.spec.index`, lists
 * buckets; a bucket lists the entities whose key falls into it. Both are Closure objects `of: 'Index'`. A commit that
 * changes one entity so stores one bucket and one root, however many entities there are.
 */
export interface EntityIndexRoot {
  readonly kind: 'IndexRoot';
  /** The project document's settings; the compiler knows their shape. */
  readonly project: JsonObject;
  /** Git blob id of the commit's images.lock; absent when it has none. */
  readonly imagesLock?: string;
  /** Entities by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** Entities for some domains only; absent when there are none. */
  readonly variants?: number;
  /** Bucket number as decimal digits → digest of the bucket; empty buckets are absent. */
  readonly buckets: Readonly<Record<string, Digest>>;
}

export interface EntityIndexBucket {
  readonly kind: 'IndexBucket';
  /** Sorted by key, with all that have one name. */
  readonly entries: readonly EntityEntry[];
}

/** One entity, as the compiler's IndexEntry has it. */
export interface EntityEntry {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly blob: string;
  readonly digest: Digest;
  readonly refs: readonly string[];
  readonly folders: readonly string[];
  /** Domains in which it is active, sorted; there it takes the place of the one without. */
  readonly domains?: readonly string[];
  /** Present when its removal is to be confirmed. */
  readonly prune?: string;
}

/** `Kind/name`: how an index names an entity. */
export function entityKey(kind: string, name: string): string {
  return `${kind}/${name}`;
}

/** The key of an entry: those for some domains only have them in it, so that one name may stand several times. */
export function entryKey({ kind, name, domains }: Pick<EntityEntry, 'kind' | 'name' | 'domains'>): string {
  return entityKey(kind, variantName(name, domains));
}

/** The domain of a namespace `<project>-<domain>` of this project; empty of any other. */
export function domainOf(namespace: string, project: string | undefined): string {
  return project !== undefined && namespace.startsWith(`${project}-`) ? namespace.slice(project.length + 1) : '';
}

/** The bucket of an entry's key: all of one name are in one, so that each bucket by itself tells what a domain has of it. */
export function entryBucket(key: string): number {
  return entityBucket(plainKey(key));
}

/** The entries that are active in a domain, each name once: of a bucket, or of all buckets. */
export function activeEntries(entries: readonly EntityEntry[], domain: string): readonly EntityEntry[] {
  if (entries.every(({ domains }) => domains === undefined)) return entries;
  const own = entries.filter(({ domains }) => domains?.includes(domain) === true);
  const taken = new Set(own.map(({ kind, name }) => entityKey(kind, name)));
  const others = entries.filter(
    ({ kind, name, domains }) => domains === undefined && !taken.has(entityKey(kind, name)),
  );
  return [...others, ...own];
}

/** The bucket of a key: 32-bit FNV-1a over its UTF-16 code units, folded. Stable for ever: stored indexes depend on it. */
export function entityBucket(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return ((hash >>> 16) ^ hash) & (ENTITY_BUCKETS - 1);
}

/** The root named by `digest`. Errors as `loadClosureText`. */
export async function loadIndexRoot(cluster: Cluster, digest: Digest): Promise<EntityIndexRoot> {
  const root = (await loadClosureJson(cluster, digest)) as EntityIndexRoot;
  if (root.kind !== 'IndexRoot') throw new BugError(`closure ${digest} is no index root`);
  return root;
}

/** The entries of the bucket named by `digest`; none when there is no such bucket. */
export async function loadIndexBucket(cluster: Cluster, digest: Digest | undefined): Promise<readonly EntityEntry[]> {
  if (digest === undefined) return [];
  const bucket = (await loadClosureJson(cluster, digest)) as EntityIndexBucket;
  if (bucket.kind !== 'IndexBucket') throw new BugError(`closure ${digest} is no index bucket`);
  return bucket.entries;
}

/** One entity of the commit whose index root is `root`, as it is in a domain, read from its one bucket; undefined when there is none. */
export async function findEntity(
  cluster: Cluster,
  root: Digest,
  domain: string,
  { kind, name }: { readonly kind: string; readonly name: string },
): Promise<EntityEntry | undefined> {
  const { buckets } = await loadIndexRoot(cluster, root);
  const entries = await loadIndexBucket(cluster, buckets[String(entityBucket(entityKey(kind, name)))]);
  const own = entries.filter((entry) => entry.kind === kind && entry.name === name);
  return activeEntries(own, domain)[0];
}

/** All entities of the commit whose index root is `root`, in no order that means anything. */
export async function listEntities(cluster: Cluster, root: Digest): Promise<readonly EntityEntry[]> {
  const { buckets } = await loadIndexRoot(cluster, root);
  const entries: EntityEntry[] = [];
  for (const digest of Object.values(buckets)) entries.push(...(await loadIndexBucket(cluster, digest)));
  return entries;
}

/** How the entities of two commits differ. */
export interface EntityDiff {
  /** New, or with another closure, file or guard against removal; `before` is absent when new. */
  readonly changed: readonly { readonly before?: EntityEntry; readonly after: EntityEntry }[];
  readonly removed: readonly EntityEntry[];
}

/** What differs between two indexes in a domain, reading only buckets that do. `before` absent: everything is new. */
export async function diffEntities(
  cluster: Cluster,
  domain: string,
  before: Digest | undefined,
  after: Digest | undefined,
): Promise<EntityDiff> {
  const [old, fresh] = await Promise.all([bucketsOf(cluster, before), bucketsOf(cluster, after)]);
  const changed: EntityDiff['changed'][number][] = [];
  const removed: EntityEntry[] = [];
  for (const number of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    if (old[number] === fresh[number]) continue;
    const [left, right] = await Promise.all([
      loadIndexBucket(cluster, old[number]).then((entries) => activeEntries(entries, domain)),
      loadIndexBucket(cluster, fresh[number]).then((entries) => activeEntries(entries, domain)),
    ]);
    const had = new Map(left.map((entry) => [entityKey(entry.kind, entry.name), entry]));
    for (const entry of right) {
      const key = entityKey(entry.kind, entry.name);
      const was = had.get(key);
      had.delete(key);
      if (was === undefined) changed.push({ after: entry });
      else if (isOther(was, entry)) changed.push({ before: was, after: entry });
    }
    removed.push(...had.values());
  }
  return { changed, removed };
}

function isOther(was: EntityEntry, entry: EntityEntry): boolean {
  return was.digest !== entry.digest || was.file !== entry.file || was.prune !== entry.prune;
}

async function bucketsOf(cluster: Cluster, root: Digest | undefined): Promise<EntityIndexRoot['buckets']> {
  return root === undefined ? {} : (await loadIndexRoot(cluster, root)).buckets;
}
