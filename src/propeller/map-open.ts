import { BugError, type Json, MAX_MAP_SIZE } from '../base/index.ts';
import type { ExecutionError } from '../cluster/index.ts';
import type { Scope, Values } from './language.ts';
import { createMapState, type MapState } from './map-state.ts';
import type { AnyMapPlan } from './plan.ts';
import { addTimer, failAtOnce, type Round, setPhase, touch } from './round.ts';
import { scopeOf } from './scope.ts';
import type { Frame } from './state.ts';

/** Opens a map that became ready, or fails it where there is nothing to run over. */
export function openMap(round: Round, frame: Frame, node: AnyMapPlan): void {
  const { state, now } = round;
  const number = frame.base + node.index;
  const rendered = renderMap(node, scopeOf(state, frame, node), now);
  if ('reason' in rendered) {
    failAtOnce(round, frame, node, rendered);
    return;
  }
  state.maps.set(number, rendered);
  setPhase(frame, node, 'Running');
  touch(round, frame, node);
  const totalMs = node.kind === 'map' ? node.task.closure.timeout.totalMs : undefined;
  if (totalMs !== undefined) {
    addTimer(round, { at: now + totalMs, kind: 'total', node: number, index: -1, attempt: 0 });
  }
}

/** A map's state before its first subtask, or why there is none. Also the ground on which `restore` builds. */
export function renderMap(node: AnyMapPlan, scope: Scope, now: number): MapState | ExecutionError {
  const over = node.over(scope);
  if (!over.ok) return invalid(over.message);
  const shared = node.kind === 'map' ? node.with(scope) : NOTHING;
  if (!shared.ok) return invalid(shared.message);
  const lists: Record<string, readonly Json[]> = Object.create(null);
  let size: number | undefined;
  for (const [name, list] of Object.entries(over.values)) {
    if (!Array.isArray(list)) return invalid(`"${name}" is to be mapped over and is no list`);
    if (size !== undefined && list.length !== size) return differentLengths(over.values);
    size = list.length;
    lists[name] = list;
  }
  if (size === undefined) throw new BugError(`map "${node.id}" maps over nothing`);
  if (size > MAX_MAP_SIZE) {
    return { reason: 'MapTooLarge', message: `it maps over ${size} elements; at most ${MAX_MAP_SIZE} are possible` };
  }
  // 0.1 × 30 is a little more than 3 in binary fractions.
  const required = node.minSuccesses ?? Math.ceil(node.minSuccessRatio * size - 1e-9);
  if (required > size) {
    return { reason: 'TooFewElements', message: `it maps over ${size} elements, and ${required} must succeed` };
  }
  const elements = node.isSingle ? { over: {}, items: lists.items } : { over: lists, items: undefined };
  return createMapState({ size, ...elements, with: shared.values }, node.names, required, now);
}

const NOTHING = { ok: true, values: {} as Values } as const;

function invalid(message: string): ExecutionError {
  return { reason: 'InvalidInputs', message };
}

function differentLengths(lists: Values): ExecutionError {
  const sizes = Object.entries(lists).map(([name, list]) => `"${name}" has ${Array.isArray(list) ? list.length : 0}`);
  return {
    reason: 'DifferentLengths',
    message: `lists that are mapped over together must be equally long: ${sizes.join(', ')}`,
  };
}
