import {
  instantText,
  MAX_BACKFILL_TICKS,
  MAX_FINISHED_BACKFILLS,
  StalledError,
  type UnixMs,
} from '../../base/index.ts';
import { countBetween, tickFieldsOf } from '../../calendar/index.ts';
import type { Backfill, BackfillStatus, Cluster, Schedule, ScheduleTicks, Write } from '../../cluster/index.ts';
import { ruleOf, spanOf } from './tick-order.ts';

/** The status with which a backfill begins; it is over at once where there is nothing to run. */
export function openingStatus(backfill: Backfill, schedule: Schedule | undefined, now: UnixMs): BackfillStatus {
  const { namespace } = backfill.metadata;
  const none = { timeZone: 'UTC' };
  if (schedule === undefined) {
    const message = `schedule "${backfill.spec.schedule}" is not active in ${namespace}`;
    return ended('Failed', none, 0, message, now);
  }
  // What is past need not be spread.
  const ticks = tickFieldsOf(schedule.spec);
  try {
    const { after, until } = spanOf(backfill, now);
    const total = after < until ? countBetween(ruleOf(ticks), after, until, MAX_BACKFILL_TICKS + 1) : 0;
    if (total === 0) return ended('Succeeded', ticks, 0, 'the schedule has no tick in this span', now);
    if (total <= MAX_BACKFILL_TICKS) return { ...empty(ticks, total, now), phase: 'Running' };
    const message = `the span has more than ${MAX_BACKFILL_TICKS} ticks; ask for a shorter one`;
    return ended('Failed', ticks, total, message, now);
  } catch (error) {
    if (!(error instanceof StalledError)) throw error;
    return ended('Failed', ticks, 0, error.message, now);
  }
}

/** Deletes the oldest backfills of the namespace that are over, past a bound. */
export async function retireOld(cluster: Cluster, { metadata }: Backfill): Promise<void> {
  const { namespace = '' } = metadata;
  const { items } = await cluster.list<Backfill>('Backfill', { namespace });
  const over = items.filter(({ status }) => status?.finishedAt !== undefined);
  const old = over
    .sort((a, b) => ((a.status?.finishedAt ?? '') < (b.status?.finishedAt ?? '') ? 1 : -1))
    .slice(MAX_FINISHED_BACKFILLS);
  const deletes = old.map(
    ({ metadata: { name } }): Write => ({ op: 'delete', key: { kind: 'Backfill', namespace, name } }),
  );
  if (deletes.length > 0) await cluster.write(deletes, { discard: true });
}

function empty(ticks: ScheduleTicks, total: number, now: UnixMs): Omit<BackfillStatus, 'phase'> {
  const counts = { started: 0, skipped: 0, running: 0, succeeded: 0, failed: 0 };
  return { ticks, total, ...counts, live: [], startedAt: instantText(now) };
}

function ended(
  phase: 'Succeeded' | 'Failed',
  ticks: ScheduleTicks,
  total: number,
  message: string,
  now: UnixMs,
): BackfillStatus {
  return { ...empty(ticks, total, now), phase, message, finishedAt: instantText(now) };
}
