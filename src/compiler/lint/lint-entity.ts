import type { Span } from '../../base/index.ts';
import { type Compilation, tellTo, type Workspace } from '../workspace.ts';
import { lintConditions, lintRules } from './conditions.ts';
import { lintImage } from './image.ts';
import type { LintLevels } from './levels.ts';
import { lintNotifications } from './notifications.ts';
import { lintPlanDefaults, lintScheduleInputs } from './repeated-default.ts';
import { lintNodeRetries, lintRetries } from './retries.ts';
import { lintSchedule } from './schedule.ts';
import { lintSecrets } from './secrets.ts';
import { lintUsage } from './usage.ts';

/** Tells what is valid and probably not meant in one entity. The result is where secrets stand in it. */
export function lintEntity(
  workspace: Workspace,
  { declared, closure, text }: Compilation,
  levels?: LintLevels,
): readonly Span[] {
  const tell = tellTo(workspace);
  const { definition } = declared;
  if (definition.kind === 'Task' && closure.kind === 'Task') {
    lintImage(tell, definition, closure, levels);
    lintRetries(tell, definition, closure);
  } else if (definition.kind === 'Workflow' && closure.kind === 'Workflow') {
    lintUsage(tell, definition, closure);
    lintConditions(tell, definition);
    lintNodeRetries(tell, definition, closure);
    lintNotifications(tell, workspace, definition, closure);
  } else if (definition.kind === 'LaunchPlan' && closure.kind === 'LaunchPlan') {
    lintPlanDefaults(tell, workspace, definition, closure);
    lintNotifications(tell, workspace, definition, closure);
  } else if (definition.kind === 'Schedule' && closure.kind === 'Schedule') {
    lintSchedule(tell, definition, closure);
    lintScheduleInputs(tell, workspace, definition, closure);
  } else if (definition.kind === 'Policy') lintRules(tell, definition);
  return lintSecrets(tell, definition, text);
}
