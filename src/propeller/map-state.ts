import { BugError, createHeap, type Heap, type Json, type UnixMs } from '../base/index.ts';
import { chunkOf, type ExecutionError, type MapStatus, type NodeStatus } from '../cluster/index.ts';
import type { Values } from './language.ts';
import { decodeChunk, encodeChunk, type PackedSubtasks } from './map-chunks.ts';
import type { AttemptState } from './state.ts';

/** Phases of a subtask, three bits. */
export const SUBTASK = { pending: 0, live: 1, waiting: 2, succeeded: 3, failed: 4, aborted: 5 } as const;

/**
 * A map node's subtasks, one byte each: phase in bits 0–2, system failures in bits 3–4, failures of the task itself in
 * bits 5–7, where 7 means: see `manyFailures`. Only live subtasks have more state than that.
 */
export interface MapState extends PackedSubtasks {
  /** Successes that the node needs. */
  readonly required: number;
  startedAt: UnixMs;
  /** Rendered lists by input name, and the inputs that all subtasks share. */
  readonly over: Readonly<Record<string, readonly Json[]>>;
  readonly with: Values;
  succeeded: number;
  failed: number;
  /** First index that never started. */
  next: number;
  /** Subtasks whose back-off is over. */
  readonly retries: Heap<number>;
  /** When the last back-off of all so far ends: written, so that a restored map need not start them over. */
  retryAt: UnixMs | undefined;
  readonly live: Map<number, AttemptState>;
  readonly results: Map<number, Values>;
  resultBytes: number;
  readonly errors: Map<number, ExecutionError>;
  /** Set once the node cannot succeed, or is not wanted any more: nothing starts, live ones are being ended. */
  ending: ExecutionError | undefined;
  /** What the delta of this step must name. */
  readonly dirty: { readonly chunks: Set<number>; readonly results: Set<number>; readonly errors: Set<number> };
  written: NodeStatus | undefined;
}

export function createMapState(
  over: Readonly<Record<string, readonly Json[]>>,
  values: Values,
  size: number,
  required: number,
  startedAt: UnixMs,
): MapState {
  return {
    size,
    required,
    startedAt,
    over,
    with: values,
    packed: new Uint8Array(size),
    manyFailures: new Map(),
    succeeded: 0,
    failed: 0,
    next: 0,
    retries: createHeap<number>((a, b) => a < b),
    retryAt: undefined,
    live: new Map(),
    results: new Map(),
    resultBytes: 0,
    errors: new Map(),
    ending: undefined,
    dirty: { chunks: new Set(), results: new Set(), errors: new Set() },
    written: undefined,
  };
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

/** The merge patch of `map` in the node's status: only what changed since the last call. */
export function mapPatch(map: MapState, isOver: boolean): Record<string, Json> {
  const { dirty } = map;
  const patch: Record<string, Json> = {
    size: map.size,
    succeeded: map.succeeded,
    failed: map.failed,
    running: map.live.size,
  };
  if (dirty.chunks.size > 0) {
    patch.chunks = Object.fromEntries([...dirty.chunks].map((chunk) => [chunk, encodeChunk(map, chunk)]));
  }
  if (isOver) {
    if (map.results.size > 0) patch.results = null;
  } else if (dirty.results.size > 0) {
    patch.results = Object.fromEntries([...dirty.results].map((index) => [index, [map.results.get(index) ?? {}]]));
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

/** Fills a fresh state from status. Live subtasks get their times when their pods are seen. */
export function readMapStatus(map: MapState, status: MapStatus, now: UnixMs): void {
  if (status.size !== map.size) throw new BugError(`a map had ${status.size} subtasks and now has ${map.size}`);
  for (const [chunk, text] of Object.entries(status.chunks ?? {})) decodeChunk(map, Number(chunk), text);
  for (const [index, [values]] of Object.entries(status.results ?? {})) map.results.set(Number(index), values);
  for (const [index, error] of Object.entries(status.errors ?? {})) map.errors.set(Number(index), error);
  map.succeeded = status.succeeded;
  map.failed = status.failed;
  for (let index = 0; index < map.size; index++) {
    const phase = subtaskPhase(map, index);
    if (phase !== SUBTASK.pending) map.next = index + 1;
    if (phase !== SUBTASK.live) continue;
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
}
