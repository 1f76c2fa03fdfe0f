/**
 * Crossings of links between neighbouring ranks, counted as inversions with a Fenwick tree (Barth, Mutzel and Jünger,
 * "Simple and Efficient Bilayer Cross Counting"): n log n of the links.
 */
export function crossingsOf(ranks: readonly (readonly number[])[], down: readonly (readonly number[])[]): number {
  let total = 0;
  for (let at = 0; at + 1 < ranks.length; at += 1) total += crossingsBetween(ranks[at]!, ranks[at + 1]!, down);
  return total;
}

function crossingsBetween(
  rank: readonly number[],
  next: readonly number[],
  down: readonly (readonly number[])[],
): number {
  const places = new Map(next.map((vertex, place) => [vertex, place]));
  const tree = new Array<number>(next.length + 1).fill(0);
  let crossings = 0;
  let seen = 0;
  for (const vertex of rank) {
    const ends = down[vertex]!.map((end) => places.get(end)!);
    // Links of one vertex do not cross each other: all are counted before any is added.
    for (const end of ends) {
      let before = 0;
      for (let at = end + 1; at > 0; at -= at & -at) before += tree[at]!;
      crossings += seen - before;
    }
    for (const end of ends) for (let at = end + 1; at < tree.length; at += at & -at) tree[at]! += 1;
    seen += ends.length;
  }
  return crossings;
}
