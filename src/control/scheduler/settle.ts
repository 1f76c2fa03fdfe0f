import { instantText, type Json, StalledError, type UnixMs } from '../../base/index.ts';
import type { Condition, Write } from '../../cluster/index.ts';
import type { DueTick } from './collect.ts';
import { fallBehind, goOn, type Laggard, retryTime } from './lanes.ts';
import type { Launch, ScheduleEntry } from './schedule-entry.ts';
import { statePatch } from './state.ts';
import type { Term } from './term.ts';
import { type Creation, type TickBatch, writeTicks } from './write-ticks.ts';

/** Ticks that are taken out of their lanes, and the write that settles them once it is known how. */
export interface Pending {
  readonly ticks: readonly DueTick[];
  batch: TickBatch | undefined;
}

/** Makes what was collected durable. Rejects when the cluster does not take it: a call with the same goes on. */
export async function settle(term: Term, pending: Pending): Promise<void> {
  const { cluster, clock } = term.options;
  pending.batch ??= await batchOf(term, pending.ticks);
  const { batch } = pending;
  if (term.isOver) return;
  const isNews = batch.creations.length > 0 || batch.notes.size > 0 || gapsText(batch) !== term.notedGaps;
  if (!isNews) return;
  const { fence, epoch } = term;
  await writeTicks({ cluster, fence, epoch, refused: (creation, error) => refuse(term, creation, error) }, batch);
  term.notedGaps = gapsText(batch);
  noteStarted(term, batch.creations, clock.now());
}

function gapsText({ state }: TickBatch): string {
  return JSON.stringify(state.catchUp);
}

/** Decides of each tick what becomes of it: an execution, nothing, or a schedule that falls behind. */
async function batchOf(term: Term, ticks: readonly DueTick[]): Promise<TickBatch> {
  const { roster, launcher, lanes, claims, counters, notes: news, options } = term;
  const launches = new Set<Launch>();
  for (const { entry } of ticks) launches.add((roster.at(entry.id) ?? entry).launch);
  const starts = launches.size === 0 ? undefined : await launcher.starts(launches);
  const creations: Creation[] = [];
  const steering: Write[] = [];
  for (const due of ticks) {
    const entry = current(term, due.entry);
    // Removed, or turned off: what is not durable yet is withdrawn.
    if (entry === undefined) continue;
    // What was due before has fallen behind, so this is for its watermark to tell.
    if ((lanes.laggards.get(entry.id)?.since ?? Number.POSITIVE_INFINITY) < due.due) continue;
    const start = starts?.get(entry.launch);
    // It has changed meanwhile, and starts something else: later, when that is known.
    if (start === undefined) fallBehind(lanes, entry, due.due - 1, undefined, options.clock.now());
    else if (start instanceof StalledError) fail(term, entry, due, start);
    else {
      const execution = start(entry.name, due.tick);
      const ends = claims.claim(due, execution);
      if (ends === undefined) {
        counters.skipped += 1;
        news.skipped(entry);
      } else {
        creations.push({ due, execution });
        for (const end of ends) steering.push(end);
      }
    }
  }
  return { creations, steering, notes: notesOf(term), state: statePatch(lanes.settledUntil, lanes.gaps) };
}

function current({ roster }: Term, entry: ScheduleEntry): ScheduleEntry | undefined {
  return roster.of(entry.launch.namespace, entry.name);
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
function refuse(term: Term, { due, execution }: Creation, error: StalledError): Write | undefined {
  term.claims.withdraw(execution);
  const entry = current(term, due.entry);
  return entry === undefined ? undefined : noteOf(term, entry, fail(term, entry, due, error));
}

/** What schedules that are behind, or are no more, have to say of that. */
function notesOf(term: Term): Map<number, Write> {
  const { lanes, roster } = term;
  const notes = new Map<number, Write>();
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

function noteOf({ options }: Term, entry: ScheduleEntry, laggard: Laggard): Write | undefined {
  const { since, reason } = laggard;
  const isBehind = since !== Number.POSITIVE_INFINITY;
  const text = isBehind ? `${since}/${reason?.reason}/${reason?.message}` : undefined;
  if (text === laggard.noted) return undefined;
  laggard.noted = text;
  const patch = {
    owedSince: isBehind ? instantText(since) : null,
    conditions: isBehind && reason !== undefined ? conditionOf(reason, options.clock.now()) : null,
  };
  return { op: 'patchStatus', key: { kind: 'Schedule', namespace: entry.launch.namespace, name: entry.name }, patch };
}

function conditionOf({ reason, message }: NonNullable<Laggard['reason']>, now: UnixMs): Json {
  const condition: Condition = {
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastTransitionTime: instantText(now),
  };
  return [{ ...condition }];
}

function noteStarted({ counters, notes, options }: Term, creations: readonly Creation[], now: UnixMs): void {
  for (const { due, execution } of creations) {
    const latenessMs = Math.max(0, now - due.due);
    counters.started += 1;
    if (due.lane === 'live') {
      counters.lastLatenessMs = latenessMs;
      options.onTick?.({ latenessMs });
    } else counters.caughtUp += 1;
    notes.started(due.entry, due.tick, execution.metadata.name, latenessMs);
  }
}
