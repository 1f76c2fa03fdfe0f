import { instantText } from '../../base/index.ts';
import { cronWords, type TickRule } from '../../calendar/index.ts';
import { printDuration } from '../../language/index.ts';

export { type PreviewedTick, previewTicks, zonedText } from '../../calendar/index.ts';

/** What a rule says: `at 02:30 on weekdays`, `every 15m, counted from 2026-01-01T00:00:00.000Z`. */
export function ruleWords(rule: TickRule): string {
  if (rule.kind === 'cron') return cronWords(rule.pattern);
  return `every ${printDuration(rule.everyMs)}, counted from ${instantText(rule.anchor)}`;
}
