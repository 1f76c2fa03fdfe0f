import { type Box, type Graph, type Layout, layOut, type Point } from '../../compiler/graph/index.ts';
import type { Drawing } from './drawing.ts';
import { lookOf, type PhaseLook } from './looks.ts';
import { legendParts, legendText } from './svg-legend.ts';
import { BAR_PHASES, boxStyle, nodeText } from './svg-node.ts';
import { styleText } from './svg-style.ts';
import { fitText, textWidth, xmlText } from './svg-text.ts';

/**
 * A picture that stands alone: light or dark as the reader's system is. Undefined when the graph is too large to draw
 * (MAX_GRAPH_POINTS).
 */
export function svgText(drawing: Drawing): string | undefined {
  const { graph, caption, marks, direction } = drawing;
  const style = boxStyle(drawing);
  const layout = layOut({
    size: graph.nodes.length,
    edges: graph.edges,
    box: style,
    ...(direction !== undefined && { direction }),
  });
  if (layout === undefined) return undefined;
  const legend = marks === undefined ? undefined : legendParts(graph, marks);
  const width = Math.ceil(Math.max(layout.width, MIN_WIDTH, legend?.width ?? 0)) + 2 * MARGIN;
  const top = MARGIN + (caption === undefined ? HEAD : HEAD_WITH_CAPTION);
  const height = Math.ceil(top + layout.height + MARGIN + (legend === undefined ? 0 : LEGEND));
  const left = Math.round((width - layout.width) / 2);
  const description = `${graph.nodes.length} nodes, ${graph.edges.length} edges${caption === undefined ? '' : `. ${caption}`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${xmlText(`Workflow ${graph.name}: ${description}`)}">`,
    `<title>${xmlText(`Workflow ${graph.name}`)}</title>`,
    `<desc>${xmlText(description)}</desc>`,
    `<style>${styleText(looksOf(drawing))}</style>`,
    `<rect class="pg-page" width="${width}" height="${height}"/>`,
    ...headLines(drawing, width),
    `<g transform="translate(${left} ${top})">`,
    ...layout.frames.map(frameText),
    ...edgeLines(graph, layout),
    ...graph.nodes.map((node, at) => nodeText(node, layout.boxes[at]!, marks?.get(node.id), style)),
    '</g>',
    ...(legend === undefined ? [] : [legendText(legend, MARGIN, height - MARGIN)]),
    '</svg>',
    '',
  ].join('\n');
}

const MARGIN = 24;
const MIN_WIDTH = 260;
const HEAD = 38;
const HEAD_WITH_CAPTION = 58;
const LEGEND = 34;

function headLines({ graph, caption }: Drawing, width: number): readonly string[] {
  const room = width - 2 * MARGIN;
  const name = fitText(graph.name, room, 18, true);
  const lines = [`<text class="pg-t pg-h" x="${MARGIN}" y="${MARGIN + 14}">${xmlText(name)}</text>`];
  if (caption === undefined) return lines;
  const line = textWidth(caption, 12) > room ? `<title>${xmlText(caption)}</title>` : '';
  const shown = xmlText(fitText(caption, room, 12));
  return [...lines, `<text class="pg-t pg-m" x="${MARGIN}" y="${MARGIN + 36}">${line}${shown}</text>`];
}

/** Looks of the phases that are shown; a bar shows three of them by itself. */
function looksOf({ graph, marks }: Drawing): readonly PhaseLook[] {
  if (marks === undefined) return [];
  const shown = graph.nodes.flatMap(({ id }) => {
    const mark = marks.get(id);
    return [mark?.phase ?? 'Pending', ...(mark?.progress === undefined ? [] : BAR_PHASES)];
  });
  return [...new Set(shown.map(lookOf))];
}

/** Edges that say nothing new lie below the others, and are paler. */
function edgeLines({ edges }: Graph, layout: Layout): readonly string[] {
  const lines: string[] = [];
  for (const isImplied of [true, false]) {
    const routes = layout.routes.filter((route, at) => route.length > 0 && edges[at]!.isImplied === isImplied);
    const targets = edges.filter((edge) => edge.isImplied === isImplied).map(({ to }) => layout.outlines[to]!);
    const pale = isImplied ? ' pg-f' : '';
    for (const route of routes) lines.push(`<path class="pg-e${pale}" d="${routePath(route, layout)}"/>`);
    const heads = [...new Set(targets)].map((box) => headPath(box, layout)).join('');
    if (heads !== '') lines.push(`<path class="pg-a${pale}" d="${heads}"/>`);
  }
  return lines;
}

/** Around nodes that have the same edges: those lead to the frame and from it. */
function frameText({ x, y, width, height }: Box): string {
  return `<rect class="pg-g" x="${x}" y="${y}" width="${width}" height="${height}" rx="${FRAME_CORNER}"/>`;
}

const FRAME_CORNER = 10;

/** Length of an arrow's head, and half its width. */
const HEAD_LENGTH = 8;
const HEAD_HALF = 4;

/** Turns are curves that leave and arrive along the way; passages are straight. The end is covered by the arrow's head. */
function routePath(route: readonly Point[], { direction }: Layout): string {
  const isDown = direction === 'down';
  const end = route.at(-1)!;
  const before = isDown ? { x: end.x, y: end.y - HEAD_LENGTH + 1 } : { x: end.x - HEAD_LENGTH + 1, y: end.y };
  const points = [...route.slice(0, -1), before];
  const start = points[0]!;
  let path = `M${start.x} ${start.y}`;
  for (let at = 1; at < points.length; at += 1) {
    const [from, to] = [points[at - 1]!, points[at]!];
    const isStraight = at % 2 === 0 || (isDown ? from.x === to.x : from.y === to.y);
    if (isStraight) path += `L${to.x} ${to.y}`;
    else if (isDown) path += `C${from.x} ${(from.y + to.y) / 2} ${to.x} ${(from.y + to.y) / 2} ${to.x} ${to.y}`;
    else path += `C${(from.x + to.x) / 2} ${from.y} ${(from.x + to.x) / 2} ${to.y} ${to.x} ${to.y}`;
  }
  return path;
}

function headPath({ x, y, width, height }: Box, { direction }: Layout): string {
  if (direction === 'down') {
    const middle = x + width / 2;
    return `M${middle} ${y}L${middle - HEAD_HALF} ${y - HEAD_LENGTH}H${middle + HEAD_HALF}Z`;
  }
  const middle = y + height / 2;
  return `M${x} ${middle}L${x - HEAD_LENGTH} ${middle - HEAD_HALF}V${middle + HEAD_HALF}Z`;
}
