import { instantText, type Json, MAX_VALUE_BYTES } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import { outputsStatus } from './outputs-status.ts';
import type { ComputePlan, NotRunPlan } from './plan.ts';
import { failNode, planNode, type Round, succeedNode, writeNode } from './round.ts';
import { valueBytes } from './size.ts';

/**
 * Runs the ready `compute` nodes, and fails those that are not run, then those that became ready by that, `maxStreak` waves deep: a wave's results are
 * durable before the next step's waves begin.
 */
export function runComputes(round: Round): void {
  const { state, settings } = round;
  for (let streak = 0; streak < settings.maxStreak && state.mode === 'Run'; streak++) {
    const wave = state.ready.compute;
    if (wave.length === 0) return;
    state.ready.compute = [];
    for (let i = 0; i < wave.length; i++) {
      if (round.transitionsLeft <= 0) {
        // What this step has no room for comes first in the next one, before what it made ready.
        state.ready.compute = [...wave.slice(i), ...state.ready.compute];
        return;
      }
      const node = planNode(round, wave[i] as number) as ComputePlan | NotRunPlan;
      if (node.kind === 'compute') runCompute(round, node);
      else refuse(round, node);
      if (!canGoOn(round)) return;
    }
  }
}

/** False once a failure stopped the execution. A function, because the compiler takes `mode` for unchanged. */
function canGoOn(round: Round): boolean {
  return round.state.mode === 'Run';
}

function runCompute(round: Round, node: ComputePlan): void {
  const finishedAt = instantText(round.now);
  const rendered = node.values(round.state.scope);
  const error = rendered.ok ? tooLarge(rendered.values) : { reason: 'ExpressionFailed', message: rendered.message };
  if (!rendered.ok || error !== undefined) {
    const failure = error as ExecutionError;
    failNode(round, node, 'Failed', failure);
    writeNode(round, node.id, { phase: 'Failed', finishedAt, error: { ...failure } });
    return;
  }
  succeedNode(round, node, rendered.values);
  writeNode(round, node.id, { phase: 'Succeeded', finishedAt, ...outputsStatus(rendered.values) } as Json);
}

/** Fails a node that this engine does not run, in its turn: what is before it has run. */
function refuse(round: Round, node: NotRunPlan): void {
  const error = { reason: 'NotSupported', message: `this version does not run ${node.what}` };
  failNode(round, node, 'Failed', error);
  writeNode(round, node.id, { phase: 'Failed', finishedAt: instantText(round.now), error });
}

function tooLarge(values: Readonly<Record<string, Json>>): ExecutionError | undefined {
  if (valueBytes(values) <= MAX_VALUE_BYTES) return undefined;
  return { reason: 'OutputsTooLarge', message: `its values have more than ${MAX_VALUE_BYTES} bytes as JSON` };
}
