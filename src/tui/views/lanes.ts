import { MAX_GRAPH_LANES } from '../../base/index.ts';

/** A node of a graph, and those that it comes after. */
export interface LaneNode {
  readonly id: string;
  readonly upstream: readonly string[];
}

/** A node's row: what is drawn before its name. */
export interface LaneRow {
  readonly id: string;
  readonly drawing: string;
}

/** A column that leads down from a node to those after it. */
interface Lane {
  readonly from: string;
  readonly waiting: Set<string>;
}

/**
 * A graph as rows, one for each node and none before those that it comes after: the edges run down in lanes, as histories of
 * commits are drawn. `├` leads on to others as well, `╰` and `┴` end; what a line crosses stands over it.
 */
export function laneRows(nodes: readonly LaneNode[]): readonly LaneRow[] {
  const known = new Set(nodes.map(({ id }) => id));
  const after = new Map<string, Set<string>>();
  for (const { id, upstream } of nodes) {
    for (const from of upstream) if (known.has(from)) after.set(from, (after.get(from) ?? new Set()).add(id));
  }
  const lanes: (Lane | undefined)[] = [];
  return inOrder(nodes, known).map(({ id }) => {
    const joined = new Map<number, boolean>();
    for (const [at, lane] of lanes.entries()) {
      if (lane?.waiting.delete(id) === true) joined.set(at, lane.waiting.size === 0);
    }
    const [own, drawing] = place(lanes, joined);
    for (const [at, isOver] of joined) if (isOver) lanes[at] = undefined;
    const waiting = after.get(id);
    lanes[own] = waiting === undefined ? undefined : { from: id, waiting: new Set(waiting) };
    while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop();
    return { id, drawing };
  });
}

/** Where a node goes, and its row: into the first lane that ends at it, else into the first that is free. */
function place(
  lanes: readonly (Lane | undefined)[],
  joined: ReadonlyMap<number, boolean>,
): readonly [lane: number, drawing: string] {
  const ending = [...joined].find(([, isOver]) => isOver)?.[0];
  const free = lanes.indexOf(undefined);
  const own = ending ?? (free < 0 ? lanes.length : free);
  const from = Math.min(own, ...joined.keys());
  const to = Math.max(own, ...joined.keys());
  let drawing = '';
  for (let at = 0; at < Math.max(lanes.length, own + 1); at++) {
    const isWithin = at >= from && at < to;
    drawing += at === own ? '●' : laneSign(lanes[at], joined.get(at), at > from && at < to, at < own);
    drawing += isWithin ? '─' : ' ';
  }
  if (drawing.length <= 2 * MAX_GRAPH_LANES) return [own, drawing.trimEnd()];
  return [own, `${drawing.slice(0, 2 * MAX_GRAPH_LANES - 1)}…`];
}

function laneSign(lane: Lane | undefined, isOver: boolean | undefined, isCrossed: boolean, isLeft: boolean): string {
  if (lane === undefined) return isCrossed ? '─' : ' ';
  if (isOver === undefined) return '│';
  if (isCrossed) return isOver ? '┴' : '┼';
  if (isOver) return isLeft ? '╰' : '╯';
  return isLeft ? '├' : '┤';
}

/** Every node behind those that it comes after, else as they came. What is left of a cycle stands at the end. */
function inOrder(nodes: readonly LaneNode[], known: ReadonlySet<string>): readonly LaneNode[] {
  const placed = new Set<string>();
  const ordered: LaneNode[] = [];
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const first of nodes) {
    // A stack, since a chain may be longer than calls may be deep.
    const stack = [{ node: first, next: 0 }];
    const open = new Set([first.id]);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const before = top.node.upstream[top.next++];
      if (before === undefined) {
        if (!placed.has(top.node.id)) ordered.push(top.node);
        placed.add(top.node.id);
        stack.pop();
      } else if (known.has(before) && !placed.has(before) && !open.has(before)) {
        open.add(before);
        stack.push({ node: byId.get(before)!, next: 0 });
      }
    }
  }
  return ordered;
}
