import { instantMs } from '../../../src/base/index.ts';
import {
  type Execution,
  isTerminalPhase,
  type MergePatch,
  type Platform,
  type Schedule,
  type SchedulerState,
} from '../../../src/cluster/index.ts';
import type { ClusterMode } from '../world/link.ts';
import type { Commit } from '../world/store.ts';
import { newHistory, type Run, removed, rewritten, runOf, type ScheduleHistory } from './history.ts';

/** Missed ticks that the state has in hand, due in (from, until]; settled up to `settledUntil`. */
export interface OpenGap {
  readonly from: number;
  readonly settledUntil: number;
  readonly until: number;
}

/** All that a world of schedules shows, as its commits tell it. */
export interface TickFacts {
  readonly mode: ClusterMode;
  readonly now: () => number;
  readonly violate: (invariant: number, text: string) => never;
  readonly schedules: Map<string, ScheduleHistory>;
  readonly runs: Map<string, { readonly run: Run; readonly history: ScheduleHistory }>;
  /** When somebody made the state its own last, or settled something: what is settled next was decided later. */
  stateAt: number;
  /** Undefined: nothing was settled yet. */
  settledUntil: number | undefined;
  gaps: readonly (OpenGap & { readonly openedAt: number })[];
  settings: NonNullable<Platform['spec']['scheduler']>;
  /** When all were suspended, or resumed, last. */
  suspensionAt: number;
  /** When a scheduler made the state its own last. */
  takenOverAt: number;
  /** How far the clock of a scheduler ever was ahead, and is now. */
  aheadMs: number;
  aheadNowMs: number;
  /** And behind. */
  behindMs: number;
  /** Until when something was wrong, by simulated time. */
  troubledUntil: number;
  /** Since when all is calm; Infinity: it is not. */
  calmAt: number;
}

/** What follows from a commit once it is taken in. */
export interface Hearing {
  readonly born: (facts: TickFacts, history: ScheduleHistory, run: Run) => void;
  /** `gaps`: as they were before. */
  readonly settled: (facts: TickFacts, before: number | undefined, gaps: TickFacts['gaps']) => void;
}

export function createTickFacts(options: Pick<TickFacts, 'mode' | 'now' | 'violate'>): TickFacts {
  return {
    ...options,
    schedules: new Map(),
    runs: new Map(),
    stateAt: Number.NEGATIVE_INFINITY,
    settledUntil: undefined,
    gaps: [],
    settings: {},
    suspensionAt: Number.NEGATIVE_INFINITY,
    takenOverAt: Number.NEGATIVE_INFINITY,
    aheadMs: 0,
    aheadNowMs: 0,
    behindMs: 0,
    troubledUntil: 0,
    calmAt: Number.POSITIVE_INFINITY,
  };
}

export function hear(facts: TickFacts, commits: readonly Commit[], hearing: Hearing): void {
  for (const commit of commits) {
    if (commit.kind === 'put') put(facts, commit.object, hearing);
    else if (commit.kind === 'status') status(facts, commit, hearing);
    else if (commit.key.kind === 'Schedule') removed(historyOf(facts, commit.key.name), facts.now());
    else if (commit.key.kind === 'Execution') ended(facts, commit.key.name);
  }
}

function historyOf(facts: TickFacts, name: string): ScheduleHistory {
  const known = facts.schedules.get(name) ?? newHistory(name);
  facts.schedules.set(name, known);
  return known;
}

function put(facts: TickFacts, object: Extract<Commit, { kind: 'put' }>['object'], { born }: Hearing): void {
  const now = facts.now();
  const { name } = object.metadata;
  if (object.kind === 'Schedule') {
    // What a clock that is ahead makes of it, nobody has yet written.
    const ahead = facts.aheadMs > 1_000 ? now + facts.aheadMs : Number.NEGATIVE_INFINITY;
    rewritten(historyOf(facts, name), object as Schedule, now, Math.max(ahead, facts.settledUntil ?? ahead));
  } else if (object.kind === 'Platform') {
    const wasSuspended = facts.settings.suspended === true;
    facts.settings = (object as Platform).spec.scheduler ?? {};
    if (wasSuspended !== (facts.settings.suspended === true)) facts.suspensionAt = now;
  } else if (object.kind === 'Execution') {
    const execution = object as Execution;
    const { trigger, desired } = execution.spec;
    if (trigger.kind !== 'schedule') return;
    const known = facts.runs.get(name);
    if (known !== undefined) {
      known.run.isAborted ||= desired === 'Aborted';
      return;
    }
    const tick = instantMs(trigger.tick);
    if (tick === undefined) facts.violate(1, `${name} has the tick ${trigger.tick}`);
    const history = historyOf(facts, trigger.schedule);
    const run = runOf(execution, tick as number, now);
    born(facts, history, run);
    history.runs.set(run.tick, run);
    // Its write was on its way when the schedule was removed: one that comes again by that name is another.
    if (history.spec !== undefined) history.living.add(run);
    facts.runs.set(name, { run, history });
  }
}

function ended(facts: TickFacts, name: string): void {
  const known = facts.runs.get(name);
  if (known === undefined) return;
  known.run.endedAt = facts.now();
  known.history.living.delete(known.run);
}

function status(facts: TickFacts, { key, patch }: Extract<Commit, { kind: 'status' }>, hearing: Hearing): void {
  if (key.kind === 'Execution') {
    if (isTerminalPhase((patch.phase as never) ?? 'Pending')) ended(facts, key.name);
  } else if (key.kind === 'Schedule' && 'owedSince' in patch) {
    const history = historyOf(facts, key.name);
    history.owedSince = instantMs((patch.owedSince as string | null) ?? undefined);
    history.behindAt = facts.now();
  } else if (key.kind === 'SchedulerState') moved(facts, patch, hearing);
}

function moved(facts: TickFacts, patch: MergePatch, { settled }: Hearing): void {
  const settledUntil = instantMs(patch.settledUntil as string | undefined);
  if (settledUntil === undefined) {
    facts.stateAt = facts.now();
    return;
  }
  const before = facts.settledUntil;
  const old = facts.gaps;
  facts.settledUntil = settledUntil;
  facts.gaps = gapsIn(patch.catchUp as Catching).map((gap) => {
    const known = old.find(({ from }) => from === gap.from);
    return { ...gap, openedAt: known?.openedAt ?? facts.now() };
  });
  settled(facts, before, old);
  facts.stateAt = facts.now();
}

type Catching = NonNullable<SchedulerState['status']>['catchUp'];

function gapsIn(catchUp: Catching): OpenGap[] {
  if (catchUp === undefined || catchUp === null) return [];
  const of = (text: string): number => instantMs(text) ?? Number.NaN;
  const { from, settledUntil, until, later = [] } = catchUp;
  return [
    { from: of(from), settledUntil: of(settledUntil), until: of(until) },
    ...later.map((each) => ({ from: of(each.from), settledUntil: of(each.from), until: of(each.until) })),
  ];
}
