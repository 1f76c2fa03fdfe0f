import type { ChangedEntity, CommitDiff, EntityRef } from '../compiler/index.ts';

/** Grows when a field of the report changes its meaning or goes. */
export const REPORT_VERSION = 1;

/** What a change means, as plain JSON: every picture of it is made of this alone. Instants are RFC 3339 in UTC. */
export interface Report {
  readonly version: typeof REPORT_VERSION;
  readonly base: Side;
  readonly head: Side;
  readonly now: string;
  /** When the change becomes active. */
  readonly mergeAt: string;
  /** Version of the time zone database. */
  readonly tzdata: string;
  readonly domain?: { readonly name: string; readonly namespace: string };
  readonly verdict: Verdict;
  /** Gravest first. */
  readonly findings: readonly ReviewFinding[];
  readonly diff: CommitDiff;
  /** Schedules that differ in anything that a review looks at, by name. */
  readonly schedules: readonly ScheduleReview[];
  /** Absent where no domain ticks. */
  readonly load?: LoadReview;
  readonly graphs: readonly GraphReview[];
  /** Graphs that are not drawn: there are too many, or they are too large. */
  readonly undrawnGraphs: readonly string[];
  readonly approvals: readonly Approval[];
  readonly plan?: Plan;
  /** Further domains that the change moves; the rest of the report is of `domain`. */
  readonly others: readonly DomainReview[];
}

/** What a change means in one more domain. */
export interface DomainReview {
  readonly domain: { readonly name: string; readonly namespace: string };
  /** The verdict on it in one line. */
  readonly line: string;
  /** All that follows is as in the report's own domain. */
  readonly isSame: boolean;
  readonly schedules: readonly ScheduleReview[];
  readonly load?: LoadReview;
  readonly plan?: Plan;
}

export interface Side {
  readonly title: string;
  readonly commit?: string;
}

/** The change in one line, and what that line counts. */
export interface Verdict {
  /** `3 schedules changed · +212 runs/week · peak 14→31 at 02:00 UTC · 1 breaking`. */
  readonly line: string;
  /** Nothing differs in meaning, and nothing is wrong that was not before. */
  readonly isUnchanged: boolean;
  /** What the line has of each kind of counting. */
  readonly errors: number;
  readonly warnings: number;
  readonly breaking: number;
}

export type FindingLevel = 'error' | 'warning' | 'notice';

/** Something that a person should look at. */
export interface ReviewFinding {
  /** A code of `pipectl explain` (`PIPE-REF-001`), or one of the review's own rules. */
  readonly rule: string;
  readonly level: FindingLevel;
  readonly message: string;
  readonly help?: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly endLine?: number;
}

/** The review's own rules. */
export type ReviewRule =
  | 'breaking-change'
  | 'tick-skipped'
  | 'tick-doubled'
  | 'never-ticks'
  | 'clock-change'
  | 'load-limit'
  | 'overlapping-runs'
  | 'removal-waits'
  | 'removals-held';

/** A schedule that is added, removed or ticks otherwise. */
export interface ScheduleReview {
  readonly name: string;
  /** Its name before, when renamed. */
  readonly previousName?: string;
  readonly state: 'added' | 'removed' | 'changed';
  readonly file: string;
  readonly line?: number;
  /** One side is absent when added or removed. */
  readonly before?: ScheduleSide;
  readonly after?: ScheduleSide;
  /** Whether anything about its ticks differs; else only what it starts, or how. */
  readonly ticksDiffer: boolean;
  /** Of the next seven days; absent when there are too many to compare. */
  readonly instants?: InstantChange;
  readonly switchOver: SwitchOver;
  readonly clockChanges: readonly ClockChangeReview[];
  readonly overlap?: OverlapReview;
  readonly cost?: CostReview;
}

/** What a schedule says on one side. */
export interface ScheduleSide {
  /** In words: `at 02:30 on weekdays`; what is wrong with a rule that cannot be read. */
  readonly words: string;
  readonly isBroken?: true;
  /** As written: `30 2 * * mon-fri`, `every 15m`. */
  readonly rule: string;
  readonly timeZone: string;
  readonly launchPlan: string;
  readonly isActive: boolean;
  readonly spread?: string;
  readonly overlap?: string;
  /** The first ones after the merge. */
  readonly next: readonly Fire[];
  /** An average over a year, in the year after the merge. */
  readonly runsPerWeek: number;
}

export interface Fire {
  readonly utc: string;
  /** On the clock of the zone: `Mon 2026-01-05 02:30`. */
  readonly local: string;
  readonly offset: string;
  /** Why it is not simply where the pattern says. */
  readonly note?: string;
  /** The other side, which ticks as well, has no such tick. */
  readonly isOnly?: true;
}

/** Ticks that only one side has, the first ones listed. */
export interface InstantChange {
  readonly added: readonly Fire[];
  readonly addedCount: number;
  readonly removed: readonly Fire[];
  readonly removedCount: number;
}

/** Ticks until the merge go by the old rule, ticks after it by the new one. */
export interface SwitchOver {
  /** The last tick by the old rule. */
  readonly last?: Fire;
  /** The first one by the new rule. */
  readonly first?: Fire;
  /** Absent: neither. `count` ticks more or fewer than either rule alone would have in that stretch. */
  readonly effect?: { readonly kind: 'skipped' | 'doubled'; readonly count: number; readonly stretch: string };
}

/** A night on which the clocks of its zone change, and what that does to the new rule. */
export interface ClockChangeReview {
  readonly utc: string;
  /** `Sun 2026-03-29 02:00`, and what the clocks show then instead. */
  readonly from: string;
  readonly to: string;
  readonly kind: 'forward' | 'back';
  /** Local times of the rule that do not exist on that night, or come twice. */
  readonly times: readonly string[];
  readonly moreTimes: number;
  /** What happens to them, in words. */
  readonly words: string;
}

/** Executions take longer than the schedule waits. */
export interface OverlapReview {
  readonly p95Ms: number;
  readonly intervalMs: number;
  readonly words: string;
}

/** What a week of a schedule takes. Hours of executions, by their median and by their 95th percentile. */
export interface CostReview {
  readonly runs: number;
  readonly before: CostSide;
  readonly after: CostSide;
}

export interface CostSide {
  readonly hoursP50: number;
  readonly hoursP95: number;
  /** Core hours and GiB hours if all tasks that may run at once did so all the time; absent where none asks for any. */
  readonly coreHours?: number;
  readonly gibHours?: number;
}

/** What all active schedules of the domain start in the week after the merge. */
export interface LoadReview {
  /** The first hour. */
  readonly from: string;
  /** Starts by hour of UTC, 168 of them. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly totalBefore: number;
  readonly totalAfter: number;
  readonly runsPerWeekBefore: number;
  readonly runsPerWeekAfter: number;
  readonly peakBefore: Peak;
  readonly peakAfter: Peak;
  /** The minute with the most starts. */
  readonly minuteBefore: Peak;
  readonly minuteAfter: Peak;
  /** What starts in that minute, most first. */
  readonly busiest: readonly { readonly name: string; readonly count: number }[];
  readonly collisions: readonly Collision[];
  readonly suggestion?: SpreadSuggestion;
  /** Launch plans that start and of which nobody knows how long they take. */
  readonly unknownDurations: number;
  /** Schedules that cannot tick, with the reason. */
  readonly broken: readonly { readonly name: string; readonly message: string }[];
}

export interface Peak {
  readonly count: number;
  /** Undefined when nothing starts. */
  readonly utc?: string;
}

/** More than a setting lets begin at a time. */
export interface Collision {
  readonly limit: 'workers' | 'maxExecutions' | 'maxTasks' | 'ticksPerSecond';
  readonly allowed: number;
  readonly before: number;
  readonly after: number;
  readonly utc: string;
  readonly words: string;
}

/** A `spread` for the changed schedules that start in the busiest minute. */
export interface SpreadSuggestion {
  readonly spread: string;
  readonly schedules: readonly string[];
  readonly peakBefore: number;
  readonly peakAfter: number;
}

/** A workflow before and after, in one graph. */
export interface GraphReview {
  readonly workflow: string;
  readonly mermaid: string;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** Who must agree, by what rule, to which files. */
export interface Approval {
  readonly owners: readonly string[];
  readonly files: readonly string[];
  /** `CODEOWNERS:12 /pipelines/`, or `policy production`. */
  readonly because: string;
}

/** What the reconciler would do. */
export interface Plan {
  readonly namespace: string;
  readonly changes: readonly {
    readonly action: 'create' | 'update' | 'restore' | 'remove';
    readonly kind: string;
    readonly name: string;
    readonly file: string;
  }[];
  /** Absent when only what is around the change was looked at. */
  readonly unchanged?: number;
  readonly waiting: readonly { readonly kind: string; readonly name: string; readonly reason: string }[];
  readonly held?: { readonly count: number; readonly of: number; readonly reason: string };
}

export type { ChangedEntity, CommitDiff, EntityRef };
