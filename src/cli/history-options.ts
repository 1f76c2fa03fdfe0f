import type { UnixMs } from '../base/index.ts';
import type { ExecutionPhase, HistoryQuery, HistorySort } from '../cluster/index.ts';
import { parseDuration, suggest } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import { UsageError } from './errors.ts';
import { instantOption } from './time-options.ts';

/** Options of `get` that only executions have. */
const OPTIONS = ['since', 'until', 'phase', 'workflow', 'launchPlan', 'schedule', 'sort'] as const;

/** Executions that `get` prints when it is not told how many. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000_000;

const PHASES: readonly ExecutionPhase[] = [
  'Pending',
  'Queued',
  'Running',
  'Succeeded',
  'Failed',
  'TimedOut',
  'Aborted',
];

/** Whether the command line has options that ask for executions only. */
export function asksForHistory(input: CommandInput): boolean {
  return OPTIONS.some((option) => input.text(option) !== undefined) || input.text('limit') !== undefined;
}

/** What the options ask for. Throws UsageError for what is none of what they take. */
export function historyOptions(
  input: CommandInput,
  now: UnixMs,
): { readonly query: HistoryQuery; readonly limit: number } {
  const limit = input.integer('limit', { min: 1, max: MAX_LIMIT }) ?? DEFAULT_LIMIT;
  const phases = input.text('phase')?.split(',').map(phaseOf);
  const sort = input.text('sort') as HistorySort | undefined;
  const text = (option: 'workflow' | 'launchPlan' | 'schedule') => {
    const value = input.text(option);
    return value === undefined ? {} : { [option]: value };
  };
  const since = input.text('since');
  const until = input.text('until');
  const query: HistoryQuery = {
    ...(since !== undefined && { since: instantOf('since', since, now) }),
    ...(until !== undefined && { until: instantOf('until', until, now) }),
    ...(phases !== undefined && { phases }),
    ...text('workflow'),
    ...text('launchPlan'),
    ...text('schedule'),
    ...(sort !== undefined && { sort }),
  };
  return { query, limit };
}

/** The phase that a word names, in any case. Throws UsageError for what is none. */
export function phaseOf(text: string): ExecutionPhase {
  const wanted = text.trim().toLowerCase();
  const phase = PHASES.find((each) => each.toLowerCase() === wanted);
  if (phase !== undefined) return phase;
  const meant = suggest(text, PHASES);
  throw new UsageError(
    `--phase: an execution has no phase "${text}"`,
    meant === undefined ? `one of ${PHASES.join(', ')}` : `did you mean "${meant}"?`,
  );
}

/** `2h` ago, a day (its beginning in UTC), or an instant. */
export function instantOf(option: string, text: string, now: UnixMs): UnixMs {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const instant = instantOption(isDay ? `${text}T00:00:00Z` : text);
  if (instant !== undefined) return instant;
  const ago = parseDuration(text);
  if (ago.kind === 'ok' && ago.ms >= 0) return now - ago.ms;
  throw new UsageError(
    `--${option}: "${text}" is no time`,
    'write how long ago (90m, 7d), a day (2026-01-02, UTC) or an instant (2026-01-02T03:04:05Z)',
  );
}
