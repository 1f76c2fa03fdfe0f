import { StalledError, sha256, type UnixMs } from '../../base/index.ts';
import { type TickRule, tickRuleOf } from '../../calendar/index.ts';
import type { Schedule } from '../../cluster/index.ts';

/**
 * The rule by which a schedule object ticks. Throws StalledError for a pattern that does not parse: registration
 * refuses those, so the object was changed by hand.
 */
export function tickRule(schedule: Schedule): TickRule {
  const result = tickRuleOf(schedule.spec);
  if (result.kind === 'error') throw new StalledError('InvalidCron', result.message);
  return result.rule;
}

/** How long after its tick the execution starts: the same for every tick, spread evenly over schedules. */
export function spreadOffsetMs(schedule: Schedule): number {
  const spreadMs = schedule.spec.spreadMs ?? 0;
  if (spreadMs === 0) return 0;
  const { namespace, name } = schedule.metadata;
  return Number.parseInt(sha256(`${namespace}/${name}`).slice(0, 8), 16) % spreadMs;
}

/**
 * The name of a tick's execution: a hash of repository, schedule and tick in UTC, and of nothing else. No restart,
 * failover or new version of the definitions can therefore start a tick twice.
 */
export function tickExecutionName(schedule: Schedule, tick: UnixMs): string {
  const identity = [schedule.spec.repository, schedule.metadata.namespace, schedule.metadata.name, tick].join('\n');
  const prefix = schedule.metadata.name.slice(0, MAX_PREFIX).replace(/[-.]+$/, '');
  return `${prefix}-${sha256(identity).slice(0, HASH_DIGITS)}`;
}

/** Label values end at 63 characters. 16 hexadecimal digits are 64 bits: the stored tick is compared on a clash. */
const HASH_DIGITS = 16;
const MAX_PREFIX = 63 - 1 - HASH_DIGITS;
