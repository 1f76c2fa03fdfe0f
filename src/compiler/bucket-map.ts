/**
 * An immutable map of strings that shares its parts with the maps it was made from: a change copies one bucket of some
 * dozen entries and the array of buckets, so its cost does not follow the size of the map.
 */
export interface BucketMap<V> extends ReadonlyMap<string, V> {
  /** A map with these entries set, or removed where the value is undefined. */
  with(changes: ReadonlyMap<string, V | undefined>): BucketMap<V>;
}

type Bucket<V> = ReadonlyMap<string, V>;

const BUCKETS = 1024;
/** Stands for each bucket that has nothing: most commits have fewer entities than there are buckets. */
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

export function bucketMap<V>(entries: Iterable<readonly [string, V]>): BucketMap<V> {
  const buckets = new Array<Bucket<V>>(BUCKETS).fill(EMPTY);
  const owned = new Map<number, Map<string, V>>();
  let size = 0;
  for (const [key, value] of entries) {
    const bucket = ownedBucket(buckets, owned, bucketOf(key));
    if (!bucket.has(key)) size += 1;
    bucket.set(key, value);
  }
  return view(buckets, size);
}

/** FNV-1a over UTF-16 code units: http://www.isthe.com/chongo/tech/comp/fnv/ */
function bucketOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 8) % BUCKETS;
}

/** The bucket of that number to be written to: copied from what it was before the first write. */
function ownedBucket<V>(buckets: Bucket<V>[], owned: Map<number, Map<string, V>>, at: number): Map<string, V> {
  const known = owned.get(at);
  if (known !== undefined) return known;
  const bucket = new Map(buckets[at]);
  owned.set(at, bucket);
  buckets[at] = bucket;
  return bucket;
}

function view<V>(buckets: readonly Bucket<V>[], size: number): BucketMap<V> {
  function* entries(): MapIterator<[string, V]> {
    for (const bucket of buckets) if (bucket !== EMPTY) yield* bucket.entries();
  }
  function* keys(): MapIterator<string> {
    for (const bucket of buckets) if (bucket !== EMPTY) yield* bucket.keys();
  }
  function* values(): MapIterator<V> {
    for (const bucket of buckets) if (bucket !== EMPTY) yield* bucket.values();
  }
  const map: BucketMap<V> = {
    size,
    get: (key) => (size === 0 ? undefined : (buckets[bucketOf(key)] as Bucket<V>).get(key)),
    has: (key) => size > 0 && (buckets[bucketOf(key)] as Bucket<V>).has(key),
    forEach: (visit) => {
      for (const [key, value] of entries()) visit(value, key, map);
    },
    entries,
    keys,
    values,
    [Symbol.iterator]: entries,
    with: (changes) => changed(buckets, size, changes),
  };
  return map;
}

function changed<V>(
  buckets: readonly Bucket<V>[],
  size: number,
  changes: ReadonlyMap<string, V | undefined>,
): BucketMap<V> {
  const copies = [...buckets];
  const owned = new Map<number, Map<string, V>>();
  let count = size;
  for (const [key, value] of changes) {
    const bucket = ownedBucket(copies, owned, bucketOf(key));
    if (bucket.has(key)) count -= 1;
    if (value === undefined) bucket.delete(key);
    else {
      bucket.set(key, value);
      count += 1;
    }
  }
  return view(copies, count);
}
