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

/** Field selector of executions that are not over. */
export const EXECUTIONS_NOT_OVER = ['Succeeded', 'Failed', 'TimedOut', 'Aborted']
  .map((phase) => `status.phase!=${phase}`)
  .join(',');

/** Field selector of pods that have not ended. */
export const PODS_NOT_ENDED = 'status.phase!=Succeeded,status.phase!=Failed';
