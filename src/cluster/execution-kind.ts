import type { BlobRefs, Digest, Json } from '../base/index.ts';
import type { LaunchSettings } from './definitions.ts';
import type { KubeObject } from './object.ts';

export type ExecutionPhase = 'Pending' | 'Queued' | 'Running' | 'Succeeded' | 'Failed' | 'TimedOut' | 'Aborted';
export type NodePhase =
  | 'Pending'
  | 'Queued'
  | 'Running'
  | 'Succeeded'
  | 'Failed'
  | 'TimedOut'
  | 'Skipped'
  | 'Aborted'
  | 'Recovered'
  | 'Cached';

export type Trigger =
  | { readonly kind: 'manual'; readonly by?: string }
  /** `backfill`: the tick is of the past, and that backfill asked for it. */
  | { readonly kind: 'schedule'; readonly schedule: string; readonly tick: string; readonly backfill?: string }
  /** The same once more, perhaps at another commit or with other inputs. */
  | { readonly kind: 'relaunch'; readonly of: string; readonly by?: string }
  /** As `relaunch`, and what `of` has done already is taken from it where it would be done from the same. */
  | { readonly kind: 'recover'; readonly of: string; readonly uid: string; readonly by?: string }
  /** A `launchPlan` node of another execution of the same namespace. `depth` counts from 1: executions above it. */
  | { readonly kind: 'execution'; readonly execution: string; readonly node: string; readonly depth: number };

/** Why a node or an execution ended badly. */
export interface ExecutionError {
  /** Stable CamelCase word, for example `NonZeroExit`, `InvalidOutputs`, `RunTimeout`. */
  readonly reason: string;
  readonly message: string;
  readonly node?: string;
  readonly attempt?: number;
  readonly exitCode?: number;
  readonly signal?: string;
}

export interface Execution extends KubeObject {
  readonly kind: 'Execution';
  readonly spec: LaunchSettings & {
    readonly repository: string;
    readonly commit: string;
    readonly workflow: string;
    readonly closure: Digest;
    readonly launchPlan?: string;
    /** Complete and type-checked: defaults and fixed inputs are already in. */
    readonly inputs: Readonly<Record<string, Json>>;
    readonly trigger: Trigger;
    /** `overwrite`: every task runs and fills the cache anew. `off`: it is neither read nor filled. */
    readonly cache?: 'overwrite' | 'off';
    /** Of the executions of a namespace with the same value one runs at a time, the oldest first; the others are queued. */
    readonly exclusive?: string;
    /** Changes, as `signals` does; nothing else of spec does. Running when absent. */
    readonly desired?: 'Running' | 'Paused' | 'Aborted';
    /** Node path → what was decided there, or the value that came. The first one counts: an entry never changes. */
    readonly signals?: Readonly<Record<string, NodeSignal>>;
  };
  readonly status?: ExecutionStatus;
}

export interface ExecutionStatus {
  readonly phase: ExecutionPhase;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /**
   * Path → status; a node that has not left Pending is absent: in a terminal execution, it never started. The path of a
   * workflow's own node is its id; of one that a node runs inline, that node's path, a `/` and the id. The failure handler's
   * id is `onFailure`.
   */
  readonly nodes?: Readonly<Record<string, NodeStatus>>;
  /** Nodes of the workflow itself, written once at the start, so that a reader can show progress without the closure. */
  readonly nodeCount?: number;
  /** The propeller shard that works on it, and the epoch of its lease; absent where there is only one. */
  readonly shard?: { readonly id: string; readonly epoch: number };
  readonly outputs?: Readonly<Record<string, Json>>;
  /** As in NodeStatus. */
  readonly outputsText?: string;
  /** As in NodeStatus. */
  readonly storedOutputs?: BlobRefs;
  /** The first failure; every failed node keeps its own in `nodes`. */
  readonly error?: ExecutionError;
  /** Why it waits, when it does: shown by `get` and `describe`. */
  readonly message?: string;
  readonly cost?: ExecutionCost;
  readonly parked?: ExecutionParked;
}

/**
 * There is nothing to do for this execution before `until` (RFC 3339; absent: ever), unless something happens to it from
 * outside, of which nothing is under way: it has no live attempt and no live child. Written with the status that this is
 * true of, and taken back by the next one of which it is not. Holds for that generation of its spec only.
 */
export interface ExecutionParked {
  readonly generation: number;
  readonly until?: string;
}

/** What the attempts of an execution used that have ended, to the thousandth; its children count for themselves. */
export interface ExecutionCost {
  /** Time that attempts ran, all together. */
  readonly attemptSeconds: number;
  /** The same times the cores that each asked for; absent when none asked for any. */
  readonly cpuSeconds?: number;
  /** The same times the memory that each asked for. */
  readonly memoryGiBSeconds?: number;
}

/** What a person or program says to a node that waits: a decision to an `approve` node, a value to a `signal` node. */
export interface NodeSignal {
  readonly decision?: 'approve' | 'reject';
  /** Absent, with `valueText` absent as well: null. */
  readonly value?: Json;
  /** JSON text of the value instead of `value`: a merge patch cannot carry nulls in it. */
  readonly valueText?: string;
  readonly reason?: string;
  readonly by?: string;
  /** RFC 3339. */
  readonly at?: string;
}

/** What a node waits for, told when it begins to wait and kept. */
export interface NodeWait {
  readonly for: 'approval' | 'signal';
  readonly message?: string;
  /** Of the value of a signal, in printed form. */
  readonly type?: string;
  /** Why what was sent does not count: it is to be removed and sent again. */
  readonly refused?: string;
}

/** How a wait ended. */
export interface NodeDecision {
  /** Of an approval. */
  readonly decision?: 'approve' | 'reject';
  readonly by?: string;
  readonly reason?: string;
  readonly at: string;
  /** Nobody answered in time: the default holds. */
  readonly isDefault?: true;
}

/** The child execution of a `launchPlan` node's attempt. */
export interface NodeChild {
  readonly name: string;
  readonly phase: ExecutionPhase;
}

export interface NodeStatus {
  readonly phase: NodePhase;
  /** Counts from 1; the attempt at hand or the last one. */
  readonly attempt?: number;
  /** Attempts so far that ended by the system's fault. */
  readonly systemFailures?: number;
  /** When the node left Pending. Absent on `compute` nodes, which take no time. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** When the attempt at hand was created; absent: at `startedAt`. */
  readonly queuedAt?: string;
  /** When the attempt at hand was seen to run. */
  readonly runningAt?: string;
  /** Earliest start of the next attempt while backing off; of a map: when the last back-off so far ends. */
  readonly retryAt?: string;
  /** When it goes on by itself. */
  readonly wakeAt?: string;
  /** Of a dynamic node: digest of the workflow that its task has written, as a Closure. */
  readonly closure?: Digest;
  /** Of a switch: the branch that it has taken, from 0. Absent: none. */
  readonly branch?: number | 'else';
  readonly outputs?: Readonly<Record<string, Json>>;
  /** JSON text of `outputs`, only where a null stands in them: a merge patch cannot carry it, so `outputs` lacks it. */
  readonly outputsText?: string;
  /** Outputs whose JSON text is in the object store, by name; `outputs` lacks them. */
  readonly storedOutputs?: BlobRefs;
  /** Of a node that runs others and is not over: the first failure among these. */
  readonly error?: ExecutionError;
  /** Why the live attempts are being ended; the node reaches its terminal phase, or retries, when they are gone. */
  readonly ending?: ExecutionError;
  /** Whose outputs these are, of a node that is Cached or Recovered. */
  readonly reused?: { readonly execution: string; readonly node: string; readonly at?: string };
  /** Why the node waits, when something else than its turn holds it up. */
  readonly message?: string;
  readonly map?: MapStatus;
  /** Of `approve` and `signal` nodes. */
  readonly wait?: NodeWait;
  readonly decision?: NodeDecision;
  /** Of `launchPlan` nodes: the child of the attempt at hand or the last one. */
  readonly child?: NodeChild;
}

/** A map node's subtasks, packed. */
export interface MapStatus {
  readonly size: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Subtasks with a live attempt. */
  readonly running: number;
  /** Of those that succeeded: how many did by outputs from the cache, and from the execution that is recovered from. */
  readonly cached?: number;
  readonly recovered?: number;
  /** Number of a chunk of MAP_CHUNK_SIZE subtasks → its packed phases and attempts; `propeller` owns the format. Absent: all pending. */
  readonly chunks?: Readonly<Record<string, string>>;
  /** The map is large: its subtasks' outputs, and when it has ended its own, stand in MapResults objects and not here. */
  readonly kept?: true;
  /** Index → outputs of a subtask that succeeded, in a list of one so that nulls in them survive; until the node ends. */
  readonly results?: Readonly<Record<string, readonly [Readonly<Record<string, Json>>]>>;
  /** Index → why the subtask failed, of the first few. */
  readonly errors?: Readonly<Record<string, ExecutionError>>;
}
