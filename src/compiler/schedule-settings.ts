import { MAX_RATE_LIMIT_PER_MS, MIN_RATE_LIMIT_PER_MS, MIN_SCHEDULE_INTERVAL_MS } from '../base/index.ts';
import { nextTick, tickRuleOf } from '../calendar/index.ts';
import type { DefinitionOf } from '../language/index.ts';
import type { ScheduleClosure } from './closure.ts';
import type { PlanTarget } from './plan-targets.ts';
import { tellTo, type Workspace } from './workspace.ts';

type Schedule = DefinitionOf<'Schedule'>;

/** Tells of settings that cannot be kept, and of those that say nothing. */
export function checkSettings(workspace: Workspace, schedule: Schedule): void {
  const tell = tellTo(workspace);
  const { overlap = 'allow', maxQueued, rateLimit, everyMs } = schedule.spec;
  if (everyMs !== undefined && everyMs < MIN_SCHEDULE_INTERVAL_MS) {
    const help = 'write 1s or more';
    tell('PIPE-SCHED-008', 'a schedule ticks once a second at most', schedule.placeOf(['spec', 'every']), { help });
  }
  if (maxQueued !== undefined && overlap !== 'queue') {
    const message = `with overlap ${overlap} no execution of this schedule waits, so "maxQueued" says nothing`;
    const help = 'set overlap: queue, or leave maxQueued out';
    tell('PIPE-SCHED-004', message, schedule.placeOfKey(['spec', 'maxQueued']), { help });
  }
  const perMs = rateLimit?.perMs;
  if (perMs === undefined || (perMs >= MIN_RATE_LIMIT_PER_MS && perMs <= MAX_RATE_LIMIT_PER_MS)) return;
  const help = 'count the ticks in a time from 1s to 1d';
  tell(
    'PIPE-SCHED-005',
    'a rate limit holds for a second at least and a day at most',
    schedule.placeOf(['spec', 'rateLimit', 'per']),
    {
      help,
    },
  );
}

/** Tells where the launch plan's limit undoes what the schedule says of overlapping ticks. */
export function checkOverlap(workspace: Workspace, schedule: Schedule, plans: readonly PlanTarget[]): void {
  const { overlap } = schedule.spec;
  if (overlap !== 'queue' && overlap !== 'replace') return;
  for (const { title, closure } of plans) {
    const { concurrency } = closure;
    if (concurrency?.whenFull !== 'skip') continue;
    const waits = overlap === 'queue' ? 'is to wait' : 'waits until what it replaces has ended';
    const message = `a tick that ${waits} is skipped: ${title} skips what is above its limit of ${concurrency.limit}, and its limit counts too`;
    const help = 'set whenFull: queue in the launch plan, leave its concurrency out, or set overlap: forbid';
    tellTo(workspace)('PIPE-SCHED-006', message, schedule.placeOf(['spec', 'overlap']), { help });
    return;
  }
}

/** Tells of a schedule that would tick, were not every tick excluded. */
export function checkExclusion(workspace: Workspace, schedule: Schedule, closure: ScheduleClosure): void {
  const { exclude, ...open } = closure;
  if (exclude === undefined) return;
  const [rule, without] = [tickRuleOf(closure), tickRuleOf(open)];
  if (rule.kind === 'error' || without.kind === 'error') return;
  const from = closure.start === undefined ? LONG_AGO_MS : Date.parse(closure.start) - 1;
  if (nextTick(rule.rule, from) !== undefined || nextTick(without.rule, from) === undefined) return;
  const help = 'exclude less, or set active: false';
  const place = schedule.placeOfKey(['spec', 'exclude']);
  tellTo(workspace)('PIPE-SCHED-007', 'this schedule never ticks: all its ticks are excluded', place, { help });
}

/** Without a start, any date may have been one. */
const LONG_AGO_MS = Date.UTC(2000, 0, 1);
