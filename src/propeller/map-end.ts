import { BugError, MAP_CHUNK_SIZE, MAX_MAP_ERRORS, MAX_MAP_OUTPUTS_BYTES, MAX_VALUE_BYTES } from '../base/index.ts';
import { chunkOf, type ExecutionError } from '../cluster/index.ts';
import { TOTAL_TIMEOUT } from './attempt.ts';
import type { Values } from './language.ts';
import { type MapState, packSubtask, SUBTASK, setResult } from './map-state.ts';
import type { AnyMapPlan } from './plan.ts';
import { endNode, failNode, type Round, succeedNode, touch } from './round.ts';
import type { Frame } from './state.ts';
import { abortEffect } from './task-node.ts';

/** A subtask has its outputs: keeps them in the order of the input, within what may be kept. */
export function succeedSubtask(
  round: Round,
  frame: Frame,
  node: AnyMapPlan,
  map: MapState,
  index: number,
  outputs: Values,
  failures: { readonly user: number; readonly system: number },
): void {
  packSubtask(map, index, SUBTASK.succeeded, failures.user, failures.system);
  round.transitionsLeft--;
  map.succeeded++;
  setResult(map, index, outputs);
  map.dirty.results.add(index);
  const problem = map.ending === undefined ? tooLarge(map, index) : undefined;
  if (problem !== undefined) endMap(round, frame, node, { reason: 'OutputsTooLarge', message: problem });
}

function tooLarge({ results: { bytes, chunkBytes } }: MapState, index: number): string | undefined {
  const limit = chunkBytes === undefined ? MAX_VALUE_BYTES : MAX_MAP_OUTPUTS_BYTES;
  if (bytes > limit) return `the outputs of its subtasks have together more than ${limit} bytes as JSON`;
  const chunk = chunkOf(index);
  if (chunkBytes === undefined || (chunkBytes[chunk] as number) <= MAX_VALUE_BYTES) return undefined;
  const first = chunk * MAP_CHUNK_SIZE;
  const range = `${first} to ${first + MAP_CHUNK_SIZE - 1}`;
  return `the outputs of its subtasks ${range} have together more than ${MAX_VALUE_BYTES} bytes as JSON`;
}

/** A subtask failed for good: the node goes on while enough others can still succeed. */
export function failSubtask(
  round: Round,
  frame: Frame,
  node: AnyMapPlan,
  map: MapState,
  index: number,
  error: ExecutionError,
  failures: { readonly user: number; readonly system: number },
): void {
  packSubtask(map, index, SUBTASK.failed, failures.user, failures.system);
  round.transitionsLeft--;
  map.failed++;
  if (map.errors.size < MAX_MAP_ERRORS) {
    map.errors.set(index, error);
    map.dirty.errors.add(index);
  }
  if (map.size - map.failed < map.required && map.ending === undefined) {
    const [first, cause] = map.errors.entries().next().value ?? [index, error];
    const need = map.required === map.size ? 'all' : `${map.required}`;
    const message = `${map.failed} of ${map.size} subtasks failed and ${need} must succeed; subtask ${first}: ${cause.message}`;
    endMap(round, frame, node, { reason: 'TooManyFailures', message });
  }
}

/** Ends what is live of a map; nothing of it starts any more. */
export function endMap(round: Round, frame: Frame, node: AnyMapPlan, ending: ExecutionError): void {
  const map = round.state.maps.get(frame.base + node.index);
  if (map === undefined) throw new BugError(`map "${node.id}" is not open`);
  if (map.ending !== undefined) return;
  map.ending = ending;
  touch(round, frame, node);
  for (const [index, attempt] of map.live) {
    if (attempt.ending === undefined) abortEffect(round, frame, node, index, attempt.attempt, ending);
    attempt.ending = ending;
  }
  finishMap(round, frame, node, map);
}

/** Ends the node when nothing of it is live and nothing of it is to come. */
export function finishMap(round: Round, frame: Frame, node: AnyMapPlan, map: MapState): void {
  if (map.live.size > 0 || frame.phases[node.index] !== 'Running') return;
  if (map.ending !== undefined) {
    if (map.ending.reason === TOTAL_TIMEOUT) failNode(round, frame, node, 'TimedOut', map.ending);
    else if (isOwnFailure(map.ending)) failNode(round, frame, node, 'Failed', map.ending);
    else endNode(round, frame, node, 'Aborted');
    return;
  }
  if (map.succeeded + map.failed < map.size) return;
  succeedNode(round, frame, node, map.results.lists, phaseOf(map));
}

function isOwnFailure(ending: ExecutionError): boolean {
  return ending.reason === 'TooManyFailures' || ending.reason === 'OutputsTooLarge';
}

/** A map of which nothing was run is no more than what it reuses. */
function phaseOf({ size, cached, recovered }: MapState): 'Succeeded' | 'Cached' | 'Recovered' {
  if (size === 0 || cached + recovered < size) return 'Succeeded';
  return recovered === size ? 'Recovered' : cached === size ? 'Cached' : 'Succeeded';
}
