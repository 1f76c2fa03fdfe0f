import type { Running } from './term.ts';
import { nextDue } from './tick-spans.ts';

/** Nobody knows how far the scheduler was: each schedule goes on from what its own status says. */
export function goOnFromLastTicks({ roster, lanes, options }: Running): void {
  let first = options.clock.now();
  for (let id = 0; id < roster.end(); id++) {
    const entry = roster.at(id);
    if (entry === undefined || entry.problem !== undefined) continue;
    roster.clip(entry);
    const due = safely(() => nextDue(roster.at(id)?.spans ?? [], Number.NEGATIVE_INFINITY));
    if (due !== undefined && due <= first) first = due - 1;
  }
  lanes.settledUntil = first;
}

function safely<T>(of: () => T): T | undefined {
  try {
    return of();
  } catch {
    return undefined;
  }
}
