import { BugError } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { parseDuration } from '../language/index.ts';
import { pathOf } from './frame.ts';
import { unnamed } from './language.ts';
import { openNode } from './open-node.ts';
import type { PlanNode, SleepPlan } from './plan.ts';
import { endNode, failAtOnce, type Round, succeedNode, touch } from './round.ts';
import type { Frame } from './state.ts';

/** Waits from now on; what it waits for is in its status, so a restart does not begin it anew. */
export function startSleep(round: Round, frame: Frame, node: SleepPlan): void {
  const rendered = node.duration(frame.scope);
  if (!rendered.ok) {
    failAtOnce(round, frame, node, { reason: 'ExpressionFailed', message: unnamed(rendered) });
    return;
  }
  const duration = parseDuration(String(rendered.values.value));
  if (duration.kind === 'error') {
    failAtOnce(round, frame, node, { reason: 'InvalidInputs', message: duration.message });
    return;
  }
  openNode(round, frame, node, round.now + Math.max(0, duration.ms));
}

/** Its time has come. */
export function wakeSleep(round: Round, frame: Frame, node: SleepPlan): void {
  touch(round, frame, node);
  succeedNode(round, frame, node, {});
}

/** Nothing of it runs: it ends at once. */
export function endSleep(round: Round, frame: Frame, node: PlanNode, ending: ExecutionError): void {
  const open = round.state.open.get(frame.base + node.index);
  if (open === undefined) throw new BugError(`node "${pathOf(frame, node)}" is not open`);
  open.error = ending;
  touch(round, frame, node);
  endNode(round, frame, node, 'Aborted');
}
