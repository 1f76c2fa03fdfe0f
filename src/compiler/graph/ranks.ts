import type { Link } from './layers.ts';

/**
 * A rank for each node, from 0, such that every edge goes to a higher one. Edges go from lower numbers to higher ones, as
 * nodes of a closure do. A node stands as early as it can; one that gives more than it takes, as late as it can, so that
 * edges are short. Nodes without edges are spread over the ranks, since a hundred of them in one would be a tower.
 */
export function ranksOf(size: number, edges: readonly Link[]): readonly number[] {
  const up: number[][] = Array.from({ length: size }, () => []);
  const down: number[][] = Array.from({ length: size }, () => []);
  for (const { from, to } of edges) {
    down[from]!.push(to);
    up[to]!.push(from);
  }
  const ranks: number[] = [];
  for (let node = 0; node < size; node += 1)
    ranks.push(up[node]!.reduce((most, u) => Math.max(most, ranks[u]! + 1), 0));
  for (let node = size - 1; node >= 0; node -= 1) {
    if (down[node]!.length > up[node]!.length) {
      ranks[node] = down[node]!.reduce((least, d) => Math.min(least, ranks[d]! - 1), Number.POSITIVE_INFINITY);
    }
  }
  const lone = ranks.flatMap((_, node) => (up[node]!.length + down[node]!.length === 0 ? [node] : []));
  const columns = Math.max(
    Math.ceil(Math.sqrt(lone.length)),
    1 + ranks.reduce((most, rank) => Math.max(most, rank), 0),
  );
  const perRank = Math.ceil(lone.length / columns);
  for (const [at, node] of lone.entries()) ranks[node] = Math.floor(at / perRank);
  return ranks;
}
