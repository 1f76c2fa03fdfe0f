import { type Json, popHeap } from '../base/index.ts';
import type { Scope, Values } from './language.ts';
import { failSubtask, finishMap, succeedSubtask } from './map-end.ts';
import { itemAt, type MapState, subtaskFailures } from './map-state.ts';
import type { ComputeMapPlan } from './plan.ts';
import { type Round, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import type { Frame } from './state.ts';

/** Evaluates as many subtasks of a map as this step has room for, in the order of the input. */
export function computeSubtasks(round: Round, frame: Frame, node: ComputeMapPlan, map: MapState): void {
  const each = eachScope(scopeOf(round.state, frame, node));
  while (map.ending === undefined && round.transitionsLeft > 0 && round.workLeft > 0) {
    // After a restore, one whose outputs are gone.
    const index = popHeap(map.retries) ?? map.next;
    if (index >= map.size) break;
    if (index === map.next) map.next++;
    touch(round, frame, node);
    const before = frame.scope.meter.steps;
    const rendered = node.values(each.at(map, index));
    round.workLeft -= frame.scope.meter.steps - before;
    const failures = subtaskFailures(map, index);
    if (rendered.ok) succeedSubtask(round, frame, node, map, index, rendered.values, failures);
    else {
      const error = { reason: 'ExpressionFailed', message: rendered.message };
      failSubtask(round, frame, node, map, index, error, { ...failures, user: failures.user + 1 });
    }
  }
  finishMap(round, frame, node, map);
}

/** The scope of subtasks: one object for all of them, which holds the `item` and `index` of the one at hand. */
export function eachScope(scope: Scope): { readonly at: (map: MapState, index: number) => Scope } {
  const variables: Record<string, Json> = Object.assign(Object.create(null), scope.variables);
  const inside: Scope = { ...scope, variables: variables as Values };
  return {
    at(map, index) {
      variables.item = itemAt(map, index);
      variables.index = index;
      return inside;
    },
  };
}
