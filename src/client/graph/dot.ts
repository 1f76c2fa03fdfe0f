import type { GraphNode } from '../../compiler/graph/index.ts';
import { type Drawing, lineText, nodeLines } from './drawing.ts';
import { lookOf } from './looks.ts';

/** A graph in Graphviz's language. Nodes are `n0`, `n1`, …; names stand in labels only. */
export function dotText({ graph, caption, marks, direction = 'right' }: Drawing): string {
  const { name, nodes, edges } = graph;
  const title = caption === undefined ? [name] : [name, caption];
  const lines = [
    `digraph ${quoted([name])} {`,
    `  graph [rankdir=${direction === 'down' ? 'TB' : 'LR'}, label=${quoted(title)}, labelloc=t, fontname="sans-serif"];`,
    '  node [fontname="sans-serif", fontsize=12, style="filled,rounded", fillcolor="#ffffff", color="#59636e"];',
    '  edge [color="#818b98"];',
  ];
  for (const [at, node] of nodes.entries()) {
    const mark = marks?.get(node.id);
    lines.push(
      `  n${at} [label=${quoted(nodeLines(node, marks))}, ${shapeOf(node)}${marks === undefined ? '' : colours(mark?.phase)}];`,
    );
  }
  for (const { from, to, isImplied } of edges) lines.push(`  n${from} -> n${to}${isImplied ? ' [style=dashed]' : ''};`);
  return `${lines.join('\n')}\n}\n`;
}

const SHAPES: Readonly<Record<string, string>> = {
  map: 'shape=box, peripheries=2',
  compute: 'shape=ellipse, style=filled',
  switch: 'shape=diamond, style=filled',
  workflow: 'shape=component, style=filled',
  launchPlan: 'shape=component, style=filled',
  approve: 'shape=hexagon, style=filled',
  signal: 'shape=hexagon, style=filled',
  sleep: 'shape=hexagon, style=filled',
};

function shapeOf({ kind }: GraphNode): string {
  return Object.hasOwn(SHAPES, kind) ? SHAPES[kind]! : 'shape=box';
}

function colours(phase = 'Pending'): string {
  const { light } = lookOf(phase);
  return `, fillcolor="${light.fill}", color="${light.line}", fontcolor="${light.line}"`;
}

/** Lines as a quoted string. Labels read escapes after a backslash and entities after an ampersand. */
function quoted(lines: readonly string[]): string {
  const text = lines.map((line) => lineText(line).replace(/[\\"]/g, '\\$&').replaceAll('&', '&amp;')).join('\\n');
  return `"${text}"`;
}
