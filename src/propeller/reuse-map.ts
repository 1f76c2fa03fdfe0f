import { CACHE_POLL_MS, type Digest, type Json, MAX_LOOKUPS_PER_STEP, pushHeap } from '../base/index.ts';
import type { MapStatus } from '../cluster/index.ts';
import { mayStart, pathOf } from './frame.ts';
import type { Rendered, Scope, Values } from './language.ts';
import { decodeChunk } from './map-chunks.ts';
import { eachScope } from './map-compute.ts';
import { finishMap, succeedSubtask } from './map-end.ts';
import { type MapState, SUBTASK, subtaskFailures, subtaskPhase } from './map-state.ts';
import type { MapPlan } from './plan.ts';
import { keyOfTask } from './reuse.ts';
import { readsCache } from './reuse-node.ts';
import { addTimer, type Round, reuseOf, touch } from './round.ts';
import type { EngineState, Frame, LookupObservation } from './state.ts';

/** Makes the inputs of subtasks: those that all share, elements of the lists, and what reads `item` and `index`. */
export function subtaskInputs(node: MapPlan, scope: Scope, map: MapState): (index: number) => Rendered {
  const each = node.each === undefined ? undefined : eachScope(scope);
  return (index) => {
    const inputs: Record<string, Json> = Object.create(null);
    for (const name in map.with) inputs[name] = map.with[name] as Json;
    for (const name in map.over) inputs[name] = map.over[name]?.[index] as Json;
    if (node.each === undefined || each === undefined) return { ok: true, values: inputs };
    const rendered = node.each(each.at(map, index));
    return rendered.ok ? { ok: true, values: Object.assign(inputs, rendered.values) } : rendered;
  };
}

/** Whether outputs of this map's subtasks are looked for before these start. */
export function seeksSubtasks(state: EngineState, node: MapPlan): boolean {
  return state.reuse?.past !== undefined || readsCache(state, node.task);
}

/** Whether this step has room for one more subtask to be looked for. */
export function mayLookUp(round: Round): boolean {
  return round.lookups.length < MAX_LOOKUPS_PER_STEP && round.transitionsLeft > 0;
}

/**
 * Looks for the outputs of a subtask that never started. True when it need not start now: they are there, or the cache was
 * asked.
 */
export function lookForSubtask(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  inputs: Rendered,
): boolean {
  const { state } = round;
  const { user, system } = subtaskFailures(map, index);
  if (!inputs.ok || user + system > 0 || map.claims?.get(index)?.isSettled === true) return false;
  const key = keyOfTask(node.task, inputs.values);
  const past = state.reuse?.past?.get(key);
  if (past !== undefined) {
    touch(round, frame, node);
    map.recovered++;
    succeedSubtask(round, frame, node, map, index, past.outputs, { user, system });
    return true;
  }
  if (!readsCache(state, node.task)) return false;
  map.claims ??= new Map();
  map.claims.set(index, { key, reserve: undefined, isWaiting: false, isSettled: false });
  const { serialize = false, ttlMs } = node.task.closure.cache ?? {};
  round.lookups.push({
    node: frame.base + node.index,
    path: pathOf(frame, node),
    index,
    key,
    ttlMs,
    serialize,
  });
  return true;
}

/** What the cache holds for a subtask. */
export function observeSubtaskLookup(
  round: Round,
  frame: Frame,
  node: MapPlan,
  { index, key, found }: LookupObservation,
): void {
  const map = round.state.maps.get(frame.base + node.index);
  const claim = map?.claims?.get(index);
  if (map === undefined || claim === undefined || claim.key !== key || map.ending !== undefined) return;
  if (subtaskPhase(map, index) !== SUBTASK.pending || !mayStart(frame, node)) return;
  const outputs = found.kind === 'Hit' ? node.task.parseOutputs(found.outputs) : undefined;
  if (outputs?.ok === true) {
    map.claims?.delete(index);
    touch(round, frame, node);
    map.cached++;
    succeedSubtask(round, frame, node, map, index, outputs.values, subtaskFailures(map, index));
    finishMap(round, frame, node, map);
    return;
  }
  const { reserving } = reuseOf(round.state);
  const number = frame.base + node.index;
  const isSerial = node.task.closure.cache?.serialize === true;
  const rival = reserving.get(key);
  const isRivalled = rival !== undefined && !(rival.node === number && rival.index === index);
  if (isSerial && (found.kind === 'Held' || isRivalled)) {
    map.claims?.set(index, { ...claim, isWaiting: true });
    touch(round, frame, node);
    addTimer(round, { at: round.now + CACHE_POLL_MS, kind: 'cache', node: number, index, attempt: 0 });
    return;
  }
  const version = found.kind === 'Held' ? undefined : found.version;
  map.claims?.set(index, { key, reserve: isSerial ? { version } : undefined, isWaiting: false, isSettled: true });
  if (isSerial) reserving.set(key, { node: number, index });
  pushHeap(map.retries, index);
}

/** Before an attempt at a subtask starts: its entry is reserved with it, where it asks for that. */
export function reserveSubtaskEntry(round: Round, frame: Frame, node: MapPlan, map: MapState, index: number): void {
  const claim = map.claims?.get(index);
  if (claim?.reserve === undefined) return;
  const { key, reserve } = claim;
  round.effects.push({ kind: 'ReserveEntry', ...placeOf(round, frame, node, index), key, version: reserve.version });
  map.claims?.set(index, { ...claim, reserve: undefined });
}

/** A subtask ended: with outputs its entry is filled, without any others may go on. */
export function settleSubtaskEntry(
  round: Round,
  frame: Frame,
  node: MapPlan,
  map: MapState,
  index: number,
  outputs: Values | undefined,
  inputsAt: () => Rendered,
): void {
  const { state } = round;
  const { cache } = node.task.closure;
  const isKept = outputs !== undefined && map.results.names.length > 0 && state.execution.cache !== 'off';
  if (cache === undefined || !(isKept || cache.serialize)) return;
  const key = map.claims?.get(index)?.key ?? renderedKey(node, inputsAt());
  map.claims?.delete(index);
  if (key === undefined) return;
  const rival = state.reuse?.reserving.get(key);
  if (rival?.node === frame.base + node.index && rival.index === index) state.reuse?.reserving.delete(key);
  const place = placeOf(round, frame, node, index);
  if (isKept) {
    round.effects.push({ kind: 'FillEntry', ...place, key, outputs: JSON.stringify(outputs), ttlMs: cache.ttlMs });
  } else round.effects.push({ kind: 'ReleaseEntry', key });
  round.changedKeys.push(key);
}

function renderedKey(node: MapPlan, inputs: Rendered): Digest | undefined {
  return inputs.ok ? keyOfTask(node.task, inputs.values) : undefined;
}

function placeOf({ now }: Round, frame: Frame, node: MapPlan, index: number) {
  return { at: now, node: frame.base + node.index, path: pathOf(frame, node), index, task: node.task };
}

/** Looks again for what subtasks wait for: all of a key, or one of them. */
export function lookForSubtaskAgain(map: MapState, isMeant: (key: Digest, index: number) => boolean): void {
  for (const [index, claim] of map.claims ?? []) {
    if (!claim.isWaiting || !isMeant(claim.key, index)) continue;
    map.claims?.set(index, { ...claim, isWaiting: false });
    pushHeap(map.retries, index);
  }
}

/** Why subtasks that could start do not, in words. */
export function subtasksWait({ claims }: MapState): string | undefined {
  let waiting = 0;
  for (const { isWaiting } of claims?.values() ?? []) if (isWaiting) waiting++;
  return waiting === 0 ? undefined : `${waiting} of its subtasks wait for others to fill the cache`;
}

const LIVE: ReadonlySet<number> = new Set([SUBTASK.live, SUBTASK.lead, SUBTASK.member, SUBTASK.waiting]);

/** Whether a subtask has an attempt that runs or is to run again, by the status of its map. */
export function isSubtaskLive({ size, chunks = {} }: MapStatus, index: number): boolean {
  const map = { size, packed: new Uint8Array(size), manyFailures: new Map<number, number>() };
  for (const [chunk, text] of Object.entries(chunks)) decodeChunk(map, Number(chunk), text);
  const phase = (map.packed[index] ?? 0) & 7;
  return LIVE.has(phase);
}
