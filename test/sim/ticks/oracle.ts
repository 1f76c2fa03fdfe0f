import { DEFAULT_MAX_QUEUED, MAX_TICK_WRITE_RETRY_MS, MISSED_AFTER_MS } from '../../../src/base/index.ts';
import type { Hearing, TickFacts } from './facts.ts';
import { isLax, isTick, type Run, type ScheduleHistory, type Tick, ticksDue } from './history.ts';

/**
 * What must hold of ticks, whatever happens:
 * 1 one execution for each that is due, and none for what is no tick, comes too early or is withdrawn;
 * 2 the watermark never goes back, and nobody moves it who has lost it to another;
 * 3 of what was missed, just what the policy says is made up for;
 * 4 executions overlap as far as the schedule allows, and what is left out is left out for that;
 * 5 nobody ticks while suspended;
 * 6 in calm, ticks come in time, whatever other schedules do, and nothing stays owed.
 */

/** Within this, a scheduler has heard of a change or has lost its lease. */
export function lagMs({ mode }: TickFacts): number {
  return mode === 'embedded' ? 4_000 : 50_000;
}

interface Doubt {
  readonly history: ScheduleHistory;
  readonly tick: Tick;
  /** Between these it was decided: missed ticks are, some time before the watermark of all passes them. */
  readonly since: number;
  readonly passedAt: number;
  /** The watermark of its schedule then. */
  readonly owedSince: number | undefined;
}

export interface Oracle extends Hearing {
  /** Looks at what had to come true by now. */
  check(facts: TickFacts): void;
  end(facts: TickFacts): void;
}

export function createOracle(): Oracle {
  const doubts: Doubt[] = [];
  const doubt = (facts: TickFacts, history: ScheduleHistory, passed: readonly Tick[], since: number): void => {
    for (const tick of passed) {
      const { owedSince } = history;
      if (!isAccounted(facts, history, tick)) doubts.push({ history, tick, since, passedAt: facts.now(), owedSince });
    }
  };
  return {
    born,
    settled(facts, before, gaps) {
      const { settledUntil = 0 } = facts;
      if (before === undefined) return;
      if (settledUntil < before)
        facts.violate(2, `the watermark goes back from ${text(before)} to ${text(settledUntil)}`);
      for (const history of facts.schedules.values()) {
        if (history.reigns.length === 0) continue;
        const passed = ticksDue(history, before, settledUntil);
        spanKept(facts, history, before, passed);
        doubt(facts, history, passed, facts.now());
        for (const gap of gaps) {
          const left = facts.gaps.find(({ from }) => from === gap.from);
          const missed = ticksDue(history, gap.from, gap.until).filter(({ due, reign }) => due > reign.owedFrom);
          if (left === undefined) policyKept(facts, history, missed, gap);
          const madeUpTo = left?.settledUntil ?? gap.until;
          const made = missed.filter(({ due }) => due > gap.settledUntil && due <= madeUpTo);
          doubt(facts, history, made, gap.openedAt);
        }
        if (history.living.size > 1) replaced(facts, history);
      }
    },
    check(facts) {
      const ripe = facts.now() - lagMs(facts);
      // While all are suspended, what came just before is only remembered, and nothing settled that would forget it.
      if (facts.settings.suspended === true || facts.suspensionAt > ripe) return;
      let kept = 0;
      for (const doubt of doubts) {
        if (doubt.passedAt > ripe || isToBeHeardOf(facts, doubt)) doubts[kept++] = doubt;
        else resolve(facts, doubt);
      }
      doubts.length = kept;
    },
    end(facts) {
      for (const doubt of doubts.splice(0)) resolve(facts, doubt);
      allIsWell(facts);
    },
  };
}

/** Who passed it over did not know of it, and is dead, or hears late: whoever does hear makes up for it. */
function isToBeHeardOf(facts: TickFacts, { tick }: Doubt): boolean {
  return wasUnheard(facts, tick) && facts.now() <= facts.troubledUntil + TAKEN_OVER_MS + lagMs(facts);
}

/** Until somebody takes over a lease that was just renewed. */
const TAKEN_OVER_MS = 75_000;

function wasUnheard({ troubledUntil }: TickFacts, { due, reign }: Tick): boolean {
  return due <= reign.at + UNHEARD_MS && troubledUntil >= reign.at;
}

function born(facts: TickFacts, history: ScheduleHistory, run: Run): void {
  const now = facts.now();
  const what = `${run.name}, tick ${text(run.tick)} of ${history.name},`;
  if (history.runs.has(run.tick)) facts.violate(1, `${what} is the second one`);
  const lag = lagMs(facts) + facts.aheadMs;
  if (!isTick(history, run.tick, now, lag)) facts.violate(1, `${what} is no tick`);
  const dues = history.reigns.map(({ offsetMs }) => run.tick + offsetMs);
  const isQuiet = now > facts.troubledUntil + lag;
  const aheadMs = isQuiet ? facts.aheadNowMs : facts.aheadMs;
  if (Math.min(...dues) > now + aheadMs + 1) facts.violate(1, `${what} comes too early`);
  if (isQuiet && history.isSuspended && history.changedAt < now - lag)
    facts.violate(5, `${what} starts while suspended`);
  if (isQuiet && facts.settings.suspended === true && facts.suspensionAt < now - lag) {
    facts.violate(5, `${what} starts while all are suspended`);
  }
  overlapKept(facts, history, run);
}

function overlapKept(facts: TickFacts, history: ScheduleHistory, run: Run): void {
  const others = [...history.living].filter(({ overlap }) => overlap !== undefined);
  const { spec, changedAt } = history;
  if (others.length === 0 || spec === undefined || changedAt > facts.now() - lagMs(facts)) return;
  const names = others.map(({ name }) => name).join(', ');
  if (run.overlap === 'forbid') facts.violate(4, `${run.name} starts beside ${names}`);
  if (run.overlap !== 'queue') return;
  const { maxQueued = DEFAULT_MAX_QUEUED } = spec;
  if (others.length > maxQueued && others.every(({ bornAt }) => bornAt > changedAt)) {
    facts.violate(4, `${run.name} waits behind ${others.length}, which is more than ${maxQueued}`);
  }
}

/** What is settled is replaced: all but the newest are to end. */
function replaced(facts: TickFacts, history: ScheduleHistory): void {
  const { spec, changedAt, living } = history;
  if (spec?.overlap !== 'replace' || facts.now() - changedAt < lagMs(facts)) return;
  // Who takes over ticks at once, and ends beside that what another left half replaced.
  if (facts.now() - facts.takenOverAt < lagMs(facts)) return;
  const mine = [...living].filter(({ overlap, bornAt }) => overlap === 'replace' && bornAt > changedAt);
  const going = mine.filter(({ isAborted }) => !isAborted);
  // One that is made up for may come beside a newer one whose write is on its way, and one of which nothing is settled yet may end others still.
  const settled = going.filter(
    ({ tick, bornAt }) => isPassed(facts, history, dueOf(history, tick)) && bornAt < facts.now() - lagMs(facts),
  );
  if (settled.length > 1) {
    facts.violate(4, `${settled.map(({ name }) => name).join(' and ')} both go on, though one replaces the other`);
  }
}

/** By the rule that it is of: watermarks are of due times. */
function dueOf({ reigns }: ScheduleHistory, tick: number): number {
  const reign = reigns.findLast(({ since, until }) => tick > since && tick <= until);
  return tick + (reign?.offsetMs ?? 0);
}

function isPassed({ settledUntil = 0, gaps }: TickFacts, { owedSince }: ScheduleHistory, at: number): boolean {
  if (at > settledUntil || at > (owedSince ?? Number.POSITIVE_INFINITY)) return false;
  return !gaps.some((gap) => at > gap.settledUntil && at <= gap.until);
}

/** Whether it is known what became of a tick that the watermark has passed. */
function isAccounted(facts: TickFacts, history: ScheduleHistory, { tick, due, reign }: Tick): boolean {
  if (history.runs.has(tick) || reign.isWithdrawn || due <= reign.owedFrom) return true;
  if (due > (history.owedSince ?? Number.POSITIVE_INFINITY)) return true;
  return facts.gaps.some((gap) => due > gap.settledUntil && due <= gap.until);
}

function resolve(facts: TickFacts, doubt: Doubt): void {
  const { history, tick, passedAt } = doubt;
  if (isAccounted(facts, history, tick)) return;
  // By the clock of whoever passed it, it may have been missed; what becomes of those is for the policy.
  const wasMissed = tick.due <= passedAt + facts.aheadMs - MISSED_AFTER_MS || wasLate(facts, history, tick);
  if ((wasMissed || wasUnheard(facts, tick)) && isDroppable(history, tick, passedAt)) return;
  if (isLeftOut(facts, doubt)) return;
  if (wasOldNews(facts, tick, passedAt)) return;
  facts.violate(1, `${history.name} was passed over with its tick ${text(tick.tick)}, due ${text(tick.due)}`);
}

/** By a clock that is ahead it is old when it is heard of. */
function wasOldNews({ aheadMs, troubledUntil }: TickFacts, { reign }: Tick, passedAt: number): boolean {
  return aheadMs > 1_000 && troubledUntil >= reign.at && passedAt <= reign.at + LATE_NEWS_MS;
}

/** News come so late, at most. */
const LATE_NEWS_MS = 5 * 60_000;

/** Who passes over what came so shortly before, without knowing of it, may die before it hears of it; then it is missed. */
const UNHEARD_MS = 60_000;

/** It fell behind with this one, and has caught up meanwhile. */
function wasLate(facts: TickFacts, { behindAt }: ScheduleHistory, { due }: Tick): boolean {
  return behindAt > due && facts.now() - due > MISSED_AFTER_MS;
}

/** Some policy that the schedule has had since lets go of missed ticks. */
function isDroppable({ spec, laxUntil }: ScheduleHistory, { due }: Tick, passedAt: number): boolean {
  return spec === undefined || isLax(spec) || laxUntil >= Math.min(due, passedAt);
}

/** The longest that anything stands still or is cut off. */
const STANDING_MS = 12 * 60_000;

/** Executions that were not over then, or had just ended, make a tick be left out. */
function isLeftOut(facts: TickFacts, { history, tick: { tick, due }, since, passedAt, owedSince }: Doubt): boolean {
  const { spec, runs, changedAt } = history;
  if (spec === undefined) return true;
  // Who stood still wakes up with what was true before.
  const from = Math.min(due, since) - lagMs(facts) - (facts.troubledUntil >= due ? STANDING_MS : 0);
  const beside = [...runs.values()].filter(
    (run) => run.overlap !== undefined && run.bornAt <= passedAt + lagMs(facts) && run.endedAt >= from,
  );
  if (changedAt > from && beside.length > 0) return true;
  if (spec.overlap === 'forbid') return beside.length > 0;
  if (spec.overlap === 'queue') return beside.length > (spec.maxQueued ?? DEFAULT_MAX_QUEUED);
  if (spec.overlap !== 'replace') return false;
  // The later one that took its place may itself be set aside, and owed.
  return (
    beside.some((run) => run.tick > tick) || ticksDue(history, due, Math.min(owedSince ?? 0, passedAt) + 1).length > 0
  );
}

/** A schedule for which policies can be told exactly: nothing about it, or of its own, came between. */
function isSteady(
  { spec, isSuspended, isBroken, owedSince, behindAt, changedAt }: ScheduleHistory,
  since: number,
): boolean {
  if (spec === undefined || isSuspended || isBroken || owedSince !== undefined) return false;
  if (behindAt > since || changedAt > since) return false;
  return (spec.overlap ?? 'allow') === 'allow' && spec.active;
}

/** 3: of the missed ticks of a gap that is closed, those that the policy keeps have run, and no others since it was opened. */
function policyKept(
  facts: TickFacts,
  history: ScheduleHistory,
  missed: readonly Tick[],
  gap: TickFacts['gaps'][number],
): void {
  if (!isSteady(history, Math.min(gap.openedAt, gap.from) - lagMs(facts))) return;
  const kept = new Set(keptOf(history, missed, gap.until));
  for (const each of missed) {
    const run = history.runs.get(each.tick);
    if (kept.has(each) && run === undefined) {
      facts.violate(3, `${history.name} has not made up for ${text(each.tick)}, missed in ${span(gap)}`);
    }
    if (!kept.has(each) && run !== undefined && run.bornAt > gap.openedAt + lagMs(facts)) {
      facts.violate(
        3,
        `${history.name} has made up for ${text(each.tick)}, which its policy drops, missed in ${span(gap)}`,
      );
    }
  }
}

/** What the policy keeps of ticks that were missed up to `until`. */
function keptOf({ spec }: ScheduleHistory, missed: readonly Tick[], until: number): readonly Tick[] {
  const { policy, limit, windowMs } = spec!.catchUp;
  const ordered = missed.filter(({ due }) => due <= until).sort((a, b) => a.due - b.due);
  if (policy === 'none' || limit === 0) return [];
  if (policy === 'latest') return ordered.slice(-1);
  const within = windowMs === undefined ? ordered : ordered.filter(({ due }) => due > until - windowMs);
  return limit === undefined ? within : within.slice(-limit);
}

/**
 * What was missed was missed when the batch was made: since the state was written last, and soon before its first execution,
 * if nothing was wrong then.
 */
function earliestUntil(facts: TickFacts, { runs }: ScheduleHistory, span: readonly Tick[]): number {
  const earliest = facts.stateAt - facts.behindMs - MISSED_AFTER_MS - TRY_MS;
  const born = span.flatMap(({ tick }) => runs.get(tick)?.bornAt ?? []);
  const first = Math.min(facts.now(), ...born);
  if (facts.troubledUntil >= first - TRIED_AGAIN_MS) return earliest;
  return Math.max(earliest, first - facts.behindMs - MISSED_AFTER_MS - 3 * TRY_MS);
}

/** Writing one batch takes less. */
const TRY_MS = 1_000;
/** What could not be written while something was wrong is tried again within this: the longest pause, and two requests that are lost. */
const TRIED_AGAIN_MS = MAX_TICK_WRITE_RETRY_MS + 2 * 5_000;

/** 3: where the state never showed a gap, there is a time up to which the policy explains what was run, and all after it was. */
function spanKept(facts: TickFacts, history: ScheduleHistory, before: number, passed: readonly Tick[]): void {
  const opened = facts.gaps.some(({ from }) => from >= before);
  const span = passed.filter(
    ({ due, reign }) => due > Math.max(before, reign.owedFrom) && due <= (facts.settledUntil ?? 0),
  );
  if (opened || span.length < 2 || !isSteady(history, before - lagMs(facts))) return;
  const latest = facts.now() + facts.aheadMs - MISSED_AFTER_MS;
  const ran = (tick: Tick): boolean => history.runs.has(tick.tick);
  // Where a batch is no whole, one that was cut off has left some, and by the time of the next the policy keeps others. A whole
  // one leaves those that ran at the very instant of which others, that a rate holds up, are still to be settled.
  // By a clock that was ahead, one may have run by the rule before that is a tick of this rule as well.
  const wasTried = ({ tick, due, reign }: Tick): boolean => {
    const { bornAt } = history.runs.get(tick) as Run;
    if (bornAt <= reign.at) return true;
    return facts.mode === 'kubernetes' ? bornAt < facts.now() - TRY_MS : bornAt <= facts.stateAt && due <= before + 1;
  };
  const earliest = earliestUntil(facts, history, span);
  const isBound = (at: number): boolean => at >= earliest && at <= latest;
  const bounds = [before, earliest, ...span.map(({ due }) => due)];
  const fits = (until: number): boolean => {
    const kept = new Set(keptOf(history, span, until));
    return span.every((tick) => {
      if (tick.due <= until && !kept.has(tick)) return !ran(tick) || wasTried(tick);
      return ran(tick) || wasOldNews(facts, tick, facts.now());
    });
  };
  const { windowMs } = history.spec!.catchUp;
  // A window ends anywhere between two ticks.
  const tries = windowMs === undefined ? bounds : [...bounds, ...span.map(({ due }) => due + windowMs)];
  if ([...tries, latest].some((at) => isBound(at) && fits(at))) return;
  const list = span.map((tick) => `${text(tick.tick)}${ran(tick) ? '+' : '-'}`).join(' ');
  facts.violate(3, `${history.name} did not make up by its policy: ${list}`);
}

/** 6: all is up to date. */
function allIsWell(facts: TickFacts): void {
  const now = facts.now();
  const { settledUntil = 0, gaps } = facts;
  if (facts.aheadMs > MISSED_AFTER_MS && settledUntil > now + 1_000) return;
  if (gaps.length > 0) facts.violate(6, `missed ticks are still to be made up for: ${gaps.map(span).join(' ')}`);
  for (const history of facts.schedules.values()) {
    const { spec, owedSince, isSuspended, name } = history;
    if (spec === undefined || !spec.active || isSuspended || spec.rateLimit !== undefined || history.isBroken) continue;
    // A clock that was ahead has settled up to a tick that is still to come: nothing is owed before that.
    if (owedSince !== undefined && owedSince < now && !waitsForOthers(history))
      facts.violate(6, `${name} is still behind, since ${text(owedSince)}`);
    inTime(facts, history);
  }
}

/** Executions of its former launch plan are not over yet. */
function waitsForOthers({ spec, living }: ScheduleHistory): boolean {
  const isFormer = ({ overlap, launchPlan }: Run): boolean => overlap !== undefined && launchPlan !== spec?.launchPlan;
  return (spec?.overlap ?? 'allow') !== 'allow' && [...living].some(isFormer);
}

/** How late an execution may be where nothing is wrong. */
const LATE_MS = 2_500;

/** 6: while all was calm, each tick that was due had its execution in time. */
function inTime(facts: TickFacts, history: ScheduleHistory): void {
  const { spec, runs, changedAt, behindAt, owedSince = Number.POSITIVE_INFINITY, name } = history;
  const calm = Math.max(
    facts.calmAt,
    facts.suspensionAt + lagMs(facts),
    changedAt + lagMs(facts),
    behindAt + lagMs(facts),
  );
  for (const tick of ticksDue(history, calm, facts.now() - LATE_MS)) {
    // It waits for others, as was found.
    if (tick.due <= tick.reign.owedFrom || tick.due > owedSince) continue;
    const run = runs.get(tick.tick);
    if (run === undefined) {
      const doubt = { history, tick, since: tick.due, passedAt: tick.due + LATE_MS, owedSince: history.owedSince };
      if (!isLeftOut(facts, doubt)) facts.violate(6, `${name} lacks its tick ${text(tick.tick)}`);
    } else if (run.bornAt > tick.due + LATE_MS && spec?.overlap !== 'replace') {
      facts.violate(6, `${name} was ${run.bornAt - tick.due} ms late for its tick ${text(tick.tick)}`);
    }
  }
}

function span({ from, until }: { readonly from: number; readonly until: number }): string {
  return `(${text(from)}, ${text(until)}]`;
}

function text(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : String(at);
}
