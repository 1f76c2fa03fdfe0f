import type { Link } from './layers.ts';

/** A graph in which many nodes between the same neighbours are one vertex. */
export interface Folded {
  /** Per vertex its nodes in order: one, or at least MIN_TWINS. */
  readonly members: readonly (readonly number[])[];
  readonly vertexOf: readonly number[];
  /** Between vertices, from a lower number to a higher one, each once. */
  readonly edges: readonly Link[];
  /** Per edge of the graph the edge that stands for it. */
  readonly edgeOf: readonly number[];
}

/** So many nodes side by side are a tower that no screen shows whole; fewer are better seen with their own edges. */
const MIN_TWINS = 12;

/** Nodes that have the same edges in and the same edges out become one vertex, when they are many. */
export function foldTwins(size: number, edges: readonly Link[]): Folded {
  const neighbours: number[][] = Array.from({ length: size }, () => []);
  for (const { from, to } of edges) {
    neighbours[from]!.push(to);
    neighbours[to]!.push(-1 - from);
  }
  const keys = neighbours.map((all) => all.toSorted((a, b) => a - b).join(' '));
  const twins = Map.groupBy(keys.keys(), (node) => keys[node]!);
  const members: (readonly number[])[] = [];
  const vertexOf: number[] = [];
  // A vertex has the place of its first node: all that the others come after it comes after as well.
  for (const [node, key] of keys.entries()) {
    const alike = twins.get(key)!;
    const isFolded = key !== '' && alike.length >= MIN_TWINS;
    if (isFolded && alike[0] !== node) vertexOf.push(vertexOf[alike[0]!]!);
    else vertexOf.push(members.push(isFolded ? alike : [node]) - 1);
  }
  const links = new Map<string, number>();
  const folded: Link[] = [];
  const edgeOf = edges.map((edge) => {
    const [from, to] = [vertexOf[edge.from]!, vertexOf[edge.to]!];
    const known = links.get(`${from} ${to}`) ?? folded.push({ from, to }) - 1;
    links.set(`${from} ${to}`, known);
    return known;
  });
  return { members, vertexOf, edges: folded, edgeOf };
}
