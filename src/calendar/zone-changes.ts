import { nextWallTime } from './cron-next.ts';
import type { TickRule } from './ticks.ts';
import { LAST_INSTANT } from './ticks.ts';
import { offsetIndex, zoneOffsets } from './zone-offsets.ts';

/** An instant at which the clocks of a zone are moved. Offsets are local time minus UTC, in ms. */
export interface ZoneChange {
  readonly at: number;
  readonly offsetBeforeMs: number;
  readonly offsetAfterMs: number;
}

/** The first `count` changes of a zone's clocks after an instant; fewer where its rules know of no more. */
export function zoneChangesAfter(timeZone: string, after: number, count: number): readonly ZoneChange[] {
  const changes: ZoneChange[] = [];
  for (let at = after; changes.length < count && at < LAST_INSTANT; ) {
    const zone = zoneOffsets(timeZone, at);
    const index = offsetIndex(zone, at);
    const next = zone.from[index + 1] as number;
    if (!Number.isFinite(next)) break;
    const [before, now] = [zone.offsetMs[index] as number, zone.offsetMs[index + 1] as number];
    // A zone may change its name or its law without moving its clocks.
    if (before !== now) changes.push({ at: next, offsetBeforeMs: before, offsetAfterMs: now });
    at = next;
  }
  return changes;
}

/**
 * The local times, in ms as if they were UTC, at which a pattern would tick and which a change leaves out, or shows twice;
 * at most `limit`. A rate follows no clock: it has none.
 */
export function wallTimesAt(rule: TickRule, change: ZoneChange, limit: number): readonly number[] {
  if (rule.kind === 'rate') return [];
  const [from, until] = [
    change.at + Math.min(change.offsetBeforeMs, change.offsetAfterMs),
    change.at + Math.max(change.offsetBeforeMs, change.offsetAfterMs),
  ];
  const times: number[] = [];
  for (let wall = nextWallTime(rule.pattern, from); wall !== undefined && wall < until && times.length < limit; ) {
    times.push(wall);
    wall = nextWallTime(rule.pattern, wall + 1);
  }
  return times;
}
