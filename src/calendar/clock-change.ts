import { nextWallTime } from './cron-next.ts';
import type { TickRule } from './ticks.ts';
import { offsetIndex, zoneOffsets } from './zone-offsets.ts';

/** Why a tick is not simply where the clock on the wall says. Wall times in ms as if they were UTC. */
export type ClockChange =
  /** Clocks go forward: the pattern's `missing` wall time does not exist, so it ticks at the first instant after the gap. */
  | { readonly kind: 'gap'; readonly missing: number }
  /** Clocks go back: this wall time comes twice, and the tick is at its first or second passing. */
  | { readonly kind: 'fold'; readonly passing: 'first' | 'second' };

/** What a change of the zone's clocks has to do with a tick of the rule; undefined, as nearly always, for nothing. */
export function clockChangeAt(rule: TickRule, tick: number): ClockChange | undefined {
  const zone = zoneOffsets(rule.timeZone ?? 'UTC', tick);
  const index = offsetIndex(zone, tick);
  const offset = zone.offsetMs[index] as number;
  const wall = tick + offset;
  const change = zone.from[index + 1] as number;
  const offsetAfter = zone.offsetMs[index + 1];
  if (offsetAfter !== undefined && wall >= change + offsetAfter) return { kind: 'fold', passing: 'first' };
  const since = zone.from[index] as number;
  const offsetBefore = zone.offsetMs[index - 1];
  if (offsetBefore === undefined) return undefined;
  if (wall < since + offsetBefore) return { kind: 'fold', passing: 'second' };
  if (tick !== since || rule.kind === 'rate' || rule.pattern.isInterval) return undefined;
  const missing = nextWallTime(rule.pattern, since + offsetBefore);
  return missing !== undefined && missing < wall ? { kind: 'gap', missing } : undefined;
}
