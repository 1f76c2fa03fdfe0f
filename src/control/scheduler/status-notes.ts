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

/**
 * Tells people what schedules do, in their status: late, what happened in between at once, and at a bounded rate. Nothing
 * depends on it, so what cannot be told is left out.
 */
export interface StatusNotes {
  readonly started: (entry: ScheduleEntry, tick: UnixMs, execution: string, latenessMs: number) => void;
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
}

export function createStatusNotes({ cluster, clock, log }: StatusNotesOptions): StatusNotes {
  /** By the number of the schedule: its next news replace those of one that had the number before. */
  const waiting = new Map<number, News>();
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
    const some: News[] = [];
    for (const [id, news] of waiting) {
      if (some.length === SCHEDULE_STATUS_PER_WRITE) break;
      waiting.delete(id);
      some.push(news);
    }
    writing = Promise.allSettled(some.map((news) => write(cluster, clock.now(), news))).then((results) => {
      const failed = results.find(({ status }) => status === 'rejected');
      if (failed !== undefined) {
        const { reason } = failed as PromiseRejectedResult;
        log.write('debug', 'status of schedules not written', { error: String(reason) });
      }
      cancel = undefined;
      if (waiting.size > 0) arm();
    });
  };
  return {
    started(entry, tick, execution, latenessMs) {
      const news = newsOf(entry);
      if (news === undefined || (news.lastTick ?? 0) > tick) return;
      Object.assign(news, { lastTick: tick, lastExecution: execution, latenessMs });
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
