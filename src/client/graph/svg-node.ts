import type { Box, GraphNode } from '../../compiler/graph/index.ts';
import { actionText, conditionText, type Drawing, type NodeMark, nodeName } from './drawing.ts';
import { kindLookOf, lookOf } from './looks.ts';
import { fitText, textWidth, xmlText } from './svg-text.ts';

/** Where words begin in a box, and the free space at its end. */
const TEXT_AT = 46;
const PAD = 14;
const NAME_SIZE = 13;
const LINE_SIZE = 12;
/** Room of a phase's symbol before its words. */
const SYMBOL = 18;
const MIN_WIDTH = 140;
const MAX_WIDTH = 280;
const HEIGHT = 48;
/** Height of each line beyond name and action. */
const LINE = 20;
/** How far each box of a stack looks out. Two of them stay well inside the layout's gaps. */
const STACK_STEP = 4;
const STACKED = 2;

/** What all boxes of a drawing have room for: what the longest of their words need, within bounds. */
export interface BoxStyle {
  readonly width: number;
  readonly height: number;
  readonly hasConditions: boolean;
  readonly hasStates: boolean;
}

/** The boxes of a drawing. */
export function boxStyle({ graph, marks }: Drawing): BoxStyle {
  let words = 0;
  for (const node of graph.nodes) {
    const condition = conditionText(node) ?? '';
    words = Math.max(words, textWidth(nodeName(node), NAME_SIZE, true));
    words = Math.max(words, textWidth(actionText(node), LINE_SIZE), textWidth(condition, LINE_SIZE));
    const mark = marks?.get(node.id);
    if (mark !== undefined) words = Math.max(words, SYMBOL + textWidth(mark.text, LINE_SIZE));
  }
  const hasConditions = graph.nodes.some(({ when }) => when !== undefined);
  const hasStates = marks !== undefined;
  return {
    width: Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, Math.ceil((TEXT_AT + words + PAD) / 4) * 4)),
    height: HEIGHT + (hasConditions ? LINE : 0) + (hasStates ? LINE : 0),
    hasConditions,
    hasStates,
  };
}

/** One node as a group with a tooltip that has its words uncut. */
export function nodeText(node: GraphNode, box: Box, mark: NodeMark | undefined, style: BoxStyle): string {
  const { family, icon, isStack } = kindLookOf(node.kind);
  const look = style.hasStates ? lookOf(mark?.phase ?? 'Pending') : undefined;
  const classes = ['pg-node', `pg-${family}`, ...(look === undefined ? [] : [`pg-${look.key}`])].join(' ');
  const room = box.width - TEXT_AT - PAD + 6;
  const action = actionText(node);
  const condition = conditionText(node);
  const said = [nodeName(node), action, condition, mark?.text].filter((words) => words !== undefined);
  const mayNotRun = condition !== undefined || node.isFailureHandler === true;
  const dashed = (look === undefined ? mayNotRun : look.isDashed === true) ? ' pg-dashed' : '';
  const rect = (shift: number) =>
    `<rect class="pg-b${dashed}" x="${shift}" y="${shift}" width="${box.width}" height="${box.height}" rx="8"/>`;
  const shadows = isStack === true ? Array.from({ length: STACKED }, (_, at) => rect((STACKED - at) * STACK_STEP)) : [];
  return [
    `<g class="${classes}" transform="translate(${box.x} ${box.y})">`,
    `<title>${xmlText(said.join(': '))}</title>`,
    ...shadows,
    rect(0),
    '<rect class="pg-k" x="10" y="10" width="28" height="28" rx="6"/>',
    `<path class="pg-i" transform="translate(16 16)" d="${icon}"/>`,
    textLine('pg-t pg-n', TEXT_AT, 21, fitText(nodeName(node), room, NAME_SIZE, true)),
    textLine('pg-t pg-m', TEXT_AT, 38, fitText(action, room, LINE_SIZE)),
    ...(condition === undefined ? [] : [textLine('pg-t pg-m', TEXT_AT, 56, fitText(condition, room, LINE_SIZE))]),
    ...(look === undefined ? [] : stateLines(look.symbol, mark, box, room)),
    '</g>',
  ].join('');
}

/** The state is the lowest line. */
function stateLines(symbol: string, mark: NodeMark | undefined, box: Box, room: number): readonly string[] {
  const words = fitText(mark?.text ?? 'Pending', room - SYMBOL, LINE_SIZE);
  const line = box.height - 12;
  return [
    `<path class="pg-s" transform="translate(${TEXT_AT} ${line - 10})" d="${symbol}"/>`,
    textLine('pg-t pg-w', TEXT_AT + SYMBOL, line, words),
    ...(mark?.progress === undefined ? [] : progressBar(mark.progress, box)),
  ];
}

/** Phases that a bar shows, in this order. */
export const BAR_PHASES = ['Succeeded', 'Failed', 'Running'] as const;

/** How far a map is: succeeded, failed and running parts of one bar, in this order. */
function progressBar(progress: NonNullable<NodeMark['progress']>, box: Box): readonly string[] {
  const { size, succeeded, failed, running } = progress;
  const length = box.width - 16;
  const y = box.height - 6;
  const parts = [`<rect class="pg-track" x="8" y="${y}" width="${length}" height="3" rx="1.5"/>`];
  let start = 0;
  for (const [at, count] of [succeeded, failed, running].entries()) {
    const { key } = lookOf(BAR_PHASES[at]!);
    const share = size > 0 ? Math.round((count / size) * length * 10) / 10 : 0;
    const width = Math.max(0, Math.min(share, Math.round((length - start) * 10) / 10));
    if (width > 0) parts.push(`<rect class="pg-bar-${key}" x="${8 + start}" y="${y}" width="${width}" height="3"/>`);
    start += width;
  }
  return parts;
}

function textLine(classes: string, x: number, y: number, text: string): string {
  return `<text class="${classes}" x="${x}" y="${y}">${xmlText(text)}</text>`;
}
