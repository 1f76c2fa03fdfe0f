/** A binary heap: the smallest item by `isBefore` first. Owned and mutated by its holder, who also bounds it. */
export interface Heap<T> {
  readonly items: T[];
  readonly isBefore: (a: T, b: T) => boolean;
}

export function createHeap<T>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  return { items: [], isBefore };
}

/** The smallest item, left in place. */
export function peekHeap<T>(heap: Heap<T>): T | undefined {
  return heap.items[0];
}

export function pushHeap<T>(heap: Heap<T>, item: T): void {
  const { items, isBefore } = heap;
  let at = items.length;
  items.push(item);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(item, items[parent] as T)) break;
    items[at] = items[parent] as T;
    at = parent;
  }
  items[at] = item;
}

/** Removes and returns the smallest item. */
export function popHeap<T>(heap: Heap<T>): T | undefined {
  const { items, isBefore } = heap;
  const top = items[0];
  const last = items.pop();
  if (items.length === 0 || last === undefined) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= items.length) break;
    if (child + 1 < items.length && isBefore(items[child + 1] as T, items[child] as T)) child++;
    if (!isBefore(items[child] as T, last)) break;
    items[at] = items[child] as T;
    at = child;
  }
  items[at] = last;
  return top;
}
