import type { NodePhase } from './execution-kind.ts';

/** Terminal phases of nodes; those of executions are among them. */
const TERMINAL: ReadonlySet<string> = new Set<NodePhase>([
  'Succeeded',
  'Failed',
  'TimedOut',
  'Skipped',
  'Aborted',
  'Recovered',
  'Cached',
]);

/** Whether an execution or a node in this phase never changes again. */
export function isTerminalPhase(phase: string): boolean {
  return TERMINAL.has(phase);
}

/** How `status.message` of an execution begins while nodes of it wait for answers. */
export const WAITS = 'waits for ';
