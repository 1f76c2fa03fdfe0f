import { instantText, MAX_CLOCK_TIMES, REVIEW_CLOCK_CHANGES, type UnixMs } from '../base/index.ts';
import { type TickRule, wallTimesAt, type ZoneChange, zoneChangesAfter, zonedText } from '../calendar/index.ts';
import type { ClockChangeReview } from './report.ts';

/** The next nights on which the clocks of the zone change, and what each does to the rule. */
export function clockChanges(rule: TickRule, timeZone: string, after: UnixMs): readonly ClockChangeReview[] {
  return zoneChangesAfter(timeZone, after, REVIEW_CLOCK_CHANGES).map((change) => clockChange(rule, change));
}

function clockChange(rule: TickRule, change: ZoneChange): ClockChangeReview {
  const kind = change.offsetAfterMs > change.offsetBeforeMs ? 'forward' : 'back';
  // One more than are told, so that it shows whether there are more; seconds are counted by the minute.
  const all = wallTimesAt(rule, change, 3_600);
  const times = all.slice(0, MAX_CLOCK_TIMES).map((wall) => zonedText(wall, 'UTC').time);
  return {
    utc: instantText(change.at),
    from: zonedText(change.at + change.offsetBeforeMs, 'UTC').local,
    to: zonedText(change.at + change.offsetAfterMs, 'UTC').local,
    kind,
    times,
    moreTimes: all.length - times.length,
    words: wordsOf(rule, kind, all.length),
  };
}

/** By the rules of docs/schedules.md, "Zones, and clocks that change". */
function wordsOf(rule: TickRule, kind: 'forward' | 'back', count: number): string {
  if (rule.kind === 'rate') return 'a rate follows elapsed time: nothing changes';
  if (count === 0) return 'no tick in the hour that changes';
  if (rule.pattern.isInterval) {
    return kind === 'forward' ? 'an interval: nothing in the gap is made up for' : 'an interval: both passings tick';
  }
  if (kind === 'forward') {
    const what = count === 1 ? 'does not exist: it ticks' : `do not exist: they are one tick`;
    return `${what} at the first instant after the gap`;
  }
  return count === 1 ? 'comes twice: the first passing ticks' : 'come twice: the first passings tick';
}
