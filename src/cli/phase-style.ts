import type { Style } from './terminal.ts';

const STYLES: Readonly<Record<string, Style>> = {
  Succeeded: 'green',
  Completed: 'green',
  Registered: 'green',
  True: 'green',
  Cached: 'green',
  Recovered: 'green',
  Running: 'cyan',
  Queued: 'yellow',
  Aborting: 'yellow',
  Paused: 'yellow',
  Failed: 'red',
  TimedOut: 'red',
  Error: 'red',
  False: 'red',
  Aborted: 'magenta',
  Skipped: 'dim',
  Pending: 'dim',
};

/** The style of a phase as data has it, for `describe` and `run --follow`. */
export function styleOfPhase(phase: string): Style | undefined {
  return Object.hasOwn(STYLES, phase) ? STYLES[phase] : undefined;
}

/** The style of a cell, by its column: a workflow that is called Failed is no failure. */
export function phaseStyle(column: string, text: string): Style | undefined {
  if (column !== 'PHASE' && column !== 'STATUS' && column !== 'READY') return undefined;
  return styleOfPhase(/^\w+/.exec(text)?.[0] ?? '');
}
