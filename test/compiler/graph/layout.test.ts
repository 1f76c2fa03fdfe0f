import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingsOf } from '../../../src/compiler/graph/crossings.ts';
import { type Box, type Layout, layOut, type Point } from '../../../src/compiler/graph/index.ts';

const BOX = { width: 160, height: 48 };

interface Drawn {
  readonly size: number;
  readonly edges: readonly { readonly from: number; readonly to: number }[];
}

/** Some graphs, and the same with one node as a wide fan. */
function withFans(plain: fc.Arbitrary<Drawn>): fc.Arbitrary<Drawn> {
  const fanned = fc.tuple(plain, fc.nat(), fc.integer({ min: 1, max: 40 })).map(([{ size, edges }, any, copies]) => {
    const node = any % size;
    const moved = (at: number): number => (at > node ? at + copies - 1 : at);
    const all = (at: number): readonly number[] =>
      at === node ? Array.from({ length: copies }, (_, copy) => node + copy) : [moved(at)];
    return {
      size: size + copies - 1,
      edges: edges.flatMap(({ from, to }) =>
        all(from).flatMap((source) => all(to).map((target) => ({ from: source, to: target }))),
      ),
    };
  });
  return fc.oneof(plain, fanned);
}

/** Graphs whose edges go from lower numbers to higher ones, without doubles. */
const graphs: fc.Arbitrary<Drawn> = withFans(
  fc.integer({ min: 1, max: 60 }).chain((size) =>
    fc
      .uniqueArray(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 120, selector: ([a, b]) => `${a} ${b}` })
      .map((pairs) => ({
        size,
        edges: pairs.filter(([from, to]) => from < to).map(([from, to]) => ({ from, to })),
      })),
  ),
);

const directions = fc.constantFrom('right' as const, 'down' as const);

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Whether a box reaches into the space that a leg of a route can touch. */
function touches(box: Box, from: Point, to: Point): boolean {
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
  return box.x < right && left < box.x + box.width && box.y < bottom && top < box.y + box.height;
}

function legs(route: readonly Point[]): readonly (readonly [Point, Point])[] {
  return route.slice(1).map((point, at) => [route[at]!, point]);
}

/** A leg that lies on a border is outside; one without extent across would count as outside everywhere, so it gets some. */
function widened([from, to]: readonly [Point, Point]): readonly [Point, Point] {
  return [
    { x: Math.min(from.x, to.x) + 0.25, y: Math.min(from.y, to.y) - 0.25 },
    { x: Math.max(from.x, to.x) - 0.25, y: Math.max(from.y, to.y) + 0.25 },
  ];
}

function turned({ x, y }: Point): Point {
  return { x: y, y: x };
}

function drawn(graph: Drawn, direction: 'right' | 'down'): Layout {
  return layOut({ ...graph, box: BOX, direction })!;
}

describe('layOut', () => {
  it('lets no boxes overlap, and keeps all within the drawing', () => {
    fc.assert(
      fc.property(graphs, directions, (graph, direction) => {
        const { boxes, frames, outlines, width, height } = drawn(graph, direction);
        const alone = outlines.filter((outline) => !frames.includes(outline));
        for (const [at, frame] of frames.entries()) {
          expect([...frames.slice(at + 1), ...alone].some((other) => overlap(frame, other))).toBe(false);
          const inside = boxes.filter((box) => overlap(frame, box));
          expect(inside.every(({ x, y }) => x > frame.x && y > frame.y)).toBe(true);
          expect(inside.length).toBeGreaterThanOrEqual(12);
        }
        for (const [at, box] of boxes.entries()) {
          expect(boxes.slice(at + 1).some((other) => overlap(box, other))).toBe(false);
          expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
        }
      }),
    );
  });

  it('leads every edge from the side of its source to the side of its target', () => {
    fc.assert(
      fc.property(graphs, directions, (graph, direction) => {
        const { outlines, routes } = drawn(graph, direction);
        const led = new Set(graph.edges.map(({ from, to }) => `${JSON.stringify([outlines[from], outlines[to]])}`));
        expect(routes.filter((route) => route.length > 0).length).toBe(led.size);
        for (const [at, { from, to }] of graph.edges.entries()) {
          const [source, target, route] = [outlines[from]!, outlines[to]!, routes[at]!];
          if (route.length === 0) continue;
          const [end, start] =
            direction === 'right'
              ? [
                  { x: source.x + source.width, y: source.y + source.height / 2 },
                  { x: target.x, y: target.y + target.height / 2 },
                ]
              : [
                  { x: source.x + source.width / 2, y: source.y + source.height },
                  { x: target.x + target.width / 2, y: target.y },
                ];
          expect([route[0], route.at(-1), route.length % 2]).toEqual([end, start, 0]);
        }
      }),
    );
  });

  it('leads no edge through a box', () => {
    fc.assert(
      fc.property(graphs, directions, (graph, direction) => {
        const { boxes, routes } = drawn(graph, direction);
        for (const route of routes) {
          for (const leg of legs(route)) {
            const [from, to] = direction === 'right' ? widened(leg) : widened([turned(leg[0]), turned(leg[1])]);
            const hit = boxes.filter((box) =>
              direction === 'right' ? touches(box, from, to) : touches(box, turned(from), turned(to)),
            );
            expect(hit).toEqual([]);
          }
        }
      }),
    );
  });

  it('draws the same graph the same way', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(layOut({ ...graph, box: BOX })).toEqual(layOut({ ...graph, box: BOX }));
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    { shape: 'a short chain', direction: 'right', size: 3, edges: chain(3) },
    { shape: 'a long chain', direction: 'down', size: 30, edges: chain(30) },
    { shape: 'a fan', direction: 'right', size: 41, edges: fan(40) },
  ])('points $direction with $shape', ({ direction, size, edges }) => {
    expect(layOut({ size, edges, box: BOX })!.direction).toBe(direction);
  });

  it('draws a chain as a straight line', () => {
    const { routes } = drawn({ size: 5, edges: chain(5) }, 'right');
    expect(new Set(routes.flat().map(({ y }) => y)).size).toBe(1);
  });

  it('finds the drawing without crossings of a tree whose children are written in turns', () => {
    // 1 and 2 hang below 0; of 3…8, the odd ones hang below 1, the even ones below 2.
    const edges = [1, 2].map((to) => ({ from: 0, to }));
    for (let to = 3; to <= 8; to += 1) edges.push({ from: to % 2 === 1 ? 1 : 2, to });
    const { boxes } = drawn({ size: 9, edges }, 'down');
    const upper = [3, 5, 7].map((node) => boxes[node]!.x);
    const lower = [4, 6, 8].map((node) => boxes[node]!.x);
    expect(Math.max(...upper) < Math.min(...lower) || Math.max(...lower) < Math.min(...upper)).toBe(true);
  });

  it('draws a wide fan as a grid in a frame, with one edge to it and one from it', () => {
    const edges = Array.from({ length: 98 }, (_, at) => [
      { from: 0, to: at + 1 },
      { from: at + 1, to: 99 },
    ]).flat();
    const { frames, routes, width, height, boxes } = layOut({ size: 100, edges, box: BOX })!;
    expect(frames).toHaveLength(1);
    expect(routes.filter((route) => route.length > 0)).toHaveLength(2);
    expect([width < 1_500, height < 1_500]).toEqual([true, true]);
    // As one reads: the second to the right of the first, the last below it.
    expect([boxes[2]!.y, boxes[98]!.y > boxes[1]!.y]).toEqual([boxes[1]!.y, true]);
  });

  it('spreads nodes without edges over several ranks', () => {
    const { width, height } = drawn({ size: 100, edges: [] }, 'right');
    expect([width, height].every((length) => length < 2_500)).toBe(true);
  });

  it('refuses edges that would bend too often', () => {
    const size = 400;
    const edges = Array.from({ length: size }, (_, from) => [
      { from, to: from + 1 },
      { from, to: size },
    ]).flat();
    expect(layOut({ size: size + 1, edges: edges.slice(0, -1), box: BOX })).toBeUndefined();
  });
});

describe('crossingsOf', () => {
  it('counts what looking at each pair of links counts', () => {
    const links = fc.uniqueArray(fc.tuple(fc.nat(7), fc.nat(7)), { selector: ([a, b]) => `${a} ${b}` });
    fc.assert(
      fc.property(links, (pairs) => {
        const down: number[][] = Array.from({ length: 16 }, () => []);
        for (const [from, to] of pairs) down[from]!.push(8 + to);
        const ranks = [0, 8].map((start) => Array.from({ length: 8 }, (_, at) => start + at));
        let count = 0;
        for (const [a, x] of pairs) for (const [b, y] of pairs) if (a < b && x > y) count += 1;
        expect(crossingsOf(ranks, down)).toBe(count);
      }),
    );
  });
});

function chain(size: number) {
  return Array.from({ length: size - 1 }, (_, from) => ({ from, to: from + 1 }));
}

function fan(leaves: number) {
  return Array.from({ length: leaves }, (_, at) => ({ from: 0, to: at + 1 }));
}
