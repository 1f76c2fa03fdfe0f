import { MAX_GRAPH_POINTS } from '../../base/index.ts';

/** An edge between two vertices by their numbers. */
export interface Link {
  readonly from: number;
  readonly to: number;
}

/**
 * A graph in which each link goes from one rank to the next: where an edge passes a rank, a bend stands in it. All edges
 * that leave one node share their bends, as a trunk with branches. Vertices below `size` are nodes, the rest are bends.
 */
export interface Layers {
  /** Nodes; bends have the numbers from here on. */
  readonly size: number;
  /** Vertices per rank, in the order in which they are drawn. */
  readonly ranks: readonly (readonly number[])[];
  readonly up: readonly (readonly number[])[];
  readonly down: readonly (readonly number[])[];
  /** Per edge its vertices from source to target. */
  readonly chains: readonly (readonly number[])[];
}

/** Ranks filled with bends, in no good order yet; undefined when there would be too many to draw. */
export function layersOf(rankOf: readonly number[], edges: readonly Link[]): Layers | undefined {
  const size = rankOf.length;
  const reach = rankOf.slice();
  for (const { from, to } of edges) reach[from] = Math.max(reach[from]!, rankOf[to]! - 1);
  const points = reach.reduce((sum, end, node) => sum + 1 + end - rankOf[node]!, 0);
  if (points > MAX_GRAPH_POINTS) return undefined;

  const ranks: number[][] = Array.from(
    { length: rankOf.reduce((most, rank) => Math.max(most, rank + 1), 0) },
    () => [],
  );
  const up: number[][] = [];
  const down: number[][] = [];
  const add = (rank: number): number => {
    ranks[rank]!.push(up.length);
    down.push([]);
    return up.push([]) - 1;
  };
  const link = (from: number, to: number): void => {
    down[from]!.push(to);
    up[to]!.push(from);
  };
  for (const rank of rankOf) add(rank);
  const trunks = rankOf.map((rank, node) => {
    const trunk = [node];
    for (let at = rank + 1; at <= reach[node]!; at += 1) {
      const bend = add(at);
      link(trunk.at(-1)!, bend);
      trunk.push(bend);
    }
    return trunk;
  });
  const chains = edges.map(({ from, to }) => {
    const chain = trunks[from]!.slice(0, rankOf[to]! - rankOf[from]!);
    link(chain.at(-1)!, to);
    return [...chain, to];
  });
  return { size, ranks, up, down, chains };
}
