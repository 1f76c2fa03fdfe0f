import type { UnixMs } from '../../base/index.ts';
import type { Execution, ExecutionParked, Pod } from '../../cluster/index.ts';
import type { EngineState, Observation, Plan } from '../../propeller/index.ts';
import type { SeenChild } from './children.ts';
import type { Passed } from './relist.ts';

/** Which attempt a pod is of. */
export interface AttemptRef {
  readonly path: string;
  /** Of a map's subtask, else -1. */
  readonly index: number;
  readonly attempt: number;
}

/** An execution that has something to do, or had so lately. One that is parked has none. */
export interface Entry {
  readonly key: string;
  /** Whether it waits for a worker. */
  isQueued: boolean;
  /** Its place in the queue, when it waits there: the smaller, the sooner. */
  turn: number;
  /** Whether a worker has it. */
  isBusy: boolean;
  /** Whether something happened to it while a worker had it. */
  isDirty: boolean;
  /** As last read or watched: spec and metadata count, its status only until the state is restored. */
  execution: Execution | undefined;
  /** The version that its next write must find. Kept only where others could write. */
  version: string | undefined;
  /** Whose it is by its status, as `<shard>/<epoch>`. */
  claimedBy: string | undefined;
  /** As status says it, as far as written. */
  parked: ExecutionParked | undefined;
  /** `execution` was just listed, status and all: the next load need not read it again. */
  isListed: boolean;
  run: { readonly plan: Plan; state: EngineState } | undefined;
  inbox: Observation[];
  /** Pods that changed before the state was there to tell which node they are of; undefined: gone. */
  pods: { readonly pod: Pod; readonly isGone: boolean }[];
  /** Attempts whose pods live and of which the state may not know: their batch was written in part. */
  strays: readonly AttemptRef[];
  /** Child executions that changed, for the nodes that run them. */
  children: SeenChild[];
  /** Something of its pods or children may have been missed: it is to be loaded again. */
  isStale: boolean;
  /** It was listed again, and no watch had told of it since; how far they had told of others by then. */
  relisted: Passed | undefined;
  wakeAt: UnixMs | undefined;
  lastRoundAt: UnixMs;
  roundStartedAt: UnixMs;
  /** Rounds in a row that failed. */
  failures: number;
  /** The cluster has no room for its pods: what it says, and until when none is offered. */
  refused: { readonly message: string; readonly until: UnixMs } | undefined;
}

export function newEntry(key: string, now: UnixMs): Entry {
  return {
    key,
    isQueued: false,
    turn: 0,
    isBusy: false,
    isDirty: false,
    execution: undefined,
    version: undefined,
    claimedBy: undefined,
    parked: undefined,
    isListed: false,
    run: undefined,
    inbox: [],
    pods: [],
    strays: [],
    children: [],
    isStale: false,
    relisted: undefined,
    wakeAt: undefined,
    lastRoundAt: now,
    roundStartedAt: now,
    failures: 0,
    refused: undefined,
  };
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const cut = key.indexOf('/');
  return { namespace: key.slice(0, cut), name: key.slice(cut + 1) };
}
