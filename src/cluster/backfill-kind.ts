import type { KubeObject } from './object.ts';
import type { ScheduleTicks } from './schedule-kind.ts';

/** Runs the ticks that a schedule would have had in a span of the past. */
export interface Backfill extends KubeObject {
  readonly kind: 'Backfill';
  /** Never changes, but for `desired`. */
  readonly spec: {
    /** A schedule of the same namespace. */
    readonly schedule: string;
    /** Ticks with from <= tick < to, RFC 3339. Those after the moment at which it begins are not part of it. */
    readonly from: string;
    readonly to: string;
    /** Executions at a time; 1 when absent, at most MAX_BACKFILL_CONCURRENCY. */
    readonly concurrency?: number;
    /** Newest tick first. */
    readonly reverse?: boolean;
    readonly by?: string;
    /** Paused starts nothing more. Aborted ends what runs, and the backfill. Running when absent. */
    readonly desired?: 'Running' | 'Paused' | 'Aborted';
  };
  readonly status?: BackfillStatus;
}

/** `Failed`: all ticks were dealt with and some executions did not succeed, or it cannot go on. */
export type BackfillPhase = 'Running' | 'Succeeded' | 'Failed' | 'Aborted';

export interface BackfillStatus {
  readonly phase: BackfillPhase;
  /** When the schedule ticked as it was when this began: so a change of it meanwhile changes no tick. */
  readonly ticks: ScheduleTicks;
  /** Ticks of the span. */
  readonly total: number;
  /** The last tick dealt with, in its order. Absent: none yet. */
  readonly settledUntil?: string;
  /** Executions that it created. */
  readonly started: number;
  /** Ticks whose execution existed. */
  readonly skipped: number;
  readonly running: number;
  readonly succeeded: number;
  /** Of what it started: how many ended otherwise, or are gone. */
  readonly failed: number;
  /** Names of the executions that it started and that are not counted as ended. */
  readonly live: readonly string[];
  /** Why it waits, or how it ended. */
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
}
