import type { Diagnostic, UnixMs } from '../base/index.ts';
import type { TickFields } from '../calendar/index.ts';
import type { DiffSide, ScheduleClosure } from '../compiler/index.ts';
import type { PlatformSpec } from '../language/index.ts';
import type { Plan } from './report.ts';

/** A schedule as far as a review goes: when it ticks in the domain, and what that starts. */
export interface ScheduleFacts {
  readonly name: string;
  readonly launchPlan: string;
  readonly fields: TickFields;
  readonly isActive: boolean;
  readonly spreadMs?: number;
  readonly overlap?: ScheduleClosure['overlap'];
  readonly maxQueued?: number;
  readonly file: string;
}

/** One of the two commits. */
export interface ReviewSide {
  /** As people name it: `main (3f2c1ab)`. */
  readonly title: string;
  readonly commit?: string;
  readonly side: DiffSide;
  /** What the compiler, lints and policies say of it, as far as they looked. */
  readonly findings: readonly Diagnostic[];
  /** All schedules of the domain, not only those that differ. */
  readonly schedules: readonly ScheduleFacts[];
  readonly platform?: PlatformSpec;
}

/** How long the executions of a launch plan ran. */
export interface PlanDurations {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Executions that these are made of. */
  readonly runs: number;
}

/** Launch plan → how long it takes. */
export type History = ReadonlyMap<string, PlanDurations>;

/** A domain that the change moves as well, with what is its own there. */
export interface DomainInput {
  readonly domain: { readonly name: string; readonly namespace: string };
  readonly base: Pick<ReviewSide, 'schedules' | 'platform'>;
  readonly head: Pick<ReviewSide, 'schedules' | 'platform'>;
  readonly history?: History;
  readonly plan?: Plan;
}

/** All that a review is made of. */
export interface ReviewInput {
  readonly base: ReviewSide;
  readonly head: ReviewSide;
  readonly now: UnixMs;
  /** When the change becomes active. */
  readonly mergeAt: UnixMs;
  /** Version of the time zone database, as `2026a`. */
  readonly tzdata: string;
  /** Where schedules tick; absent where no domain tracks a branch. */
  readonly domain?: { readonly name: string; readonly namespace: string };
  /** Of the domain; absent: nobody knows. */
  readonly history?: History;
  /** The file of owners of the base, whose rules hold for the change. */
  readonly codeOwners?: { readonly path: string; readonly text: string };
  /** Every file that differs, of definitions or not: owners are asked by it. */
  readonly changedFiles: readonly string[];
  /** What the reconciler would do; absent: not asked. */
  readonly plan?: Plan;
  /** Domains beside `domain` that the change moves. */
  readonly others?: readonly DomainInput[];
}
