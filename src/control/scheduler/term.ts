import {
  CATCH_UP_TICKS_PER_SECOND,
  type Clock,
  type Log,
  MAX_TICKS_PER_WRITE,
  MAX_TIMER_MS,
  type Random,
  SCHEDULES_PER_TURN,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import type { Cluster, Schedule, SchedulerSettings } from '../../cluster/index.ts';
import { type Ahead, createAhead, letGo, lookAhead, lookAheadAt, noteTaken } from './ahead.ts';
import { arrangeSome, noteMissed } from './arrange.ts';
import { type Claims, createClaims } from './claims.ts';
import { collect } from './collect.ts';
import { finishReplacing, mayBeHalfReplaced } from './finish-replacing.ts';
import { followForTerm } from './follow.ts';
import { goOnFromLastTicks } from './go-on-from-last-ticks.ts';
import { type Health, healthOf, tellClock } from './health.ts';
import { createLanes, fallBehind, forget, type Lanes, openGap, place } from './lanes.ts';
import { createLauncher, type Launcher } from './launcher.ts';
import { createRateWindow, createTokens, type RateWindow, type Tokens } from './rate.ts';
import { createRoster, type Roster } from './roster.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import { type Pending, settle } from './settle.ts';
import type { Fence, LoadedState } from './state.ts';
import { createStatusNotes, type StatusNotes } from './status-notes.ts';
import { pause, retryMs, takeOver } from './take-over.ts';
import { ReplacedError } from './write-ticks.ts';

export interface SchedulerPorts {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told of each live tick whose execution has just become durable: how long after it was due. */
  readonly onTick?: (tick: { readonly latenessMs: number }) => void;
  /** Told when very many ticks have been prepared and none is due for a moment: to collect garbage now, not among them. */
  readonly onPrepared?: () => void;
  /** Looks at the clock at least so often, though nothing is due. */
  readonly lookMs?: number;
  /** Whether what is decided now may be written. Absent: always. */
  readonly mayWrite?: () => boolean;
  /** Ticks that are prepared before they are due are at least so many. */
  readonly aheadFrom?: number;
}

export interface SchedulerCounters {
  /** Schedules that are active. */
  active: number;
  /** Executions started by ticks. */
  started: number;
  /** Times that a schedule could not start the execution of a tick; the tick is tried again. */
  failed: number;
  /** Between when a tick was due and its durable execution, of the last one started. */
  lastLatenessMs: number;
  /** Ticks that were not run when they were due, and how many of these were made up for. */
  missed: number;
  caughtUp: number;
  /** Ticks that overlap, or a full queue, left out. */
  skipped: number;
  /** Writes that the cluster did not take; each is tried again. */
  retriedWrites: number;
}

/** One scheduler from the moment that the state is its own until another takes over, or it stops. */
export interface Term {
  readonly options: SchedulerPorts;
  readonly counters: SchedulerCounters;
  readonly roster: Roster;
  readonly launcher: Launcher;
  readonly claims: Claims;
  readonly notes: StatusNotes;
  readonly ahead: Ahead;
  readonly fence: Fence;
  readonly epoch: number;
  readonly lanes: Lanes;
  /** Of schedules with a rate limit, by their number. */
  readonly windows: ReadonlyMap<number, RateWindow>;
  /** Of the platform, as they are now. */
  readonly settings: SchedulerSettings;
  /** Text of the missed ticks as the state has them. */
  notedGaps: string;
  /** What is wrong with the scheduler as a whole, as the state has it. */
  notedHealth: Health;
  readonly isOver: boolean;
  /** Tries schedules again when launch plans change. */
  readonly watchPlans: () => void;
  /** Due ticks that wait: of the batch at hand, and schedules with missed ones. */
  readonly waiting: () => number;
  readonly end: () => Promise<void>;
}

export interface Running extends Term {
  isOver: boolean;
  settings: SchedulerSettings;
  readonly liveTokens: Tokens;
  readonly missedTokens: Tokens;
  readonly windows: Map<number, RateWindow>;
  readonly ending: AbortController;
  /** When the last list of schedules was asked for that has been told whole. */
  listedAt: UnixMs;
  /** When the clock was looked at last. */
  lookedAt: UnixMs;
  /** `namespace/name` of launch plans that changed since the last turn; 'any': it is not known which. */
  changedPlans: Set<string> | 'any';
  pending: Pending | undefined;
  failures: number;
  turning: Promise<void> | undefined;
  looking: Promise<void> | undefined;
  finishing: Promise<void> | undefined;
  cancelTimer: () => void;
  /** Schedules whose number is below this are in their lanes. */
  placedTo: number;
  /** All are. */
  isArranged: boolean;
  onReplaced: () => void;
  following: Promise<unknown>;
}

/** Takes the state and begins to tick. `onReplaced`: another scheduler took it. Resolves when all schedules are known. */
export async function startTerm(
  options: SchedulerPorts,
  counters: SchedulerCounters,
  signal: AbortSignal,
  onReplaced: () => void,
): Promise<Term | undefined> {
  const claimed = await takeOver(options, signal);
  if (claimed === undefined) return undefined;
  const term = newTerm(options, counters, claimed, onReplaced);
  signal.addEventListener('abort', () => term.ending.abort('ended'));
  if (!(await follow(term))) return undefined;
  if (claimed.settledUntil === undefined) goOnFromLastTicks(term);
  if (term.lanes.gaps.length > 0) term.lanes.arranging = 0;
  const doubtful: ScheduleEntry[] = [];
  for (let id = 0; id < term.roster.end() && !term.isOver; id++) {
    const entry = term.roster.at(id);
    term.placedTo = id + 1;
    if (entry !== undefined) placeSafely(term, entry);
    if (entry !== undefined && mayBeHalfReplaced(entry)) doubtful.push(entry);
    if (id % SCHEDULES_PER_TURN === SCHEDULES_PER_TURN - 1) await pause(options.clock, 0, signal);
  }
  term.placedTo = Number.POSITIVE_INFINITY;
  term.isArranged = true;
  term.lanes.heardUntil = term.listedAt;
  term.finishing = finishReplacing(term, doubtful);
  setTimer(term);
  return term;
}

function newTerm(
  options: SchedulerPorts,
  counters: SchedulerCounters,
  { settledUntil, heardUntil, gaps, fence, epoch }: LoadedState,
  onReplaced: () => void,
): Running {
  const roster = createRoster();
  const term: Running = {
    options,
    counters,
    roster,
    launcher: createLauncher(options.cluster),
    claims: createClaims(options.cluster),
    notes: createStatusNotes({ ...options, roster }),
    ahead: createAhead(),
    fence,
    epoch,
    lanes: createLanes(settledUntil ?? options.clock.now(), gaps, heardUntil),
    notedGaps: gaps.length === 0 ? 'null' : '',
    notedHealth: undefined,
    isOver: false,
    settings: {},
    liveTokens: createTokens(Number.POSITIVE_INFINITY),
    missedTokens: createTokens(CATCH_UP_TICKS_PER_SECOND),
    windows: new Map(),
    ending: new AbortController(),
    lookedAt: options.clock.now(),
    listedAt: options.clock.now(),
    changedPlans: new Set(),
    pending: undefined,
    failures: 0,
    turning: undefined,
    looking: undefined,
    finishing: undefined,
    cancelTimer: () => undefined,
    placedTo: 0,
    isArranged: false,
    onReplaced,
    following: Promise.resolve(),
    watchPlans: () => undefined,
    waiting: () => (term.pending?.ticks.length ?? 0) + term.lanes.missed.size() + term.lanes.laggards.size,
    end: () => end(term),
  };
  term.ending.signal.addEventListener('abort', () => {
    term.isOver = true;
    term.cancelTimer();
  });
  return term;
}

async function end(term: Running): Promise<void> {
  term.ending.abort('ended');
  await Promise.allSettled([term.turning, term.looking, term.finishing, term.following, term.notes.stop()]);
}

/** Hears of schedules and of settings. Resolves when all that there is is known. */
async function follow(term: Running): Promise<boolean> {
  const { claims, counters, roster, lanes } = term;
  const following = followForTerm(term.options, term.ending.signal, {
    schedule: (schedule) => putSchedule(term, schedule),
    scheduleGone(namespace, name) {
      const gone = roster.remove(namespace, name);
      counters.active = roster.size();
      if (gone === undefined) return;
      forget(lanes, gone.id);
      claims.forget(gone);
      term.windows.delete(gone.id);
    },
    heardUntil(at) {
      term.listedAt = at;
      if (term.isArranged) lanes.heardUntil = at;
    },
    settings(settings) {
      term.settings = settings;
      term.liveTokens.setRate(settings.ticksPerSecond ?? Number.POSITIVE_INFINITY);
      term.missedTokens.setRate(settings.catchUpPerSecond ?? CATCH_UP_TICKS_PER_SECOND);
      setTimer(term);
    },
    planChanged(namespace, name) {
      if (name === undefined) term.changedPlans = 'any';
      else if (term.changedPlans !== 'any') term.changedPlans.add(`${namespace}/${name}`);
      setTimer(term);
    },
  });
  term.following = following.done;
  Object.assign(term, { watchPlans: following.watchPlans });
  await following.synced;
  return !term.isOver;
}

function putSchedule(term: Running, schedule: Schedule): void {
  const { roster, lanes, counters, options } = term;
  const { namespace = '', name } = schedule.metadata;
  if (schedule.spec?.active !== true) {
    const gone = roster.remove(namespace, name);
    counters.active = roster.size();
    if (gone !== undefined) forget(lanes, gone.id);
    return;
  }
  const limit = roster.of(namespace, name)?.launch.rateLimit;
  const { entry, isNews } = roster.put(schedule, options.clock.now());
  counters.active = roster.size();
  // Our own notes come back here: they change nothing.
  if (!isNews) return;
  if (term.isArranged || schedule.status?.nextTick === undefined) term.notes.planned(entry);
  // Else its turn comes. One that changes after its turn is placed anew: its lane is that of the rule before.
  if (entry.id >= term.placedTo) return;
  if (entry.launch.rateLimit?.perMs !== limit?.perMs || entry.launch.rateLimit?.ticks !== limit?.ticks) {
    term.windows.delete(entry.id);
  }
  placeSafely(term, entry);
  setTimer(term);
}

/** A rule may break where it is looked at for the first time: a zone that this runtime does not know. */
function placeSafely(term: Running, entry: ScheduleEntry): void {
  const { lanes, options } = term;
  const now = options.clock.now();
  // What is kept of this time must be found again when the clock is set back before the next turn.
  tellClock(term, now);
  try {
    place(lanes, entry, now);
  } catch (error) {
    const reason = new StalledError('InvalidSchedule', `it cannot tell when it ticks: ${(error as Error).message}`);
    fallBehind(lanes, entry, lanes.settledUntil, reason, Number.POSITIVE_INFINITY);
  }
}

function setTimer(term: Running): void {
  term.cancelTimer();
  if (term.isOver || !term.isArranged || term.turning !== undefined) return;
  const { clock, lookMs = MAX_TIMER_MS } = term.options;
  const now = clock.now();
  const at = Math.min(turnAt(term, now), now + lookMs);
  const aheadAt = term.looking === undefined ? lookAheadAt(term, now) : Number.POSITIVE_INFINITY;
  term.cancelTimer = clock.at(Math.min(at, aheadAt), () => {
    if (aheadAt < at) {
      term.looking = lookAhead(term).finally(() => {
        term.looking = undefined;
        setTimer(term);
      });
      setTimer(term);
      return;
    }
    term.turning = turn(term).finally(() => {
      term.turning = undefined;
      setTimer(term);
    });
  });
}

function turnAt(term: Running, now: UnixMs): UnixMs {
  const { failures, pending, settings, lanes, liveTokens, missedTokens, changedPlans } = term;
  if (pending !== undefined || term.options.mayWrite?.() === false) return now + retryMs(failures);
  if (healthOf(settings, lanes, now) !== term.notedHealth) return now;
  if (settings.suspended === true) return Number.POSITIVE_INFINITY;
  if ((changedPlans === 'any' || changedPlans.size > 0) && lanes.laggards.size > 0) return now;
  const { live, missed, gaps, retries, changed } = lanes;
  if (changed.size > 0 || lanes.arranging !== undefined) return now;
  const due = live.firstAt();
  const liveAt = due <= now ? liveTokens.readyAt(now) : due;
  const missedAt = gaps.length === 0 ? Number.POSITIVE_INFINITY : missed.size() === 0 ? now : missedTokens.readyAt(now);
  const retryAt = retries.firstAt() <= now ? missedTokens.readyAt(now) : retries.firstAt();
  return Math.min(liveAt, missedAt, retryAt);
}

async function turn(term: Running): Promise<void> {
  const { clock, mayWrite } = term.options;
  // What is decided long before it is written may be true no more by then.
  if (mayWrite?.() === false) return;
  try {
    let isWritten = false;
    do {
      term.pending ??= nextBatch(term);
      noteTaken(term, term.pending?.ticks.length ?? 0);
      isWritten = term.pending !== undefined && (await settle(term, term.pending));
      term.pending = undefined;
      term.failures = 0;
      // Whoever waits for the disk lets all others go on, so the next batch may follow at once.
      if (isWritten) letGo(term.ahead, term.lanes.settledUntil);
    } while (isWritten && !term.isOver && turnAt(term, clock.now()) <= clock.now());
  } catch (error) {
    if (term.isOver) return;
    if (error instanceof ReplacedError) {
      term.ending.abort('replaced');
      term.onReplaced();
      return;
    }
    const { log } = term.options;
    term.counters.retriedWrites += 1;
    if (term.failures++ === 0) log.write('warn', 'ticks could not start their executions', { error: String(error) });
  }
}

/** What is to be settled in this turn; undefined: nothing. */
function nextBatch(term: Running): Pending | undefined {
  const { lanes, roster, options, settings, liveTokens, missedTokens } = term;
  const now = options.clock.now();
  tellClock(term, now);
  const health = healthOf(settings, lanes, now);
  const isHealthNews = health !== term.notedHealth;
  const none = { ticks: [], health, isGapClosed: false, batch: undefined };
  if (settings.suspended === true) return isHealthNews ? none : undefined;
  retryChanged(term, now);
  const isBusy = lanes.gaps.length > 0;
  if (openGap(lanes, now) && !isBusy) lanes.arranging = 0;
  if (lanes.arranging !== undefined) arrangeSome(term);
  const gap = lanes.gaps[0];
  const isGapArranged = lanes.arranging === undefined;
  const ticks = collect({
    lanes,
    roster,
    now,
    room: MAX_TICKS_PER_WRITE,
    liveRoom: liveTokens.available(now),
    missedRoom: missedTokens.available(now),
    isGapArranged,
    windowOf: (entry) => windowOf(term, entry),
    missed: (entry, count) => noteMissed(term, entry, count),
  });
  liveTokens.take(ticks.filter(({ lane }) => lane === 'live').length);
  missedTokens.take(ticks.filter(({ lane }) => lane !== 'live').length);
  if (isGapArranged && gap !== lanes.gaps[0] && lanes.gaps.length > 0) lanes.arranging = 0;
  const isGapClosed = gap !== lanes.gaps[0];
  const isNews = ticks.length > 0 || lanes.changed.size > 0 || isGapClosed || isHealthNews;
  return isNews ? { ...none, ticks, isGapClosed } : undefined;
}

/** Schedules that were set aside are tried again when their launch plans change. */
function retryChanged(term: Running, now: UnixMs): void {
  const { lanes, roster, changedPlans } = term;
  if (changedPlans !== 'any' && changedPlans.size === 0) return;
  term.changedPlans = new Set();
  for (const [id, { reason }] of lanes.laggards) {
    const { namespace, launchPlan } = roster.at(id)?.launch ?? {};
    const isIts = changedPlans === 'any' || changedPlans.has(`${namespace}/${launchPlan}`);
    if (isIts && reason !== undefined) lanes.retries.set(id, now);
  }
}

function windowOf({ windows, options }: Running, { id, launch, began }: ScheduleEntry): RateWindow | undefined {
  if (launch.rateLimit === undefined) return undefined;
  const known = windows.get(id) ?? createRateWindow(launch.rateLimit, began, options.clock.now());
  windows.set(id, known);
  return known;
}
