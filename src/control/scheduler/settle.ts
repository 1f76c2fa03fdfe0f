import { instantText, type Json, SCHEDULE_RETRY_MS, StalledError, type UnixMs } from '../../base/index.ts';
import type { Condition, Execution } from '../../cluster/index.ts';
import { creationOf } from './ahead.ts';
import { type DueTick, SUSPENDED } from './collect.ts';
import { type Health, healthConditions } from './health.ts';
import { fallBehind, goOn, type Laggard, type Lanes, retryTime } from './lanes.ts';
import { createdName } from './launcher.ts';
import { freshSince, type ScheduleEntry } from './schedule-entry.ts';
import { statePatch } from './state.ts';
import type { Term } from './term.ts';
import { addNote, type Creation, type Note, nameTaken, type TickBatch, writeTicks } from './write-ticks.ts';

/** Ticks that are taken out of their lanes, and the write that settles them once it is known how. */
export interface Pending {
  readonly ticks: readonly DueTick[];
  readonly health: Health;
  /** Missed ticks are dealt with, be it that their policies let go of all. */
  readonly isGapClosed: boolean;
  batch: TickBatch | undefined;
}

/** Makes what was collected durable. Rejects when the cluster does not take it: a call with the same goes on. Answers whether it wrote. */
export async function settle(term: Term, pending: Pending): Promise<boolean> {
  const { cluster, clock } = term.options;
  if (pending.batch !== undefined) revise(term, pending.batch);
  const batch = pending.batch ?? (await batchOf(term, pending));
  pending.batch = batch;
  if (term.isOver) return false;
  // What was left out, or let go of, is settled too: after a restart it would be decided anew.
  const isMoved = gapsText(batch) !== term.notedGaps || pending.isGapClosed || pending.health !== term.notedHealth;
  const isSaid = batch.claims.size + batch.notes.size > 0;
  if (batch.creations.length === 0 && !isSaid && batch.skipped === 0 && !isMoved) return false;
  const { fence, epoch, claims } = term;
  const adopted = ({ due }: Creation, found: Execution): void => claims.adopted(due.entry, found);
  const refused = (creation: Creation, error: StalledError): Note | undefined => refuse(term, creation, error);
  await writeTicks({ cluster, fence, epoch, refused, adopted }, batch);
  term.notedGaps = gapsText(batch);
  term.notedHealth = pending.health;
  noteStarted(term, batch.creations, clock.now());
  return true;
}

function gapsText({ state }: TickBatch): string {
  return JSON.stringify(state.catchUp);
}

/** Decides of each tick what becomes of it: an execution, nothing, or a schedule that falls behind. */
async function batchOf(term: Term, { ticks, health }: Pending): Promise<TickBatch> {
  const { roster, lanes, options } = term;
  const makings = await makingsOf(term, ticks);
  const batch: Decided = { creations: [], steering: [], skipped: 0 };
  const known = new Map<number, ScheduleEntry>();
  const claimed = new Map<number, ScheduleEntry>();
  const limited = new Map<number, ScheduleEntry>();
  for (const [place, due] of ticks.entries()) {
    const entry = current(term, due.entry);
    // Removed, or turned off: what is not durable yet is withdrawn.
    if (entry === undefined) continue;
    // What was due before has fallen behind, so this is for its watermark to tell.
    if (isBehind(lanes, entry, due)) continue;
    const start = makings[place];
    if (start === undefined || isPutOff(term, entry, due)) putOff(term, entry, due);
    else if (start instanceof StalledError) fail(term, entry, due, start);
    else {
      const isStarted = decide(term, batch, entry, start);
      if (isStarted && entry.launch.overlap !== 'allow') claimed.set(entry.id, entry);
      if (isStarted && entry.launch.rateLimit !== undefined) limited.set(entry.id, entry);
      const news = freshSince(entry, due.due, lanes.heardUntil) !== undefined ? roster.know(entry) : undefined;
      if (news !== undefined && isToBeTold(term, news)) known.set(entry.id, news);
    }
  }
  const claims = new Map<number, Note>();
  for (const [id, entry] of claimed) addNote(claims, id, statusPatch(entry, { claims: term.claims.news(entry) }));
  for (const [id, entry] of limited) {
    const began = term.windows.get(id)?.news();
    if (began !== undefined) addNote(claims, id, statusPatch(entry, { began }));
  }
  const notes = notesOf(term);
  for (const [id, entry] of known) addNote(notes, id, statusPatch(entry, knownPatch(entry)));
  const progress = statePatch(lanes);
  if (health === term.notedHealth) return { ...batch, claims, notes, state: progress };
  const conditions = healthConditions(health, lanes, options.clock.now());
  return { ...batch, claims, notes, state: { ...progress, conditions } };
}

/**
 * Whether another scheduler must not decide anew of its ticks since its change: what was left out could run then. What ran is
 * found by its name, and of ten thousand schedules that have just been made their statuses tell it later. Not in a cluster: until
 * another takes over from one that died before they did, somebody may delete what ran.
 */
function isToBeTold({ options }: Term, { launch }: ScheduleEntry): boolean {
  return options.cluster.writesOneByOne === true || launch.overlap !== 'allow' || launch.rateLimit !== undefined;
}

/** What each tick would start, or why it cannot; those that ticks must not overlap are looked at. */
async function makingsOf(
  { launcher, claims, ahead }: Term,
  ticks: readonly DueTick[],
): Promise<readonly (Creation | StalledError | undefined)[]> {
  if (ticks.length === 0) return [];
  const starts = await launcher.starts(new Set(ticks.map(({ entry }) => entry.launch)));
  const exclusive: Creation[] = [];
  const makings = ticks.map((due) => {
    const { launch } = due.entry;
    const start = starts.get(launch);
    if (start === undefined || start instanceof StalledError) return start;
    const creation = { due, write: creationOf(ahead, due, start) };
    if (launch.overlap !== 'allow') exclusive.push(creation);
    return creation;
  });
  if (exclusive.length > 0) await claims.refresh(exclusive);
  return makings;
}

type Decided = Pick<TickBatch, 'creations' | 'steering' | 'skipped'>;

/** By those of its schedule that are not over. Answers whether it starts. */
function decide(term: Term, batch: Decided, entry: ScheduleEntry, creation: Creation): boolean {
  const { claims, counters, lanes, notes, options } = term;
  const claim = claims.claim(creation);
  switch (claim.kind) {
    case 'start':
      batch.creations.push(creation);
      break;
    case 'skip':
      batch.skipped += 1;
      counters.skipped += 1;
      notes.skipped(entry);
      return false;
    case 'taken':
      fail(term, entry, creation.due, nameTaken(creation));
      return false;
    case 'wait':
      fallBehind(lanes, entry, creation.due.due - 1, WAITING, options.clock.now() + SCHEDULE_RETRY_MS);
  }
  for (const write of claim.ends) batch.steering.push({ write, of: creation, isStarted: claim.kind === 'start' });
  return claim.kind === 'start';
}

const WAITING: Laggard['reason'] = {
  reason: 'LaunchPlanChanged',
  message: 'its launch plan has changed; executions of the one before end first, since they must not overlap',
};

function current({ roster }: Term, entry: ScheduleEntry): ScheduleEntry | undefined {
  return roster.at(entry.id) === entry ? entry : roster.of(entry.launch.namespace, entry.name);
}

function isBehind({ laggards }: Lanes, { id }: ScheduleEntry, { due }: DueTick): boolean {
  return (laggards.get(id)?.since ?? Number.POSITIVE_INFINITY) < due;
}

/** Whether a tick that was taken must not start by what is known now: something else would, or nothing. */
function isPutOff({ settings }: Term, now: ScheduleEntry, { entry }: DueTick): boolean {
  if (settings.suspended === true || now.isSuspended) return true;
  return now.generation !== entry.generation || now.uid !== entry.uid;
}

function isStill(term: Term, due: DueTick): boolean {
  const entry = current(term, due.entry);
  return entry !== undefined && !isPutOff(term, entry, due);
}

/** It falls behind with this tick: what is suspended until it is resumed, what has changed until what it starts is known. */
function putOff({ lanes, options }: Term, entry: ScheduleEntry, { due }: DueTick): void {
  if (entry.isSuspended) fallBehind(lanes, entry, due - 1, SUSPENDED, Number.POSITIVE_INFINITY);
  else fallBehind(lanes, entry, due - 1, undefined, options.clock.now());
}

/**
 * Withdraws from a batch that the cluster did not take what has been suspended, changed or removed since it was decided.
 * Their claims stay until they are looked at again: where a batch is written one by one, some may have been created.
 */
function revise(term: Term, batch: TickBatch): void {
  const kept = new Set<Creation>();
  const decided = new Set(batch.creations);
  const stays = (creation: Creation): boolean => {
    const { due } = creation;
    const entry = current(term, due.entry);
    if (entry === undefined || isBehind(term.lanes, entry, due)) return false;
    if (!isPutOff(term, entry, due)) return true;
    putOff(term, entry, due);
    return false;
  };
  for (const creation of batch.creations) if (stays(creation)) kept.add(creation);
  if (kept.size < decided.size) batch.creations = [...kept];
  // Who is not created any more has been before, and ends others.
  batch.steering = batch.steering.filter(({ of, isStarted }) =>
    isStarted ? kept.has(of) || !decided.has(of) : isStill(term, of.due),
  );
  for (const [id, note] of notesOf(term)) addNote(batch.notes, id, note);
}

/** The schedule is set aside with its reason; it delays nobody else. */
function fail(term: Term, entry: ScheduleEntry, { due }: DueTick, error: StalledError): Laggard {
  const { lanes, options, counters } = term;
  const { clock, log } = options;
  const tries = lanes.laggards.get(entry.id)?.tries ?? 0;
  const laggard = fallBehind(lanes, entry, due - 1, error, retryTime(clock.now(), tries));
  laggard.tries += 1;
  counters.failed += 1;
  term.watchPlans();
  const schedule = `${entry.launch.namespace}/${entry.name}`;
  if (tries === 0)
    log.write('warn', 'a schedule is set aside', { schedule, reason: error.reason, error: error.message });
  return laggard;
}

/** The cluster does not take the execution: as if it could not have been made. */
function refuse(term: Term, { due, write }: Creation, error: StalledError): Note | undefined {
  term.claims.withdraw(due.entry, createdName(write));
  const entry = current(term, due.entry);
  return entry === undefined ? undefined : noteOf(term, entry, fail(term, entry, due, error));
}

/** What schedules that are behind, or are no more, have to say of that. */
function notesOf(term: Term): Map<number, Note> {
  const { lanes, roster } = term;
  const notes = new Map<number, Note>();
  for (const id of lanes.changed) {
    const entry = roster.at(id);
    const laggard = lanes.laggards.get(id);
    if (entry === undefined || laggard === undefined) continue;
    if (laggard.since === Number.POSITIVE_INFINITY) goOn(lanes, entry, lanes.settledUntil);
    const note = noteOf(term, entry, laggard);
    if (note !== undefined) notes.set(id, note);
  }
  lanes.changed.clear();
  return notes;
}

function noteOf(term: Term, entry: ScheduleEntry, laggard: Laggard): Note | undefined {
  const { since, reason } = laggard;
  const isBehind = since !== Number.POSITIVE_INFINITY;
  const text = isBehind ? `${since}/${reason?.reason}/${reason?.message}` : undefined;
  if (text === laggard.noted) return undefined;
  laggard.noted = text;
  return statusPatch(entry, {
    owedSince: isBehind ? instantText(since) : null,
    conditions: isBehind && reason !== undefined ? conditionOf(reason, tell(term, entry, laggard, reason)) : null,
    ...knownPatch(entry),
  });
}

/** Since when that is the reason. */
function tell(
  { notes, options }: Term,
  entry: ScheduleEntry,
  laggard: Laggard,
  reason: NonNullable<Laggard['reason']>,
): UnixMs {
  const text = `${reason.reason}: ${reason.message}`;
  if (laggard.told?.text === text) return laggard.told.at;
  laggard.told = { text, at: options.clock.now() };
  if (reason !== SUSPENDED) notes.setAside(entry, { reason: reason.reason, message: reason.message });
  return laggard.told.at;
}

function knownPatch({ knownSince }: ScheduleEntry): { readonly [field: string]: Json } {
  return knownSince === undefined ? {} : { knownSince: instantText(knownSince) };
}

function statusPatch({ launch, name }: ScheduleEntry, patch: { readonly [field: string]: Json }): Note {
  return { op: 'patchStatus', key: { kind: 'Schedule', namespace: launch.namespace, name }, patch };
}

function conditionOf({ reason, message }: NonNullable<Laggard['reason']>, since: UnixMs): Json {
  const condition: Condition = {
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastTransitionTime: instantText(since),
  };
  return [{ ...condition }];
}

function noteStarted({ counters, notes, options }: Term, creations: readonly Creation[], now: UnixMs): void {
  for (const { due } of creations) {
    const latenessMs = Math.max(0, now - due.due);
    counters.started += 1;
    if (due.lane === 'live') {
      counters.lastLatenessMs = latenessMs;
      options.onTick?.({ latenessMs });
    } else counters.caughtUp += 1;
  }
  notes.started(creations, now);
}
