import { instantMs } from '../base/index.ts';
import { parseCron } from './cron-parse.ts';
import { type ExcludedTime, wallWindowsOf } from './exclusion.ts';
import type { TickRule } from './ticks.ts';
import { isTimeZone } from './zone.ts';

/** A schedule's fields as closures and objects hold them: exactly one of `cron` and `everyMs`; instants as RFC 3339. */
export interface TickFields {
  readonly cron?: string;
  readonly everyMs?: number;
  readonly timeZone: string;
  readonly start?: string;
  readonly end?: string;
  readonly exclude?: readonly ExcludedTime[];
}

/** These fields of anything that has them; the spread of a schedule is none, since it moves no tick. */
export function tickFieldsOf({ cron, everyMs, timeZone, start, end, exclude }: TickFields): TickFields {
  return {
    ...(cron !== undefined && { cron }),
    ...(everyMs !== undefined && { everyMs }),
    timeZone,
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(exclude !== undefined && { exclude }),
  };
}

export type RuleResult =
  | { readonly kind: 'ok'; readonly rule: TickRule }
  | { readonly kind: 'error'; readonly message: string };

/**
 * The rule by which these fields tick. A rate is anchored at `start`, or at the Unix epoch, so that neither a restart
 * nor a new version shifts it. An error for what registration refuses, and for a zone that a newer database dropped.
 */
export function tickRuleOf({ cron, everyMs, timeZone, exclude, ...bounds }: TickFields): RuleResult {
  if (!isTimeZone(timeZone)) return { kind: 'error', message: `there is no time zone "${timeZone}"` };
  const start = instantMs(bounds.start);
  const end = instantMs(bounds.end);
  const excluded = exclude === undefined || exclude.length === 0 ? undefined : wallWindowsOf(exclude);
  if (excluded?.kind === 'error') return { kind: 'error', message: `exclude: ${excluded.message}` };
  const within = {
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(excluded !== undefined && { exclude: excluded.windows }),
  };
  if (everyMs !== undefined) {
    if (!Number.isSafeInteger(everyMs) || everyMs < 1) {
      return { kind: 'error', message: `every: ${everyMs} ms is no interval; write one of 1 s or more` };
    }
    return { kind: 'ok', rule: { kind: 'rate', everyMs, anchor: start ?? 0, timeZone, ...within } };
  }
  const parsed = parseCron(cron ?? '');
  if (parsed.kind === 'error') return { kind: 'error', message: `cron "${cron}": ${parsed.message}` };
  return { kind: 'ok', rule: { kind: 'cron', pattern: parsed.pattern, timeZone, ...within } };
}
