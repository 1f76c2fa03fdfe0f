import { isJsonObject, type Json, type JsonObject } from '../../base/index.ts';
import type { ExcludeSpec, SchedulerSpec, ScheduleSpec } from '../schedule-spec.ts';
import { durationOf, instantOf, mapOf, numberOf, objectOf, present, type Reader, textOf, textsOf } from './reader.ts';

export function readSchedule(reader: Reader, spec: JsonObject): ScheduleSpec {
  const start = instantOf(reader, spec.start, ['spec', 'start']);
  const end = instantOf(reader, spec.end, ['spec', 'end']);
  if (start !== undefined && end !== undefined && end <= start) {
    reader.tell('PIPE-VALUE-006', `the schedule ends at ${end}, not after its start at ${start}`, ['spec', 'end']);
  }
  const catchUp = objectOf(spec.catchUp);
  const policy = textOf(catchUp.policy);
  return present<ScheduleSpec>({
    description: textOf(spec.description),
    launchPlan: textOf(spec.launchPlan) ?? '',
    cron: textOf(spec.cron),
    everyMs: durationOf(reader, spec.every, ['spec', 'every']),
    timeZone: textOf(spec.timeZone) ?? 'UTC',
    start,
    end,
    spreadMs: durationOf(reader, spec.spread, ['spec', 'spread'], true),
    exclude: Array.isArray(spec.exclude) ? spec.exclude.map(readExclude) : undefined,
    catchUp: present<ScheduleSpec['catchUp']>({
      policy: policy === 'all' || policy === 'none' ? policy : 'latest',
      limit: numberOf(catchUp.limit),
      windowMs: durationOf(reader, catchUp.window, ['spec', 'catchUp', 'window']),
    }),
    overlap: overlapOf(spec.overlap),
    maxQueued: numberOf(spec.maxQueued),
    priority: numberOf(spec.priority),
    rateLimit: readRateLimit(reader, spec.rateLimit),
    inputs: mapOf(spec.inputs, (value) => value),
    kickoffTime: textOf(spec.kickoffTime),
    active: spec.active !== false,
  });
}

/** Of the platform. */
export function readScheduler(scheduler: JsonObject): SchedulerSpec {
  return present<SchedulerSpec>({
    suspended: typeof scheduler.suspended === 'boolean' ? scheduler.suspended : undefined,
    ticksPerSecond: numberOf(scheduler.ticksPerSecond),
    catchUpPerSecond: numberOf(scheduler.catchUpPerSecond),
  });
}

function readExclude(item: Json): ExcludeSpec {
  const { from, to, dates, calendar } = objectOf(item);
  return present<ExcludeSpec>({
    from: textOf(from),
    to: textOf(to),
    dates: Array.isArray(dates) ? textsOf(dates) : undefined,
    calendar: textOf(calendar),
  });
}

function overlapOf(value: Json | undefined): ScheduleSpec['overlap'] {
  return value === 'allow' || value === 'forbid' || value === 'replace' || value === 'queue' ? value : undefined;
}

function readRateLimit(reader: Reader, value: Json | undefined): ScheduleSpec['rateLimit'] {
  if (!isJsonObject(value)) return undefined;
  const ticks = numberOf(value.ticks);
  const perMs = durationOf(reader, value.per, ['spec', 'rateLimit', 'per']);
  return ticks === undefined || perMs === undefined ? undefined : { ticks, perMs };
}
