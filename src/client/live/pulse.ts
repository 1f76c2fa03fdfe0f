import type { UnixMs } from '../../base/index.ts';
import type { ExecutionRow } from './execution-row.ts';

/** How executions are doing, at an instant. */
export interface ExecutionPulse {
  readonly running: number;
  readonly queued: number;
  readonly waiting: number;
  /** Of those that ended in the last hour. */
  readonly succeeded: number;
  readonly failed: number;
  /** That started in each of the last minutes, oldest first. */
  readonly perMinute: readonly number[];
  /** The last that failed, latest first. */
  readonly failures: readonly ExecutionRow[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SHOWN_FAILURES = 5;

/** What rows say of now and of the last `minutes`. Costs a look at each row. */
export function pulseOf(rows: Iterable<ExecutionRow>, now: UnixMs, minutes: number): ExecutionPulse {
  const perMinute = Array.from({ length: minutes }, () => 0);
  const counts = { running: 0, queued: 0, waiting: 0, succeeded: 0, failed: 0 };
  let failures: ExecutionRow[] = [];
  for (const row of rows) {
    if (row.waiting !== '') counts.waiting += 1;
    if (row.phase.startsWith('Running')) counts.running += 1;
    else if (!row.isOver) counts.queued += 1;
    const ago = Math.floor((now - (row.startedAt || row.createdAt)) / MINUTE_MS);
    if (ago >= 0 && ago < minutes) perMinute[minutes - 1 - ago]! += 1;
    if (!row.isOver) continue;
    const isRecent = now - row.finishedAt < HOUR_MS;
    if (row.phase === 'Succeeded') {
      if (isRecent) counts.succeeded += 1;
    } else if (row.phase === 'Failed' || row.phase === 'TimedOut') {
      if (isRecent) counts.failed += 1;
      failures.push(row);
      // Sorted seldom: what cannot be among the last is dropped by the hundred.
      if (failures.length > 100) failures = latest(failures);
    }
  }
  return { ...counts, perMinute, failures: latest(failures) };
}

function latest(failures: readonly ExecutionRow[]): ExecutionRow[] {
  return [...failures].sort((a, b) => b.finishedAt - a.finishedAt).slice(0, SHOWN_FAILURES);
}
