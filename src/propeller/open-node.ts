import type { UnixMs } from '../base/index.ts';
import type { PlanNode } from './plan.ts';
import { addTimer, type Round, setPhase } from './round.ts';
import type { Frame, OpenState } from './state.ts';

/** Opens a node that takes time and is neither task nor map. With `wakeAt` it is woken then, by a timer `wake`. */
export function openNode(round: Round, frame: Frame, node: PlanNode, wakeAt?: UnixMs): OpenState {
  const number = frame.base + node.index;
  const open = newOpen(round.now, wakeAt);
  round.state.open.set(number, open);
  setPhase(frame, node, 'Running');
  round.touched.add(number);
  round.transitionsLeft--;
  if (wakeAt !== undefined) addTimer(round, { at: wakeAt, kind: 'wake', node: number, index: -1, attempt: 0 });
  return open;
}

export function newOpen(startedAt: UnixMs, wakeAt: UnixMs | undefined): OpenState {
  const none = {
    ending: undefined,
    error: undefined,
    frame: undefined,
    closure: undefined,
    wait: undefined,
    decision: undefined,
  };
  return { startedAt, wakeAt, ...none, written: undefined };
}
