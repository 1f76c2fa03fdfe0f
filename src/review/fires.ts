import { instantText, type UnixMs } from '../base/index.ts';
import { clockChangeAt, nextTick, previewTicks, type TickRule, zonedText } from '../calendar/index.ts';
import type { Fire } from './report.ts';

/** The first `count` ticks after an instant; those that the `other` rule does not have say so. */
export function firesAfter(
  rule: TickRule,
  timeZone: string,
  after: UnixMs,
  count: number,
  other?: TickRule,
): readonly Fire[] {
  return previewTicks(rule, timeZone, after, count).map(({ at, ...fire }) => {
    return other === undefined || nextTick(other, at - 1) === at ? fire : { ...fire, isOnly: true };
  });
}

/** One tick of a rule. */
export function fireOf(rule: TickRule, at: UnixMs, timeZone: string): Fire {
  if (clockChangeAt(rule, at) !== undefined) {
    const [only] = firesAfter(rule, timeZone, at - 1, 1);
    if (only !== undefined) return only;
  }
  const { local, offset } = zonedText(at, timeZone);
  return { utc: instantText(at), local, offset };
}
