import { MAX_CATCH_UP_TICKS, SCHEDULES_PER_TURN } from '../../base/index.ts';
import { placeMissed } from './lanes.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import type { Running, Term } from './term.ts';
import { countDue } from './tick-spans.ts';

/** Looks for missed ticks of the first gap and puts them in line, for so long as it may hold up others. */
export function arrangeSome(term: Running): void {
  const { lanes, roster } = term;
  const [gap] = lanes.gaps;
  let id = lanes.arranging ?? 0;
  if (gap === undefined) {
    lanes.arranging = undefined;
    return;
  }
  const isNew = gap.settledUntil === gap.from;
  for (let work = 0; id < roster.end() && work < SCHEDULES_PER_TURN; id++) {
    const entry = roster.at(id);
    work += 1;
    if (entry === undefined || entry.problem !== undefined || lanes.laggards.has(id)) continue;
    placeMissed(lanes, entry, gap);
    if (!isNew) continue;
    const missed = countDue(entry.spans, gap.from, gap.until, MAX_CATCH_UP_TICKS);
    work += missed >> 2;
    noteMissed(term, entry, missed);
  }
  lanes.arranging = id < roster.end() ? id : undefined;
}

/** Ticks that did not run when they were due, whatever becomes of them. */
export function noteMissed({ counters, notes }: Term, entry: ScheduleEntry, count: number): void {
  if (count === 0) return;
  counters.missed += count;
  notes.missed(entry, count);
}
