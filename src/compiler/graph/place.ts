import type { Layers } from './layers.ts';

/** What placing needs to know of vertices: extent across the ranks, and the free space to keep between neighbours. */
export interface Extents {
  readonly sizeOf: (vertex: number) => number;
  readonly gapOf: (left: number, right: number) => number;
}

/**
 * A coordinate across the ranks for each vertex: the order is kept, neighbours keep their distance, and long edges run
 * straight. After Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment": four alignments, each leaning
 * to one corner, and the mean of the two in the middle. Blocks are compacted as a graph, not by class offsets, whose
 * published form lets blocks overlap.
 */
export function place(layers: Layers, extents: Extents): readonly number[] {
  const conflicts = crossedTrunks(layers);
  const layouts = LEANINGS.map(({ isUp, isRight }) => {
    const turned = isRight ? layers.ranks.map((rank) => rank.toReversed()) : layers.ranks;
    const ranks = isUp ? turned.toReversed() : turned;
    const roots = align(ranks, isUp ? layers.down : layers.up, conflicts, layers.up.length);
    const places = compact(ranks, roots, extents);
    return isRight ? places.map((at) => -at) : places;
  });
  const bounds = layouts.map((places) => boundsOf(places, extents));
  const narrowest = bounds.reduce((best, one) => (one.end - one.start < best.end - best.start ? one : best));
  const shifts = bounds.map(({ start, end }, at) =>
    LEANINGS[at]!.isRight ? narrowest.end - end : narrowest.start - start,
  );
  return layers.up.map((_, vertex) => {
    const places = layouts.map((layout, at) => layout[vertex]! + shifts[at]!).sort((a, b) => a - b);
    return (places[1]! + places[2]!) / 2;
  });
}

const LEANINGS = [
  { isUp: false, isRight: false },
  { isUp: false, isRight: true },
  { isUp: true, isRight: false },
  { isUp: true, isRight: true },
] as const;

/** A set of links, `lower vertex number × vertices + higher`. */
type Links = ReadonlySet<number>;

function linkKey(a: number, b: number, vertices: number): number {
  return a < b ? a * vertices + b : b * vertices + a;
}

/** Links that cross a link between two bends: they give way, so that trunks stay straight. */
function crossedTrunks({ ranks, up, size }: Layers): Links {
  const found = new Set<number>();
  const places = placesOf(ranks, up.length);
  for (let at = 1; at < ranks.length; at += 1) {
    const rank = ranks[at]!;
    let from = 0;
    let start = 0;
    for (const [index, vertex] of rank.entries()) {
      const inner = vertex < size ? undefined : up[vertex]!.find((above) => above >= size);
      if (inner === undefined && index < rank.length - 1) continue;
      const to = inner === undefined ? ranks[at - 1]!.length : places[inner]!;
      for (const crossing of rank.slice(start, index + 1)) {
        for (const above of up[crossing]!) {
          const isInner = crossing >= size && above >= size;
          if (!isInner && (places[above]! < from || places[above]! > to)) {
            found.add(linkKey(above, crossing, up.length));
          }
        }
      }
      start = index + 1;
      from = to;
    }
  }
  return found;
}

/** Blocks of vertices that get one coordinate, each aligned with a median neighbour: vertex → the first of its block. */
function align(
  ranks: Layers['ranks'],
  neighbours: Layers['up'],
  conflicts: Links,
  vertices: number,
): readonly number[] {
  const places = placesOf(ranks, vertices);
  const roots = Array.from({ length: vertices }, (_, vertex) => vertex);
  const isTaken = new Array<boolean>(vertices).fill(false);
  for (const rank of ranks) {
    let last = -1;
    for (const vertex of rank) {
      const around = neighbours[vertex]!.toSorted((a, b) => places[a]! - places[b]!);
      const middle = (around.length - 1) / 2;
      for (let at = Math.floor(middle); at <= Math.ceil(middle) && around.length > 0; at += 1) {
        const next = around[at]!;
        const isFree = roots[vertex] === vertex && !isTaken[next] && places[next]! > last;
        if (!isFree || conflicts.has(linkKey(vertex, next, vertices))) continue;
        isTaken[next] = true;
        roots[vertex] = roots[next]!;
        last = places[next]!;
      }
    }
  }
  return roots;
}

/** Coordinates of blocks: as far to the start as distances allow, then each towards what follows it. */
function compact(ranks: Layers['ranks'], roots: readonly number[], extents: Extents): number[] {
  const after: Map<number, number>[] = roots.map(() => new Map());
  const before: Map<number, number>[] = roots.map(() => new Map());
  for (const rank of ranks) {
    for (let at = 1; at < rank.length; at += 1) {
      const left = rank[at - 1]!;
      const right = rank[at]!;
      const distance = (extents.sizeOf(left) + extents.sizeOf(right)) / 2 + extents.gapOf(left, right);
      const [from, to] = [roots[left]!, roots[right]!];
      const wanted = Math.max(distance, after[from]!.get(to) ?? 0);
      after[from]!.set(to, wanted);
      before[to]!.set(from, wanted);
    }
  }
  const blocks = blockOrder(roots, after, before);
  const places = new Array<number>(roots.length).fill(0);
  for (const block of blocks) {
    for (const [previous, distance] of before[block]!) {
      places[block] = Math.max(places[block]!, places[previous]! + distance);
    }
  }
  for (const block of blocks.toReversed()) {
    let room = Number.POSITIVE_INFINITY;
    for (const [next, distance] of after[block]!) room = Math.min(room, places[next]! - distance);
    if (room !== Number.POSITIVE_INFINITY) places[block] = Math.max(places[block]!, room);
  }
  return roots.map((root) => places[root]!);
}

/** Blocks, each after all that stand to its left in some rank. */
function blockOrder(
  roots: readonly number[],
  after: readonly ReadonlyMap<number, number>[],
  before: readonly ReadonlyMap<number, number>[],
): readonly number[] {
  const missing = before.map((blocks) => blocks.size);
  const found = roots.flatMap((root, vertex) => (root === vertex && missing[vertex] === 0 ? [vertex] : []));
  for (let at = 0; at < found.length; at += 1) {
    for (const next of after[found[at]!]!.keys()) {
      missing[next]! -= 1;
      if (missing[next] === 0) found.push(next);
    }
  }
  return found;
}

function boundsOf(places: readonly number[], { sizeOf }: Extents): { readonly start: number; readonly end: number } {
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const [vertex, at] of places.entries()) {
    start = Math.min(start, at - sizeOf(vertex) / 2);
    end = Math.max(end, at + sizeOf(vertex) / 2);
  }
  return { start, end };
}

function placesOf(ranks: Layers['ranks'], vertices: number): readonly number[] {
  const places = new Array<number>(vertices).fill(0);
  for (const rank of ranks) for (const [place, vertex] of rank.entries()) places[vertex] = place;
  return places;
}
