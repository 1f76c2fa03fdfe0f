import { nextTick, parseCron, tickRuleOf } from '../../calendar/index.ts';
import type { DefinitionOf } from '../../language/index.ts';
import type { ScheduleClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';

/** Warns of a schedule that never ticks while it may, and of the two fields for days that cron joins by "or". */
export function lintSchedule(tell: Tell, schedule: DefinitionOf<'Schedule'>, closure: ScheduleClosure): void {
  // What is excluded is told by the compiler.
  const { exclude: _, ...open } = closure;
  const { cron, start, end } = open;
  const rule = end === undefined ? undefined : tickRuleOf(open);
  // Without a start, any date before the end may have been one.
  const from = start === undefined ? undefined : Date.parse(start) - 1;
  if (rule?.kind === 'ok' && from !== undefined && nextTick(rule.rule, from) === undefined) {
    const place = schedule.placeOf(['spec', cron === undefined ? 'every' : 'cron']);
    const related = [{ message: 'it ends here', ...schedule.placeOf(['spec', 'end']) }];
    tell('PIPE-LINT-006', `this schedule never ticks between ${start} and ${end}`, place, { related });
  }
  const parsed = cron === undefined ? undefined : parseCron(cron);
  if (parsed?.kind !== 'ok' || !parsed.pattern.isEitherDay) return;
  const message = `"${cron}" ticks on days that match the day of the month or the day of the week`;
  const help = 'set one of the two to "*"; for the first Monday of a month write mon#1 as day of the week';
  tell('PIPE-LINT-007', message, schedule.placeOf(['spec', 'cron']), { help });
}
