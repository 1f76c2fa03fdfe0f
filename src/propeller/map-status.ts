import { BugError, type Json, MAX_MAP_OUTPUTS_IN_STATUS_BYTES, pushHeap, type UnixMs } from '../base/index.ts';
import { chunkOf, type MapStatus, type SubtaskOutputs } from '../cluster/index.ts';
import type { Values } from './language.ts';
import { decodeChunk, encodeChunk } from './map-chunks.ts';
import {
  type MapState,
  packSubtask,
  resultAt,
  SUBTASK,
  setResult,
  subtaskFailures,
  subtaskPhase,
} from './map-state.ts';
import type { KeepResults } from './state.ts';

/** How far a map is. `Succeeded`: it ends in this step, and its outputs count. */
export type MapProgress = 'Running' | 'Succeeded' | 'Ended';

/** Whether the outputs of a map that succeeded are so large that they stay where its subtasks' were kept. */
export function staysKept({ results, failed }: MapState): boolean {
  if (results.chunkBytes === undefined) return false;
  return results.bytes + failed * results.names.length * 'null,'.length > MAX_MAP_OUTPUTS_IN_STATUS_BYTES;
}

/** What is to be kept beside the status of the outputs that came in since the last call. */
export function keptResults(map: MapState, path: string, progress: MapProgress): readonly KeepResults[] {
  const { results, dirty } = map;
  const isWanted = progress !== 'Succeeded' || staysKept(map);
  if (results.chunkBytes === undefined || dirty.results.size === 0 || !isWanted) return [];
  const chunks = new Map<number, Record<string, readonly [Values]>>();
  for (const index of dirty.results) {
    const chunk = chunkOf(index);
    const its = chunks.get(chunk) ?? {};
    its[index] = [resultAt(map, index)];
    chunks.set(chunk, its);
  }
  dirty.results.clear();
  return [...chunks].map(([chunk, its]) => {
    const isFirst = !results.kept.has(chunk);
    results.kept.add(chunk);
    return { kind: 'KeepResults', path, chunk, isFirst, results: its };
  });
}

/** The merge patch of `map` in the node's status: only what changed since the last call. */
export function mapPatch(map: MapState, progress: MapProgress): Record<string, Json> {
  const { dirty, told, results } = map;
  const patch: Record<string, Json> = {};
  const counters = { size: map.size, succeeded: map.succeeded, failed: map.failed, running: map.live.size };
  for (const name of ['size', 'succeeded', 'failed', 'running'] as const) {
    if (counters[name] !== told[name]) patch[name] = counters[name];
  }
  const { cached, recovered } = map;
  if (cached !== (told.cached ?? 0)) patch.cached = cached;
  if (recovered !== (told.recovered ?? 0)) patch.recovered = recovered;
  const isKept = results.chunkBytes !== undefined && (progress !== 'Succeeded' || staysKept(map));
  if (isKept !== (told.kept === true)) patch.kept = isKept ? true : null;
  map.told = { ...counters, cached, recovered, ...(isKept && { kept: true }) };
  if (dirty.chunks.size > 0) {
    patch.chunks = Object.fromEntries([...dirty.chunks].map((chunk) => [chunk, encodeChunk(map, chunk)]));
  }
  if (results.chunkBytes === undefined && results.names.length > 0) {
    // Of a map that failed they stay: another execution may recover them.
    if (progress === 'Succeeded') {
      if (map.succeeded > 0) patch.results = null;
    } else if (dirty.results.size > 0) {
      patch.results = Object.fromEntries([...dirty.results].map((index) => [index, [resultAt(map, index)]]));
    }
  }
  if (dirty.errors.size > 0) {
    const errors = [...dirty.errors].map((index): [number, Json] => [index, { ...map.errors.get(index) } as Json]);
    patch.errors = Object.fromEntries(errors);
  }
  dirty.chunks.clear();
  dirty.results.clear();
  dirty.errors.clear();
  return patch;
}

/**
 * Fills a fresh state from status, and from what was kept beside it. Live subtasks get their times when their pods are
 * seen. A subtask whose outputs are gone, because somebody deleted them, is run again.
 */
export function readMapStatus(
  map: MapState,
  status: MapStatus,
  kept: ReadonlyMap<number, SubtaskOutputs>,
  now: UnixMs,
): void {
  if (status.size !== map.size) throw new BugError(`a map had ${status.size} subtasks and now has ${map.size}`);
  const { size, succeeded, failed, running, cached = 0, recovered = 0 } = status;
  map.told = { size, succeeded, failed, running, cached, recovered, ...(status.kept && { kept: true }) };
  for (const [chunk, text] of Object.entries(status.chunks ?? {})) decodeChunk(map, Number(chunk), text);
  for (const [index, error] of Object.entries(status.errors ?? {})) map.errors.set(Number(index), error);
  map.succeeded = status.succeeded;
  map.failed = status.failed;
  map.cached = status.cached ?? 0;
  map.recovered = status.recovered ?? 0;
  let lead = -1;
  for (let index = 0; index < map.size; index++) {
    const phase = subtaskPhase(map, index);
    if (phase !== SUBTASK.pending) map.next = index + 1;
    if (phase === SUBTASK.live || phase === SUBTASK.lead) restoreLive(map, index, now);
    if (phase === SUBTASK.lead) lead = index;
    if (phase === SUBTASK.lead) map.batches.set(lead, []);
    if (phase === SUBTASK.member) map.batches.set(lead, [...(map.batches.get(lead) ?? []), index]);
    if (phase === SUBTASK.succeeded) restoreResult(map, index, status.results?.[index]?.[0] ?? kept.get(index));
  }
  // Those before the last started one that never did: they were being looked for in the cache.
  for (let index = 0; index < map.next; index++) {
    if (subtaskPhase(map, index) === SUBTASK.pending) pushHeap(map.retries, index);
  }
}

function restoreLive(map: MapState, index: number, now: UnixMs): void {
  const { user, system } = subtaskFailures(map, index);
  map.live.set(index, {
    attempt: user + system + 1,
    systemFailures: system,
    live: true,
    queuedAt: now,
    runningAt: undefined,
    ending: undefined,
  });
}

function restoreResult(map: MapState, index: number, outputs: SubtaskOutputs | undefined): void {
  if (outputs !== undefined) setResult(map, index, outputs);
  else if (map.results.names.length > 0) {
    const { user, system } = subtaskFailures(map, index);
    packSubtask(map, index, SUBTASK.pending, user, system);
    map.succeeded--;
  }
}
