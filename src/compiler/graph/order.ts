import { crossingsOf } from './crossings.ts';
import type { Layers } from './layers.ts';

/**
 * The same layers with few crossings: sweeps up and down put each vertex at the mean place of its neighbours in the rank
 * before (Sugiyama's barycentre rule), then neighbours change places where that helps; the best order seen is kept.
 */
export function order(layers: Layers): Layers {
  const { up, down } = layers;
  let ranks = firstOrder(layers);
  let best = ranks;
  let least = crossingsOf(best, down);
  const sweeps = Math.min(MAX_SWEEPS, Math.ceil(MAX_WORK / (1 + up.length)));
  for (let sweep = 0, idle = 0; sweep < sweeps && idle < MAX_IDLE_SWEEPS && least > 0; sweep += 1, idle += 1) {
    const isDown = sweep % 2 === 0;
    // Equal means are kept in order in two sweeps and turned round in the next two.
    ranks = swept(ranks, isDown ? up : down, isDown, sweep % 4 >= 2);
    if (up.length <= MAX_SWAPPED) ranks = swapped(ranks, up, down);
    const crossings = crossingsOf(ranks, down);
    if (crossings < least) {
      least = crossings;
      best = ranks;
      idle = -1;
    }
  }
  return { ...layers, ranks: best };
}

type Ranks = Layers['ranks'];
type Neighbours = Layers['up'];

const MAX_SWEEPS = 32;
const MAX_IDLE_SWEEPS = 6;
/** Vertices looked at by all sweeps. */
const MAX_WORK = 1_000_000;
/** Changing places costs the square of a vertex's degree. */
const MAX_SWAPPED = 3_000;

/** Vertices as a walk along the edges meets them, so that what belongs together begins together. */
function firstOrder({ ranks, down }: Layers): Ranks {
  const rankOf: number[] = [];
  for (const [rank, vertices] of ranks.entries()) for (const vertex of vertices) rankOf[vertex] = rank;
  const met = new Set<number>();
  const found: number[][] = ranks.map(() => []);
  for (const start of ranks.flat()) {
    const open = [start];
    for (let vertex = open.pop(); vertex !== undefined; vertex = open.pop()) {
      if (met.has(vertex)) continue;
      met.add(vertex);
      found[rankOf[vertex]!]!.push(vertex);
      for (const next of down[vertex]!.toReversed()) open.push(next);
    }
  }
  return found;
}

function swept(ranks: Ranks, neighbours: Neighbours, isDown: boolean, turnsTies: boolean): Ranks {
  const result = ranks.slice();
  const places: number[] = [];
  for (let step = 0; step < ranks.length; step += 1) {
    const at = isDown ? step : ranks.length - 1 - step;
    result[at] = sortedByMean(ranks[at]!, neighbours, places, turnsTies);
    for (const [place, vertex] of result[at]!.entries()) places[vertex] = place;
  }
  return result;
}

/** Vertices without neighbours keep their places; the others share the rest of the places by their means. */
function sortedByMean(
  rank: readonly number[],
  neighbours: Neighbours,
  places: readonly number[],
  turnsTies: boolean,
): readonly number[] {
  const means = rank.flatMap((vertex, place) => {
    const around = neighbours[vertex]!;
    if (around.length === 0) return [];
    return [{ vertex, place, mean: around.reduce((sum, next) => sum + places[next]!, 0) / around.length }];
  });
  means.sort((a, b) => a.mean - b.mean || (turnsTies ? b.place - a.place : a.place - b.place));
  let next = 0;
  return rank.map((vertex) => (neighbours[vertex]!.length === 0 ? vertex : means[next++]!.vertex));
}

/** Lets vertices next to each other change places as long as that saves crossings. */
function swapped(ranks: Ranks, up: Neighbours, down: Neighbours): Ranks {
  const places: number[] = [];
  for (const rank of ranks) for (const [place, vertex] of rank.entries()) places[vertex] = place;
  const result = ranks.map((rank) => rank.slice());
  for (let round = 0, isBetter = true; isBetter && round < MAX_SWAP_ROUNDS; round += 1) {
    isBetter = false;
    for (const rank of result) {
      for (let at = 1; at < rank.length; at += 1) {
        const left = rank[at - 1]!;
        const right = rank[at]!;
        const now = pairCrossings(up[left]!, up[right]!, places) + pairCrossings(down[left]!, down[right]!, places);
        const then = pairCrossings(up[right]!, up[left]!, places) + pairCrossings(down[right]!, down[left]!, places);
        if (then >= now) continue;
        rank[at - 1] = right;
        rank[at] = left;
        places[right] = at - 1;
        places[left] = at;
        isBetter = true;
      }
    }
  }
  return result;
}

const MAX_SWAP_ROUNDS = 8;

function pairCrossings(left: readonly number[], right: readonly number[], places: readonly number[]): number {
  let count = 0;
  for (const l of left) for (const r of right) if (places[l]! > places[r]!) count += 1;
  return count;
}
