import { instantMs, StalledError, type UnixMs } from '../../base/index.ts';
import { previousTick, type TickRule, tickRuleOf, ticksBetween } from '../../calendar/index.ts';
import type { Backfill, BackfillStatus, ScheduleTicks } from '../../cluster/index.ts';

/** Ticks of a backfill are those with `after < tick <= until`. */
export interface TickSpan {
  readonly after: UnixMs;
  readonly until: UnixMs;
}

/** The span of a backfill that began at `startedAt`: what was not due by then is the scheduler's. */
export function spanOf({ spec }: Pick<Backfill, 'spec'>, startedAt: UnixMs): TickSpan {
  const [from, to] = [instantMs(spec.from) ?? 0, instantMs(spec.to) ?? 0];
  return { after: from - 1, until: Math.min(to - 1, startedAt) };
}

/** Throws StalledError for what is no rule: it was changed past git. */
export function ruleOf(ticks: ScheduleTicks): TickRule {
  const result = tickRuleOf(ticks);
  if (result.kind === 'error') throw new StalledError('InvalidCron', result.message);
  return result.rule;
}

/** The next ticks in the order of the backfill, at most `limit` of them. */
export function nextTicks(backfill: Backfill, status: BackfillStatus, limit: number): readonly UnixMs[] {
  const rule = ruleOf(status.ticks);
  const { after, until } = spanOf(backfill, instantMs(status.startedAt) ?? 0);
  const last = instantMs(status.settledUntil);
  if (backfill.spec.reverse !== true) return ticksBetween(rule, last ?? after, until, limit);
  const ticks: UnixMs[] = [];
  let before = last ?? until + 1;
  while (ticks.length < limit) {
    const tick = previousTick(rule, before);
    if (tick === undefined || tick <= after) break;
    ticks.push(tick);
    before = tick;
  }
  return ticks;
}
