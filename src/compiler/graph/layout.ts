import { type Layers, type Link, layersOf } from './layers.ts';
import { order } from './order.ts';
import { type Extents, place } from './place.ts';
import { ranksOf } from './ranks.ts';
import { type Folded, foldTwins } from './twins.ts';

/** Where edges point to. */
export type Direction = 'right' | 'down';

/** All lengths are in the unit of the boxes' sizes. */
export interface LayoutRequest {
  /** All boxes have this size. */
  readonly box: { readonly width: number; readonly height: number };
  /** How many boxes. */
  readonly size: number;
  /** Each from a lower number to a higher one. */
  readonly edges: readonly Link[];
  /** Absent: `right` where that fits a screen, else what fits better. */
  readonly direction?: Direction;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** A drawing from (0, 0) to (width, height). */
export interface Layout {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  /** Around each group of nodes that stand in a grid, since they have the same edges. */
  readonly frames: readonly Box[];
  /** Per node what its edges lead to: its box, or the frame around it. */
  readonly outlines: readonly Box[];
  /**
   * Per edge an even number of points: from the first to the second it turns from one rank to the next, from the second to
   * the third it passes a rank straight on, and so by turns. The first lies on the source's outline, the last on the
   * target's. Edges between the same outlines are drawn once: all but the first have no points.
   */
  readonly routes: readonly (readonly Point[])[];
}

/** Draws a graph in layers. Undefined when edges would bend more often than MAX_GRAPH_POINTS allows. */
export function layOut(request: LayoutRequest): Layout | undefined {
  const folded = foldTwins(request.size, request.edges);
  const found = layersOf(ranksOf(folded.members.length, folded.edges), folded.edges);
  if (found === undefined) return undefined;
  const layers = order(found);
  if (request.direction !== undefined) return draw(layers, folded, request, request.direction);
  const right = draw(layers, folded, request, 'right');
  if (zoom(right) <= 1) return right;
  const down = draw(layers, folded, request, 'down');
  return zoom(down) < zoom(right) ? down : right;
}

/** How much larger than a page in a browser a drawing is. */
function zoom({ width, height }: Layout): number {
  return Math.max(width / 1200, height / 900);
}

/** Free space between boxes of a rank, and around a bend. */
const BOX_GAP = 24;
const BEND_GAP = 14;
/** Space between ranks; it grows with how far its edges go sideways, so that they are not too steep. */
const MIN_RANK_GAP = 44;
const MAX_RANK_GAP = 150;
const GAP_PER_SHIFT = 0.12;

/** Space between the boxes of a grid, and between them and the frame. */
const CELL_GAP = 12;
const FRAME_PAD = 12;
/** How much wider than high a grid is to look. */
const GRID_RATIO = 4 / 3;

/** A vertex on paper: boxes along the ranks and across them, and what they take in all. */
interface Grid {
  readonly along: number;
  readonly across: number;
  readonly length: number;
  readonly breadth: number;
}

function gridOf(count: number, length: number, breadth: number, isDown: boolean): Grid {
  if (count === 1) return { along: 1, across: 1, length, breadth };
  const ratio = isDown ? 1 / GRID_RATIO : GRID_RATIO;
  const along = Math.max(1, Math.round(Math.sqrt((count * ratio * (breadth + CELL_GAP)) / (length + CELL_GAP))));
  const across = Math.ceil(count / along);
  const extent = (cells: number, size: number): number => cells * (size + CELL_GAP) - CELL_GAP + 2 * FRAME_PAD;
  return { along, across, length: extent(along, length), breadth: extent(across, breadth) };
}

function draw(layers: Layers, folded: Folded, { box, size, edges }: LayoutRequest, direction: Direction): Layout {
  const isDown = direction === 'down';
  const [length, breadth] = isDown ? [box.height, box.width] : [box.width, box.height];
  const { members } = folded;
  const grids = members.map((nodes) => gridOf(nodes.length, length, breadth, isDown));
  const extents: Extents = {
    sizeOf: (vertex) => grids[vertex]?.breadth ?? 0,
    gapOf: (left, right) => (left < members.length && right < members.length ? BOX_GAP : BEND_GAP),
  };
  const across = fromZero(place(layers, extents), extents);
  const lengths = layers.ranks.map((rank) => Math.max(...rank.map((vertex) => grids[vertex]?.length ?? length)));
  const starts = rankStarts(layers, across, lengths);
  const span: (readonly [start: number, end: number])[] = [];
  for (const [rank, vertices] of layers.ranks.entries())
    for (const vertex of vertices) span[vertex] = [starts[rank]!, starts[rank]! + lengths[rank]!];

  const at = (along: number, side: number): Point => (isDown ? { x: side, y: along } : { x: along, y: side });
  const outlineOf = (vertex: number): Box => {
    const grid = grids[vertex]!;
    const [width, height] = isDown ? [grid.breadth, grid.length] : [grid.length, grid.breadth];
    return { ...at(span[vertex]![0], across[vertex]! - grid.breadth / 2), width, height };
  };
  const outlines = members.map((_, vertex) => outlineOf(vertex));
  const boxes: Box[] = Array.from({ length: size });
  for (const [vertex, nodes] of members.entries()) {
    const cells = isDown ? grids[vertex]!.across : grids[vertex]!.along;
    for (const [cell, node] of nodes.entries()) boxes[node] = cellOf(outlines[vertex]!, cell, cells, box, nodes.length);
  }
  const drawn = new Set<number>();
  const routes = edges.map((_, edge) => {
    const chain = layers.chains[folded.edgeOf[edge]!]!;
    if (drawn.has(folded.edgeOf[edge]!)) return [];
    drawn.add(folded.edgeOf[edge]!);
    return routeOf(
      chain,
      (vertex) => grids[vertex]?.length,
      span,
      (along, vertex) => at(along, across[vertex]!),
    );
  });
  const side = across.reduce((most, where, vertex) => Math.max(most, where + extents.sizeOf(vertex) / 2), 0);
  const corner = at((starts.at(-1) ?? 0) + (lengths.at(-1) ?? length), side);
  return {
    direction,
    width: corner.x,
    height: corner.y,
    boxes,
    frames: outlines.filter((_, vertex) => members[vertex]!.length > 1),
    outlines: folded.vertexOf.map((vertex) => outlines[vertex]!),
    routes,
  };
}

/** A box in a frame, row by row as one reads; the only box of a vertex is its outline. */
function cellOf(outline: Box, cell: number, columns: number, box: LayoutRequest['box'], count: number): Box {
  if (count === 1) return outline;
  const x = outline.x + FRAME_PAD + (cell % columns) * (box.width + CELL_GAP);
  const y = outline.y + FRAME_PAD + Math.floor(cell / columns) * (box.height + CELL_GAP);
  return { x, y, ...box };
}

/** From the end of the first vertex to the start of the last; a vertex shorter than its rank is left straight on. */
function routeOf(
  chain: readonly number[],
  lengthOf: (vertex: number) => number | undefined,
  span: readonly (readonly [start: number, end: number])[],
  at: (along: number, vertex: number) => Point,
): readonly Point[] {
  const source = chain[0]!;
  const [start, end] = span[source]!;
  const own = start + (lengthOf(source) ?? 0);
  const leaving = own < end ? [at(own, source), at(end, source)] : [];
  const points = chain.flatMap((vertex) => span[vertex]!.map((along) => at(along, vertex)));
  return [...leaving, ...points.slice(1, -1)];
}

/** Whole numbers, the first box or bend beginning at 0. */
function fromZero(across: readonly number[], { sizeOf }: Extents): readonly number[] {
  const least = across.reduce((min, at, vertex) => Math.min(min, at - sizeOf(vertex) / 2), Number.POSITIVE_INFINITY);
  return across.map((at) => Math.round(at - least));
}

/** Where each rank begins. */
function rankStarts({ ranks, down }: Layers, across: readonly number[], lengths: readonly number[]): readonly number[] {
  const starts: number[] = [];
  let start = 0;
  for (const [at, rank] of ranks.entries()) {
    starts.push(start);
    let shift = 0;
    for (const vertex of rank) {
      for (const next of down[vertex]!) shift = Math.max(shift, Math.abs(across[next]! - across[vertex]!));
    }
    start += lengths[at]! + Math.min(MAX_RANK_GAP, Math.round(MIN_RANK_GAP + shift * GAP_PER_SHIFT));
  }
  return starts;
}
