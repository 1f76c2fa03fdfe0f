import type { Graph } from '../../compiler/graph/index.ts';
import type { NodeMark } from './drawing.ts';
import { lookOf, phaseOrder } from './looks.ts';
import { textWidth, xmlText } from './svg-text.ts';

/** The phases that a picture shows, with how many nodes are in each. */
export interface Legend {
  readonly parts: readonly { readonly phase: string; readonly text: string; readonly x: number }[];
  readonly width: number;
}

const SYMBOL = 18;
const BETWEEN = 22;
const SIZE = 12;

/** Phases in the order in which an execution goes through them. */
export function legendParts({ nodes }: Graph, marks: ReadonlyMap<string, NodeMark>): Legend {
  const counts = new Map<string, number>();
  for (const { id } of nodes) {
    const phase = marks.get(id)?.phase ?? 'Pending';
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
  }
  const phases = [...counts].sort(([a], [b]) => phaseOrder(a) - phaseOrder(b) || (a < b ? -1 : 1));
  let x = 0;
  const parts = phases.map(([phase, count]) => {
    const part = { phase, text: `${count} ${phase}`, x };
    x += SYMBOL + textWidth(part.text, SIZE) + BETWEEN;
    return { ...part, x: Math.round(part.x) };
  });
  return { parts, width: Math.max(0, x - BETWEEN) };
}

/** The legend with its first symbol at (x, y). */
export function legendText({ parts }: Legend, x: number, y: number): string {
  const items = parts.map(
    (part) =>
      `<g class="pg-${lookOf(part.phase).key}" transform="translate(${part.x} 0)"><path class="pg-s" transform="translate(0 -10)" d="${lookOf(part.phase).symbol}"/><text class="pg-t pg-w" x="${SYMBOL}">${xmlText(part.text)}</text></g>`,
  );
  return `<g transform="translate(${x} ${y})">${items.join('')}</g>`;
}
