import type { GraphNode } from '../../compiler/graph/index.ts';
import { type Drawing, lineText, nodeLines } from './drawing.ts';
import { lookOf, PHASE_LOOKS } from './looks.ts';

/** Mermaid refuses more, unless the page that shows it is set otherwise (`maxTextSize`, `maxEdges`). */
const MAX_TEXT = 50_000;
const MAX_EDGES = 500;

/** Whether a page shows this Mermaid text only with larger limits than Mermaid's own. */
export function isBeyondMermaid(drawing: Drawing, text: string): boolean {
  return text.length > MAX_TEXT || drawing.graph.edges.length > MAX_EDGES;
}

/** A Mermaid flowchart. Nodes are `n0`, `n1`, …, so that no name can be a word of the language. */
export function mermaidText({ graph, caption, marks, direction = 'right' }: Drawing): string {
  const { name, nodes, edges } = graph;
  const title = caption === undefined ? name : `${name}: ${caption}`;
  const lines = [`flowchart ${direction === 'down' ? 'TD' : 'LR'}`, `  accTitle: ${freeText(title)}`];
  for (const [at, node] of nodes.entries()) {
    const mark = marks?.get(node.id);
    const [open, close] = shapeOf(node);
    const phase = marks === undefined ? '' : `:::${lookOf(mark?.phase ?? 'Pending').key}`;
    lines.push(`  n${at}${open}"${nodeLines(node, marks).map(labelText).join('<br/>')}"${close}${phase}`);
  }
  for (const { from, to, isImplied } of edges) lines.push(`  n${from} ${isImplied ? '-.->' : '-->'} n${to}`);
  if (marks !== undefined) lines.push(...classLines());
  return `${lines.join('\n')}\n`;
}

const SHAPES: Readonly<Record<string, readonly [string, string]>> = {
  task: ['[', ']'],
  map: ['[/', '\\]'],
  compute: ['([', '])'],
  switch: ['{', '}'],
  workflow: ['[[', ']]'],
  launchPlan: ['[[', ']]'],
  approve: ['{{', '}}'],
  signal: ['{{', '}}'],
  sleep: ['{{', '}}'],
  dynamic: ['>', ']'],
};

function shapeOf({ kind }: GraphNode): readonly [string, string] {
  return Object.hasOwn(SHAPES, kind) ? SHAPES[kind]! : ['(', ')'];
}

/** Text in quotes: what could end them, start markup or be Markdown becomes Mermaid's entities, `#` and a code point. */
function labelText(text: string): string {
  return lineText(text).replace(/[^\p{L}\p{N}\p{M} .,:;…/()+=_-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** A line without quotes: what begins a comment or a directive, or ends the statement, is left out. */
function freeText(text: string): string {
  return lineText(text).replace(/[^\p{L}\p{N}\p{M} .,:/()+=_-]/gu, ' ');
}

function classLines(): readonly string[] {
  return PHASE_LOOKS.map(({ key, light, isDashed }) => {
    const dashes = isDashed === true ? ',stroke-dasharray:5 4' : '';
    return `  classDef ${key} fill:${light.fill},stroke:${light.line},color:${light.line}${dashes}`;
  });
}
