/**
 * calendar: cron patterns and rates in a time zone → ticks, as instants in Unix milliseconds.
 * Owns the grammar of cron and the rules for days on which a zone's clocks change.
 * Must not read a clock: the caller says from when. Ticks are strictly increasing.
 */

export { type ClockChange, clockChangeAt } from './clock-change.ts';
export { countBetween } from './count.ts';
export { nextWallTime } from './cron-next.ts';
export { type CronField, type CronPattern, type CronResult, parseCron } from './cron-parse.ts';
export { cronWords } from './cron-words.ts';
export { type ExcludedTime, type ExclusionResult, type WallWindows, wallTimeOf, wallWindowsOf } from './exclusion.ts';
export { shortestInterval } from './interval.ts';
export { type PreviewedTick, previewTicks, zonedText } from './preview.ts';
export { type RuleResult, type TickFields, tickFieldsOf, tickRuleOf } from './rule.ts';
export { spreadOffsetMs } from './spread.ts';
export {
  nextTick,
  previousTick,
  type TickCursor,
  type TickRule,
  tickCursor,
  ticksBetween,
} from './ticks.ts';
export { isTimeZone, timeZoneNames } from './zone.ts';
export { wallTimesAt, type ZoneChange, zoneChangesAfter } from './zone-changes.ts';
