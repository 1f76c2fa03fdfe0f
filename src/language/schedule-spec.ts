import type { Json } from '../base/index.ts';

export interface ScheduleSpec {
  readonly description?: string;
  readonly launchPlan: string;
  /** Exactly one of `cron` (not yet checked) and `everyMs`. */
  readonly cron?: string;
  readonly everyMs?: number;
  /** Not yet checked; `UTC` when absent in the text. */
  readonly timeZone: string;
  /** RFC 3339 in UTC with milliseconds. */
  readonly start?: string;
  readonly end?: string;
  readonly spreadMs?: number;
  /** At `['spec', 'exclude', index]`. */
  readonly exclude?: readonly ExcludeSpec[];
  readonly catchUp: { readonly policy: 'all' | 'latest' | 'none'; readonly limit?: number; readonly windowMs?: number };
  readonly overlap?: 'allow' | 'forbid' | 'replace' | 'queue';
  readonly maxQueued?: number;
  readonly priority?: number;
  readonly rateLimit?: { readonly ticks: number; readonly perMs: number };
  readonly inputs: ReadonlyMap<string, Json>;
  /** Name of the input that gets the tick. */
  readonly kickoffTime?: string;
  readonly active: boolean;
}

/** Times as written and not yet checked: local dates and times of the schedule's zone. Given is one of the three. */
export interface ExcludeSpec {
  readonly from?: string;
  readonly to?: string;
  readonly dates?: readonly string[];
  /** Path of a file of dates. */
  readonly calendar?: string;
}

/** Of all schedules together. */
export interface SchedulerSpec {
  readonly suspended?: boolean;
  readonly ticksPerSecond?: number;
  readonly catchUpPerSecond?: number;
}
