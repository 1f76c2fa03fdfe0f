import type { UnixMs } from '../../base/index.ts';
import { durationText, type NodeView } from '../../client/index.ts';
import { type Line, span, spread } from '../line.ts';
import { stateOf } from '../phase.ts';

/** The time that a timeline shows. */
export interface TimeSpan {
  readonly from: UnixMs;
  readonly until: UnixMs;
}

/** Eighths of a column, from none to seven. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The beginning and the end of it, above the bars. */
export function timelineTitle({ from, until }: TimeSpan, columns: number): Line {
  return spread([span('0s', 'dim')], [span(durationText(until - from), 'dim')], Math.max(4, columns));
}

/** A node's bar from its start to its end, or to now; what runs has an open end. */
export function timelineBar(node: NodeView, { from, until }: TimeSpan, now: UnixMs, columns: number): Line {
  const { startedAt, finishedAt, phase } = node;
  if (startedAt === undefined || columns < 4) return [];
  const scale = columns / Math.max(1, until - from);
  const start = Math.min(columns - 1, Math.floor((startedAt - from) * scale));
  const exact = ((finishedAt ?? now) - from) * scale;
  const end = Math.max(start + 1 / 8, Math.min(columns, exact));
  const whole = Math.floor(end) - start;
  const part = PARTS[Math.floor((end - Math.floor(end)) * 8)] ?? '';
  const bar = whole > 0 ? '█'.repeat(whole) + part : part || '▏';
  const { tone } = stateOf(phase);
  return [span(' '.repeat(start)), span(bar.slice(0, columns - start), tone)];
}
