import { isTerminalPhase } from '../cluster/index.ts';
import { frameOf, indexOfPath } from './frame.ts';
import type { EngineState } from './state.ts';

/** `Live`: the state waits for its end. `Over`: so is its node, nothing waits for it. `Unknown`: it may begin yet, or again. */
export type Standing = 'Live' | 'Over' | 'Unknown';

/** Where the attempt stands that a pod is of. `index` is that of a map's subtask, else -1. */
export function standingOfAttempt(
  state: EngineState,
  { path, index, attempt }: { readonly path: string; readonly index: number; readonly attempt: number },
): Standing {
  const node = indexOfPath(state, path);
  const live = node === undefined ? undefined : (state.maps.get(node)?.live.get(index) ?? state.tasks.get(node));
  if (live?.live === true && live.attempt === attempt) return 'Live';
  return isNodeOver(state, path) ? 'Over' : 'Unknown';
}

/** Where a child execution stands that the node of this path made. */
export function standingOfChild(
  state: EngineState,
  { path, name }: { readonly path: string; readonly name: string },
): Standing {
  const node = indexOfPath(state, path);
  if (node !== undefined && state.children.get(node)?.child?.name === name) return 'Live';
  return isNodeOver(state, path) ? 'Over' : 'Unknown';
}

/** Whether the node, or one that it is a part of, has ended. */
function isNodeOver(state: EngineState, path: string): boolean {
  if (isTerminalPhase(state.phase)) return true;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const node = indexOfPath(state, path.slice(0, end));
    if (node === undefined) continue;
    const frame = frameOf(state, node);
    if (isTerminalPhase(frame.phases[node - frame.base] as string)) return true;
  }
  return false;
}
