import type { UnixMs } from '../../base/index.ts';

/**
 * When each of many things is due, by their dense numbers, the earliest at hand: 16 bytes each. A step costs O(log n) and
 * makes no objects. Of those due at one instant, any may come first.
 */
export interface DueHeap {
  readonly size: () => number;
  /** Number of the one that is due first; -1: there is none. */
  readonly first: () => number;
  /** When the first is due; Infinity: there is none. */
  readonly firstAt: () => UnixMs;
  /** When this one is due; Infinity: it is not in the heap. */
  readonly at: (id: number) => UnixMs;
  /** Puts it in, or moves it. */
  readonly set: (id: number, at: UnixMs) => void;
  readonly remove: (id: number) => void;
  /** Numbers of those that are due up to `at`, in no order, at most `max`. */
  readonly dueUntil: (at: UnixMs, max: number) => Int32Array;
}

/** Children of a place: a flatter heap touches fewer lines of the cache. */
const ARITY = 4;
const FIRST_CAPACITY = 1_024;
const NOWHERE = -1;

export function createDueHeap(): DueHeap {
  const heap: Columns = {
    times: new Float64Array(FIRST_CAPACITY),
    places: new Int32Array(FIRST_CAPACITY).fill(NOWHERE),
    ids: new Int32Array(FIRST_CAPACITY),
    count: 0,
  };
  return {
    size: () => heap.count,
    first: () => (heap.count === 0 ? NOWHERE : (heap.ids[0] as number)),
    firstAt: () => (heap.count === 0 ? Number.POSITIVE_INFINITY : (heap.times[heap.ids[0] as number] as number)),
    at: (id) => ((heap.places[id] ?? NOWHERE) === NOWHERE ? Number.POSITIVE_INFINITY : (heap.times[id] as number)),
    set(id, at) {
      makeRoom(heap, id);
      const place = heap.places[id] as number;
      const before = heap.times[id] as number;
      heap.times[id] = at;
      if (place === NOWHERE) up(heap, heap.count++, id);
      else if (at < before) up(heap, place, id);
      else down(heap, place, id);
    },
    remove(id) {
      const place = heap.places[id] ?? NOWHERE;
      if (place === NOWHERE) return;
      heap.places[id] = NOWHERE;
      heap.count -= 1;
      const last = heap.ids[heap.count] as number;
      if (last === id) return;
      if ((heap.times[last] as number) < (heap.times[id] as number)) up(heap, place, last);
      else down(heap, place, last);
    },
    dueUntil: (at, max) => dueUntil(heap, at, max),
  };
}

/** Goes down from the first, and not past one that is due later: so it looks at little more than it finds. */
function dueUntil({ times, ids, count }: Columns, at: UnixMs, max: number): Int32Array {
  const places: number[] = count === 0 ? [] : [0];
  const found: number[] = [];
  for (let next = 0; next < places.length && found.length < max; next++) {
    const place = places[next] as number;
    const id = ids[place] as number;
    if ((times[id] as number) > at) continue;
    found.push(id);
    const firstChild = place * ARITY + 1;
    const end = Math.min(firstChild + ARITY, count);
    for (let child = firstChild; child < end; child++) places.push(child);
  }
  return Int32Array.from(found);
}

interface Columns {
  /** When each number is due. */
  times: Float64Array;
  /** Its place in `ids`. */
  places: Int32Array;
  /** The numbers, as a heap. */
  ids: Int32Array;
  count: number;
}

function makeRoom(heap: Columns, id: number): void {
  if (id < heap.times.length) return;
  const capacity = Math.max(id + 1, heap.times.length * 2);
  heap.times = grown(heap.times, new Float64Array(capacity));
  heap.places = grown(heap.places, new Int32Array(capacity).fill(NOWHERE));
  heap.ids = grown(heap.ids, new Int32Array(capacity));
}

function put({ ids, places }: Columns, place: number, id: number): void {
  ids[place] = id;
  places[id] = place;
}

function up(heap: Columns, from: number, id: number): void {
  const { times, ids } = heap;
  const at = times[id] as number;
  let place = from;
  while (place > 0) {
    const parent = ((place - 1) / ARITY) | 0;
    const other = ids[parent] as number;
    if ((times[other] as number) <= at) break;
    put(heap, place, other);
    place = parent;
  }
  put(heap, place, id);
}

function down(heap: Columns, from: number, id: number): void {
  const { times, ids, count } = heap;
  const at = times[id] as number;
  let place = from;
  for (;;) {
    const firstChild = place * ARITY + 1;
    if (firstChild >= count) break;
    const end = Math.min(firstChild + ARITY, count);
    let least = firstChild;
    let leastAt = times[ids[firstChild] as number] as number;
    for (let child = firstChild + 1; child < end; child++) {
      const childAt = times[ids[child] as number] as number;
      if (childAt >= leastAt) continue;
      least = child;
      leastAt = childAt;
    }
    if (leastAt >= at) break;
    put(heap, place, ids[least] as number);
    place = least;
  }
  put(heap, place, id);
}

function grown<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
