import type { Json } from '../base/index.ts';
import { MAX_HANDLED_FAILURES } from '../base/index.ts';
import { isHandler } from './frame.ts';
import { handlerScope, type Scope, type Values } from './language.ts';
import { HANDLER_ID, type PlanNode } from './plan.ts';
import type { EngineState, Frame } from './state.ts';

/** What the expressions of a node read: its frame's scope, and of a failure handler also the error. */
export function scopeOf(state: EngineState, frame: Frame, node: PlanNode): Scope {
  return isHandler(node) ? handlerScope(frame.scope, errorOf(state, frame)) : frame.scope;
}

/** `error` in a failure handler: the first failure, and all failed nodes of the frame at any depth, by path. */
function errorOf({ failures }: EngineState, { error, prefix }: Frame): Values {
  const paths = [...failures.keys()]
    .filter((path) => path.startsWith(prefix) && !path.startsWith(prefix + HANDLER_ID))
    .sort();
  return {
    node: error?.node ?? null,
    reason: error?.reason ?? '',
    message: error?.message ?? '',
    failures: paths.slice(0, MAX_HANDLED_FAILURES).map((path): Json => {
      return { node: path, reason: failures.get(path)?.reason ?? '', message: failures.get(path)?.message ?? '' };
    }),
  };
}
