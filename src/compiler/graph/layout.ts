import { type Layers, type Link, layersOf } from './layers.ts';
import { order } from './order.ts';
import { type Extents, place } from './place.ts';
import { ranksOf } from './ranks.ts';

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
  /**
   * Per edge an even number of points: from the first to the second it turns from one rank to the next, from the second to
   * the third it passes a rank straight on, and so by turns. The first lies on the source's box, the last on the target's.
   */
  readonly routes: readonly (readonly Point[])[];
}

/** Draws a graph in layers. Undefined when edges would bend more often than MAX_GRAPH_POINTS allows. */
export function layOut(request: LayoutRequest): Layout | undefined {
  const found = layersOf(ranksOf(request.size, request.edges), request.edges);
  if (found === undefined) return undefined;
  const layers = order(found);
  if (request.direction !== undefined) return draw(layers, request, request.direction);
  const right = draw(layers, request, 'right');
  if (zoom(right) <= 1) return right;
  const down = draw(layers, request, 'down');
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

function draw(layers: Layers, { box, size, edges }: LayoutRequest, direction: Direction): Layout {
  const isDown = direction === 'down';
  const [length, breadth] = isDown ? [box.height, box.width] : [box.width, box.height];
  const extents: Extents = {
    sizeOf: (vertex) => (vertex < size ? breadth : 0),
    gapOf: (left, right) => (left < size && right < size ? BOX_GAP : BEND_GAP),
  };
  const across = fromZero(place(layers, extents), extents);
  const starts = rankStarts(layers, across, length);
  const startOf: number[] = [];
  for (const [rank, vertices] of layers.ranks.entries()) for (const vertex of vertices) startOf[vertex] = starts[rank]!;

  const at = (along: number, side: number): Point => (isDown ? { x: side, y: along } : { x: along, y: side });
  const boxes = Array.from({ length: size }, (_, node) => ({
    ...at(startOf[node]!, across[node]! - breadth / 2),
    width: box.width,
    height: box.height,
  }));
  const routes = edges.map((_, edge) => {
    const chain = layers.chains[edge]!;
    const points = chain.flatMap((vertex) => [
      at(startOf[vertex]!, across[vertex]!),
      at(startOf[vertex]! + length, across[vertex]!),
    ]);
    return points.slice(1, -1);
  });
  const side = across.reduce((most, place, vertex) => Math.max(most, place + extents.sizeOf(vertex) / 2), 0);
  const corner = at((starts.at(-1) ?? 0) + length, side);
  return { direction, width: corner.x, height: corner.y, boxes, routes };
}

/** Whole numbers, the first box or bend beginning at 0. */
function fromZero(across: readonly number[], { sizeOf }: Extents): readonly number[] {
  const least = across.reduce((min, at, vertex) => Math.min(min, at - sizeOf(vertex) / 2), Number.POSITIVE_INFINITY);
  return across.map((at) => Math.round(at - least));
}

/** Where each rank begins. */
function rankStarts({ ranks, down }: Layers, across: readonly number[], length: number): readonly number[] {
  const starts: number[] = [];
  let start = 0;
  for (const rank of ranks) {
    starts.push(start);
    let shift = 0;
    for (const vertex of rank) {
      for (const next of down[vertex]!) shift = Math.max(shift, Math.abs(across[next]! - across[vertex]!));
    }
    start += length + Math.min(MAX_RANK_GAP, Math.round(MIN_RANK_GAP + shift * GAP_PER_SHIFT));
  }
  return starts;
}
