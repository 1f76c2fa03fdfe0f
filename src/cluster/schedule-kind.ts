import { instantMs, isJsonObject, type Json, MAX_PREVIOUS_TICKS } from '../base/index.ts';
import type { DefinitionSource } from './definitions.ts';
import { ANNOTATION } from './labels.ts';
import type { Condition, KubeObject } from './object.ts';

/** What becomes of ticks that were missed: no scheduler ran, or it was suspended. */
export interface CatchUp {
  readonly policy: 'all' | 'latest' | 'none';
  readonly limit?: number;
  readonly windowMs?: number;
}

/** What becomes of a tick while executions of earlier ticks are not over. Absent means `allow`. */
export type OverlapPolicy = 'allow' | 'forbid' | 'replace' | 'queue';

/** When a schedule does not tick, in the wall time of its zone. */
export type ExcludeRule =
  /** From `from` until before `to`, each as `2026-12-24T18:00:00`. */
  | { readonly from: string; readonly to: string }
  /** Whole local days, as `2026-12-25`, ascending. */
  | { readonly dates: readonly string[] }
  /** The same, read from a file of the commit; `calendar` is its path. */
  | { readonly calendar: string; readonly dates: readonly string[] };

/** At most `ticks` executions in any `perMs`; what is more waits. */
export interface TickRateLimit {
  readonly ticks: number;
  readonly perMs: number;
}

/** The fields that say when a schedule ticks. Exactly one of `cron` and `everyMs`. */
export interface ScheduleTicks {
  readonly cron?: string;
  readonly everyMs?: number;
  readonly timeZone: string;
  readonly start?: string;
  readonly end?: string;
  readonly spreadMs?: number;
  readonly exclude?: readonly ExcludeRule[];
}

export interface Schedule extends KubeObject {
  readonly kind: 'Schedule';
  readonly spec: DefinitionSource &
    ScheduleTicks & {
      readonly launchPlan: string;
      readonly catchUp: CatchUp;
      readonly overlap?: OverlapPolicy;
      /** With `overlap: queue`: executions that wait; a tick that finds so many is skipped. DEFAULT_MAX_QUEUED when absent. */
      readonly maxQueued?: number;
      /** Of its executions, instead of the launch plan's. */
      readonly priority?: number;
      readonly rateLimit?: TickRateLimit;
      readonly inputs?: Readonly<Record<string, Json>>;
      readonly kickoffTime?: string;
      readonly active: boolean;
    };
  /** For people: written late and seldom. Nothing but `owedSince`, `knownSince`, `claims`, `began` and `conditions` decides anything. */
  readonly status?: {
    readonly lastTick?: string;
    readonly nextTick?: string;
    readonly lastExecution?: string;
    /** Between the last tick, with its spread, and its durable execution. */
    readonly latenessMs?: number;
    /** Ticks that were not run when they were due, and ticks that overlap or a full queue left out. */
    readonly missed?: number;
    readonly skipped?: number;
    /** It is set aside, for the reason in `conditions`: its ticks are settled up to here only, whatever the others' are. */
    readonly owedSince?: string;
    /** The scheduler has settled ticks of the rule that holds since then; those before its watermark are not looked at again. */
    readonly knownSince?: string;
    /** Executions that were not over when a tick was started last, where ticks must not just overlap, and the tick of each. */
    readonly claims?: Readonly<Record<string, string>>;
    /** With a rate limit: how many executions its ticks have started lately, by the beginning of a part of the limit's time. */
    readonly began?: Readonly<Record<string, number>>;
    /** Generation of the spec that `activeSince` is about. */
    readonly observedGeneration?: number;
    /** Ticks before this instant belong to an earlier version of the schedule, or to a time when it was off. */
    readonly activeSince?: string;
    readonly conditions?: readonly Condition[];
  };
}

/**
 * A rule by which a schedule ticked before, from after `since` (absent: its creation) to `until`. The annotation
 * ANNOTATION.previousTicks holds a JSON list of these, oldest first, at most MAX_PREVIOUS_TICKS.
 */
export interface PreviousTicks extends ScheduleTicks {
  readonly since?: string;
  readonly until: string;
}

/** What ANNOTATION.previousTicks of a schedule says. Whatever is not readable in it, since anybody may annotate, is left out. */
export function previousTicksOf({ metadata }: KubeObject): readonly PreviousTicks[] {
  let list: unknown;
  try {
    list = JSON.parse(metadata.annotations?.[ANNOTATION.previousTicks] ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return (list as Json[]).filter(isPreviousTicks).slice(-MAX_PREVIOUS_TICKS) as unknown as readonly PreviousTicks[];
}

function isPreviousTicks(entry: Json): boolean {
  if (!isJsonObject(entry)) return false;
  const isTime = (value: Json | undefined): boolean => typeof value === 'string' && instantMs(value) !== undefined;
  const hasRule = typeof entry.cron === 'string' || (typeof entry.everyMs === 'number' && entry.everyMs > 0);
  return (
    hasRule &&
    typeof entry.timeZone === 'string' &&
    isTime(entry.until) &&
    (entry.since === undefined || isTime(entry.since))
  );
}

/** Whether a person has suspended the schedule. */
export function isSuspendedSchedule({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOTATION.suspended] !== undefined;
}

/** Who suspended a schedule, when and why: JSON of ANNOTATION.suspended. */
export interface ScheduleSuspension {
  readonly by?: string;
  readonly at: string;
  readonly reason?: string;
}

/**
 * How far the scheduler is: one object, SCHEDULER_STATE_NAME in the system namespace, however many schedules there are. Every tick whose due
 * time (tick and spread) is no later than `settledUntil` is settled: its execution exists, or policy left it out, or its schedule
 * says by `owedSince` that it is behind.
 */
export interface SchedulerState extends KubeObject {
  readonly kind: 'SchedulerState';
  readonly spec: Readonly<Record<string, never>>;
  readonly status?: {
    /** Of this form of the status. */
    readonly version: 1;
    readonly settledUntil: string;
    /** All that happened to schedules before this was known then. */
    readonly heardUntil?: string;
    /** Missed ticks in (from, until] are being made up for, and are settled up to `settledUntil`. Null and absent: none. */
    readonly catchUp?: {
      readonly from: string;
      readonly settledUntil: string;
      readonly until: string;
      /** Further spans that wait for this one. */
      readonly later?: readonly { readonly from: string; readonly until: string }[];
    } | null;
    /** Counts the schedulers that have worked with it: the last one's writes count. */
    readonly epoch?: number;
    readonly conditions?: readonly Condition[] | null;
  };
}

export const SCHEDULER_STATE_NAME = 'default';
