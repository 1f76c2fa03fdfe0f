import { instantText, type Json, MISSED_AFTER_MS, type UnixMs } from '../../base/index.ts';
import type { SchedulerSettings } from '../../cluster/index.ts';
import type { Lanes } from './lanes.ts';
import type { Running } from './term.ts';

/** Why no schedule ticks, though a scheduler works; undefined: they do. */
export type Health = 'Suspended' | 'ClockBehind' | undefined;

export function healthOf({ suspended }: SchedulerSettings, { settledUntil }: Lanes, now: UnixMs): Health {
  if (suspended === true) return 'Suspended';
  return settledUntil > now + MISSED_AFTER_MS ? 'ClockBehind' : undefined;
}

/** As the state tells it. Null: nothing is wrong. */
export function healthConditions(health: Health, { settledUntil }: Lanes, now: UnixMs): Json {
  if (health === undefined) return null;
  const until = instantText(settledUntil);
  const message =
    health === 'Suspended'
      ? 'the platform suspends all schedules (spec.scheduler.suspended); what they miss is for their catch-up policies'
      : `the clock was ahead once: all ticks up to ${until} are settled, and none starts before the clock is there again`;
  return [{ type: 'Ready', status: 'False', reason: health, message, lastTransitionTime: instantText(now) }];
}

/** Times that were counted on a clock that has been set back since would never come. */
export function tellClock(term: Running, now: UnixMs): void {
  const { lanes, windows, options, lookedAt } = term;
  term.lookedAt = now;
  if (now >= lookedAt - MISSED_AFTER_MS) return;
  options.log.write('warn', 'the clock was set back', {
    from: instantText(lookedAt),
    to: instantText(now),
    settledUntil: instantText(lanes.settledUntil),
  });
  windows.clear();
  for (const id of lanes.laggards.keys()) {
    if (lanes.retries.at(id) !== Number.POSITIVE_INFINITY) lanes.retries.set(id, now);
  }
}
