import {
  createHeap,
  type Heap,
  type Json,
  MAP_CHUNK_SIZE,
  MAX_MAP_RESULTS_IN_STATUS,
  type UnixMs,
} from '../base/index.ts';
import { chunkOf, type ExecutionError, type MapStatus, type NodeStatus } from '../cluster/index.ts';
import type { Values } from './language.ts';
import type { PackedSubtasks } from './map-chunks.ts';
import type { AttemptState, CacheClaim } from './state.ts';

/** Phases of a subtask, three bits. `lead` and `member` are live in one pod: see map-batch.ts. */
export const SUBTASK = {
  pending: 0,
  live: 1,
  waiting: 2,
  succeeded: 3,
  failed: 4,
  aborted: 5,
  lead: 6,
  member: 7,
} as const;

/**
 * A map node's subtasks, one byte each: phase in bits 0–2, system failures in bits 3–4, failures of the task itself in
 * bits 5–7, where 7 means: see `manyFailures`. Only live subtasks have more state than that.
 */
export interface MapState extends PackedSubtasks, MapElements {
  /** Successes that the node needs. */
  readonly required: number;
  readonly startedAt: UnixMs;
  succeeded: number;
  failed: number;
  /** First index that never started. */
  next: number;
  /** Subtasks whose back-off is over. */
  readonly retries: Heap<number>;
  /** When the last back-off of all so far ends: written, so that a restored map need not start them over. */
  retryAt: UnixMs | undefined;
  /** Of a batch, its lead. */
  readonly live: Map<number, AttemptState>;
  /** The other members of each live batch, by its lead, ascending. */
  readonly batches: Map<number, readonly number[]>;
  readonly results: MapResultsState;
  readonly errors: Map<number, ExecutionError>;
  /** Subtasks that have to do with the cache, by index; `isSettled`: they were looked for and may start. Undefined: none. */
  claims: Map<number, CacheClaim & { readonly isSettled: boolean }> | undefined;
  /** What the start of its subtasks waits for, besides their turn. */
  waitsFor: string | undefined;
  /** Subtasks whose outputs came from the cache, and from another execution. */
  cached: number;
  recovered: number;
  /** Set once the node cannot succeed, or is not wanted any more: nothing starts, live ones are being ended. */
  ending: ExecutionError | undefined;
  /** What the delta of this step must name. */
  readonly dirty: { readonly chunks: Set<number>; readonly results: Set<number>; readonly errors: Set<number> };
  written: NodeStatus | undefined;
  /** What the cluster's status says of the counters, as far as written. */
  told: Partial<Pick<MapStatus, 'size' | 'succeeded' | 'failed' | 'running' | 'cached' | 'recovered' | 'kept'>>;
}

/** What a map runs over. */
export interface MapElements {
  readonly size: number;
  /** Lists by name; empty when there is one list alone. */
  readonly over: Readonly<Record<string, readonly Json[]>>;
  readonly items: readonly Json[] | undefined;
  /** Inputs that all subtasks share. */
  readonly with: Values;
}

/** Outputs of subtasks so far. */
export interface MapResultsState {
  readonly names: readonly string[];
  /** A list for each name in the order of the input, null where there is none yet. */
  readonly lists: Readonly<Record<string, Json[]>>;
  /** Of all subtasks' outputs as JSON text. */
  bytes: number;
  /** The same of each chunk; undefined: they stand in the status. */
  readonly chunkBytes: Float64Array | undefined;
  /** Chunks whose MapResults this state has seen to. */
  readonly kept: Set<number>;
}

export function createMapState(
  elements: MapElements,
  names: readonly string[],
  required: number,
  startedAt: UnixMs,
): MapState {
  const { size } = elements;
  return {
    ...elements,
    required,
    startedAt,
    packed: new Uint8Array(size),
    manyFailures: new Map(),
    succeeded: 0,
    failed: 0,
    next: 0,
    retries: createHeap<number>((a, b) => a < b),
    retryAt: undefined,
    live: new Map(),
    batches: new Map(),
    results: createResults(names, size),
    errors: new Map(),
    claims: undefined,
    waitsFor: undefined,
    cached: 0,
    recovered: 0,
    ending: undefined,
    dirty: { chunks: new Set(), results: new Set(), errors: new Set() },
    written: undefined,
    told: {},
  };
}

function createResults(names: readonly string[], size: number): MapResultsState {
  const lists: Record<string, Json[]> = Object.create(null);
  for (const name of names) lists[name] = new Array<Json>(size).fill(null);
  const isLarge = size > MAX_MAP_RESULTS_IN_STATUS && names.length > 0;
  const chunkBytes = isLarge ? new Float64Array(Math.ceil(size / MAP_CHUNK_SIZE)) : undefined;
  return { names, lists, bytes: 0, chunkBytes, kept: new Set() };
}

/** The element of a subtask as expressions read it: of lists by name, a record of theirs. */
export function itemAt({ items, over }: MapElements, index: number): Json {
  if (items !== undefined) return items[index] ?? null;
  const item: Record<string, Json> = Object.create(null);
  for (const name in over) item[name] = over[name]?.[index] ?? null;
  return item;
}

export function subtaskPhase(map: MapState, index: number): number {
  return (map.packed[index] as number) & 7;
}

export function subtaskFailures(map: MapState, index: number): { readonly user: number; readonly system: number } {
  const byte = map.packed[index] as number;
  const user = byte >> 5;
  return { user: user === 7 ? (map.manyFailures.get(index) ?? 7) : user, system: (byte >> 3) & 3 };
}

/** Sets phase and failures of a subtask and marks its chunk as changed. */
export function packSubtask(map: MapState, index: number, phase: number, user: number, system: number): void {
  map.packed[index] = phase | (Math.min(system, 3) << 3) | (Math.min(user, 7) << 5);
  if (user >= 7) map.manyFailures.set(index, user);
  map.dirty.chunks.add(chunkOf(index));
}

/** Notes the outputs of a subtask. An output that it does not give is null. */
export function setResult({ results }: MapState, index: number, outputs: Values): void {
  const { names, lists, chunkBytes } = results;
  if (names.length === 0) return;
  for (const name of names)
    (lists[name] as Json[])[index] = Object.hasOwn(outputs, name) ? (outputs[name] as Json) : null;
  const bytes = Buffer.byteLength(JSON.stringify(outputs));
  results.bytes += bytes;
  if (chunkBytes !== undefined) {
    const chunk = chunkOf(index);
    chunkBytes[chunk] = (chunkBytes[chunk] as number) + bytes;
  }
}

/** The outputs of a subtask as they were noted. */
export function resultAt({ results: { names, lists } }: MapState, index: number): Values {
  const outputs: Record<string, Json> = Object.create(null);
  for (const name of names) outputs[name] = (lists[name] as Json[])[index] as Json;
  return outputs;
}
