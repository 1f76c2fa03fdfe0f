import type { NodeMark } from '../client/graph/index.ts';
import { durationText, type ExecutionView, type NodeView } from '../client/index.ts';
import { isTerminalPhase } from '../cluster/index.ts';

/** `nightly-x7k2pq: Failed in 4.3s, commit 3f2c1ab`. */
export function executionCaption(view: ExecutionView): string {
  const { name, phase, isTerminal, durationMs, commit } = view;
  return `${name}: ${spanText(phase, isTerminal, durationMs)}, commit ${commit.slice(0, 7)}`;
}

/** A node's state for a picture: `Failed in 3.1s, 38/40`; the bar of a map, or of a node that runs others, shows how many failed. */
export function nodeMark(node: NodeView, isOver: boolean): NodeMark {
  const { phase, durationMs, subtasks = node.inner, attempt = 1 } = node;
  if (phase === 'Pending' && isOver) return { phase, text: 'never started' };
  const words = [spanText(phase, isTerminalPhase(phase), durationMs)];
  if (subtasks !== undefined) words.push(`${subtasks.succeeded}/${subtasks.size}`);
  if (attempt > 1) words.push(`attempt ${attempt}`);
  return { phase, text: words.join(', '), ...(subtasks !== undefined && { progress: subtasks }) };
}

function spanText(phase: string, isEnded: boolean, durationMs: number | undefined): string {
  if (durationMs === undefined) return phase;
  return `${phase} ${isEnded ? 'in' : 'for'} ${durationText(durationMs)}`;
}
