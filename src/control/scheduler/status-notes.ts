import {
  type Clock,
  instantMs,
  instantText,
  type Log,
  MAX_WAITING_SCHEDULE_STATUS,
  SCHEDULE_STATUS_EVERY_MS,
  SCHEDULE_STATUS_PER_WRITE,
  type UnixMs,
} from '../../base/index.ts';
import { type Cluster, findObject, type MergePatch, patchStatus, type Schedule } from '../../cluster/index.ts';
import { type Happening, recordEvent } from '../reconciler/index.ts';
import type { DueTick } from './collect.ts';
import { type CreateWrite, createdName } from './launcher.ts';
import type { Roster } from './roster.ts';
import type { ScheduleEntry } from './schedule-entry.ts';
import { nextDue, ticksAt } from './tick-spans.ts';

/** What happened to a schedule since its status was written. */
interface News {
  /** As it was last known. */
  entry: ScheduleEntry;
  lastTick: UnixMs | undefined;
  lastExecution: string | undefined;
  latenessMs: number;
  missed: number;
  skipped: number;
  aside: { readonly reason: string; readonly message: string } | undefined;
}

/** A tick and the name of its execution, which became durable. */
export interface StartedTick {
  readonly due: DueTick;
  readonly write: CreateWrite;
}

/**
 * Tells people what schedules do, in their status: late, what happened in between at once, and at a bounded rate. No tick
 * depends on it, so what cannot be told is left out: another scheduler then looks for executions by name.
 */
export interface StatusNotes {
  /** Looked at when there is time. */
  readonly started: (ticks: readonly StartedTick[], at: UnixMs) => void;
  /** When it ticks next is to be told. */
  readonly planned: (entry: ScheduleEntry) => void;
  readonly missed: (entry: ScheduleEntry, count: number) => void;
  readonly skipped: (entry: ScheduleEntry) => void;
  /** It is set aside, for this reason. */
  readonly setAside: (entry: ScheduleEntry, reason: { readonly reason: string; readonly message: string }) => void;
  readonly waiting: () => number;
  /** Resolves when nothing is being written. */
  readonly stop: () => Promise<void>;
}

export interface StatusNotesOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly roster: Pick<Roster, 'at'>;
}

export function createStatusNotes({ cluster, clock, log, roster }: StatusNotesOptions): StatusNotes {
  /** By the number of the schedule: its next news replace those of one that had the number before. */
  const waiting = new Map<number, News>();
  const unread: StartedBatch[] = [];
  let cancel: (() => void) | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  const newsOf = (entry: ScheduleEntry): News | undefined => {
    const known = waiting.get(entry.id);
    if (known !== undefined && isSameSchedule(known.entry, entry)) {
      known.entry = entry;
      return known;
    }
    if (waiting.size >= MAX_WAITING_SCHEDULE_STATUS) return undefined;
    const news: News = { entry, latenessMs: 0, missed: 0, skipped: 0, ...NOTHING };
    waiting.set(entry.id, news);
    arm();
    return news;
  };
  const arm = (): void => {
    if (cancel !== undefined || isStopped) return;
    cancel = clock.at(clock.now() + SCHEDULE_STATUS_EVERY_MS, flush);
  };
  const flush = (): void => {
    const next = unread.shift();
    if (next !== undefined) readStarted(next, roster, newsOf);
    const some = takeSome(waiting);
    writing = Promise.allSettled(some.map((news) => write(cluster, clock.now(), news))).then((results) => {
      const failed = results.find(({ status }) => status === 'rejected');
      if (failed !== undefined) {
        const { reason } = failed as PromiseRejectedResult;
        log.write('debug', 'status of schedules not written', { error: String(reason) });
      }
      cancel = undefined;
      if (waiting.size + unread.length > 0) arm();
    });
  };
  return {
    started(ticks, at) {
      if (ticks.length < FEW) readStarted({ ticks, at }, roster, newsOf);
      else if (unread.length < MAX_UNREAD) unread.push({ ticks, at });
      arm();
    },
    planned(entry) {
      newsOf(entry);
    },
    missed(entry, count) {
      const news = newsOf(entry);
      if (news !== undefined) news.missed += count;
    },
    skipped(entry) {
      const news = newsOf(entry);
      if (news !== undefined) news.skipped += 1;
    },
    setAside(entry, reason) {
      const news = newsOf(entry);
      if (news !== undefined) news.aside = reason;
    },
    waiting: () => waiting.size,
    async stop() {
      isStopped = true;
      cancel?.();
      await writing;
    },
  };
}

function isSameSchedule(a: ScheduleEntry, b: ScheduleEntry): boolean {
  return a.name === b.name && a.launch.namespace === b.launch.namespace;
}

interface StartedBatch {
  readonly ticks: readonly StartedTick[];
  readonly at: UnixMs;
}

/** Larger batches wait, since another one may be due at once: so many of them, of which the first is read at each write. */
const MAX_UNREAD = 100;
const FEW = 100;

function readStarted(
  { ticks, at }: StartedBatch,
  roster: Pick<Roster, 'at'>,
  newsOf: (entry: ScheduleEntry) => News | undefined,
): void {
  for (const { due, write } of ticks) {
    // It may have changed meanwhile, or be no more.
    const entry = roster.at(due.entry.id);
    const news = entry !== undefined && isSameSchedule(entry, due.entry) ? newsOf(entry) : undefined;
    if (news === undefined || (news.lastTick ?? 0) > due.tick) continue;
    const latenessMs = Math.max(0, at - due.due);
    Object.assign(news, { lastTick: due.tick, lastExecution: createdName(write), latenessMs });
  }
}

function takeSome(waiting: Map<number, News>): readonly News[] {
  const some: News[] = [];
  for (const [id, news] of waiting) {
    if (some.length === SCHEDULE_STATUS_PER_WRITE) break;
    waiting.delete(id);
    some.push(news);
  }
  return some;
}

const NOTHING = { lastTick: undefined, lastExecution: undefined, aside: undefined };

async function write(cluster: Cluster, now: UnixMs, news: News): Promise<void> {
  const { entry, lastTick, lastExecution, latenessMs, missed, skipped } = news;
  const key = { kind: 'Schedule', namespace: entry.launch.namespace, name: entry.name };
  const live = await findObject<Schedule>(cluster, key);
  if (live === undefined) return;
  const { status = {}, metadata } = live;
  const next = nextDue(entry.spans, now);
  const patch: Record<string, MergePatch[string]> = {
    nextTick: next === undefined ? null : instantText(ticksAt(entry.spans, next)[0] ?? next),
  };
  if (lastTick !== undefined && lastTick > (instantMs(status.lastTick) ?? Number.NEGATIVE_INFINITY)) {
    Object.assign(patch, { lastTick: instantText(lastTick), lastExecution: lastExecution ?? null, latenessMs });
  }
  // What runs is settled, as others need not find out by name: somebody may delete it.
  const isToTell = lastTick !== undefined && entry.knownSince !== undefined && entry.uid === metadata.uid;
  if (isToTell && entry.knownSince > (instantMs(status.knownSince) ?? Number.NEGATIVE_INFINITY)) {
    patch.knownSince = instantText(entry.knownSince);
  }
  if (missed > 0) patch.missed = (status.missed ?? 0) + missed;
  if (skipped > 0) patch.skipped = (status.skipped ?? 0) + skipped;
  await patchStatus(cluster, key, patch, metadata.uid === undefined ? undefined : { uid: metadata.uid });
  for (const happening of happeningsOf(live, news)) await recordEvent(cluster, happening, now);
}

/** What `kubectl describe` shows of it. Texts that say the same are counted, not repeated. */
function happeningsOf({ metadata, apiVersion }: Schedule, { missed, skipped, aside, entry }: News): Happening[] {
  const { namespace = '', name, uid } = metadata;
  const about = { kind: 'Schedule', apiVersion, namespace, name, ...(uid !== undefined && { uid }) };
  const happenings: Happening[] = [];
  const { catchUp, overlap } = entry.launch;
  if (aside !== undefined) happenings.push({ about, type: 'Warning', ...aside });
  if (missed > 0) {
    const message = `ticks did not run when they were due; catch-up policy: ${catchUp.policy}`;
    happenings.push({ about, type: 'Warning', reason: 'TicksMissed', message });
  }
  if (skipped > 0) {
    const message = `ticks were left out, since executions before them were not over; overlap: ${overlap}`;
    happenings.push({ about, type: 'Normal', reason: 'TicksSkipped', message });
  }
  return happenings;
}
