/** Bounds of schedules, the scheduler and backfills. Sizes in bytes, times in milliseconds. */
const DAY_MS = 24 * 3_600_000;

/** Rules by which a schedule ticked before, kept on its object, and for how long: no scheduler is down for longer and owes them still. */
export const MAX_PREVIOUS_TICKS = 4;
export const PREVIOUS_TICKS_MAX_AGE_MS = 7 * DAY_MS;

/** With `overlap: queue`: executions that wait where the schedule says nothing, and the most that it can say. */
export const DEFAULT_MAX_QUEUED = 10;
export const MAX_QUEUED = 10_000;

/** Entries under `exclude` of one schedule, and local days of each: ten years of daily ones. */
export const MAX_EXCLUDE_RULES = 32;
export const MAX_EXCLUDED_DATES = 3_660;
/** A file of dates, as it lies in git. */
export const MAX_CALENDAR_FILE_BYTES = 256 * 1024;

/** Between two ticks of a schedule: cron's second. */
export const MIN_SCHEDULE_INTERVAL_MS = 1_000;

/** `rateLimit` of a schedule, and rates of the platform: what can be asked for. */
export const MAX_RATE_LIMIT_TICKS = 1_000_000;
export const MIN_RATE_LIMIT_PER_MS = 1_000;
export const MAX_RATE_LIMIT_PER_MS = DAY_MS;
export const MAX_TICKS_PER_SECOND = 1_000_000;

/** Of one backfill: executions at a time, and ticks. Of a namespace: backfills that are over; the oldest go. */
export const MAX_BACKFILL_CONCURRENCY = 100;
export const MAX_BACKFILL_TICKS = 1_000_000;
export const MAX_FINISHED_BACKFILLS = 100;
/** Ticks that one step looks at, and the delay after one that could not be made. */
export const BACKFILL_SLICE = 200;
export const BACKFILL_BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 60_000 } as const;

/** Names of time zones about which the runtime was asked, and spans of 17 years of zones whose changes are kept, about 600 B each. */
export const MAX_KNOWN_ZONES = 1_000;
export const MAX_ZONE_TABLES = 4_000;

/** Ticks of one schedule that are counted in one hour of a calendar: one each millisecond. */
export const MAX_COUNTED_TICKS = 3_600_000;
