import type { Digest, Heap, UnixMs } from '../base/index.ts';
import type {
  Execution,
  ExecutionCost,
  ExecutionError,
  ExecutionPhase,
  NodeChild,
  NodeDecision,
  NodePhase,
  NodeStatus,
  NodeWait,
} from '../cluster/index.ts';
import type { Scope } from './language.ts';
import type { MapState } from './map-state.ts';
import type { ActionPlan, Plan } from './plan.ts';
import type { ReuseState } from './reuse-state.ts';

export type * from './exchange.ts';
export type { CacheClaim, CacheEffect, Lookup, LookupObservation, ReuseState } from './reuse-state.ts';

/**
 * The running state of one execution. Mutable: `step` consumes it and hands the same object back, so whoever holds
 * it gives it to one step at a time and drops it when the step's delta could not be written.
 *
 * Nodes are known by numbers that hold for this state only: `base` of their frame plus their index in its plan. What lasts
 * is a node's path: see `pathOf` and `indexOfPath`.
 */
export interface EngineState {
  readonly execution: ExecutionIdentity;
  phase: ExecutionPhase;
  desired: Desired;
  /** Why it is aborted, in the words of who asked for it. */
  abortedFor: string | undefined;
  /** Why it waits, as status says it. */
  message: string | undefined;
  /** Why it waits before it may begin. */
  hold: string | undefined;
  /** Why something that could start does not: the quota, in words. */
  lack: string | undefined;
  startedAt: UnixMs | undefined;
  /** The frame of the execution's own workflow. */
  readonly root: Frame;
  /** All frames there were, in the order in which they were opened: ascending by `base`, `root` first. */
  readonly frames: Frame[];
  /** Those that are open, by the path of their owner. */
  readonly framesByPath: Map<string, Frame>;
  /** Frames that may be over, to be looked at. */
  readonly quiet: Frame[];
  /** Whether something live is not wanted any more. */
  isStopping: boolean;
  /** Tasks that left Pending and are not terminal, by node. */
  readonly tasks: Map<number, TaskState>;
  /** The same of maps. */
  readonly maps: Map<number, MapState>;
  /** The same of nodes that run child executions. */
  readonly children: Map<number, ChildState>;
  /** The same of all other nodes that take time. */
  readonly open: Map<number, OpenState>;
  /** Those of `open` that wait for an answer, with their paths. */
  readonly waiting: Map<number, string>;
  /** Answers by path, as the execution's spec has them. */
  signals: Execution['spec']['signals'];
  /** Switches that have taken a branch: what they do now. */
  readonly taken: Map<number, ActionPlan>;
  /**
   * Nodes that may start, each exactly once. `instant`: those that take no time, and those whose condition or branch is
   * to be seen first. Tasks are gated by max parallelism and go in the order of the closure.
   */
  readonly ready: { instant: number[]; readonly tasks: Heap<number>; maps: number[]; children: number[] };
  /** What outputs that need not be made again it knows and looks for; undefined: no task has asked yet. */
  reuse: ReuseState | undefined;
  /** Tasks with a live attempt: what max parallelism bounds. */
  liveTasks: number;
  /** Nodes in all frames, to bound them. */
  nodeCount: number;
  /** Timeouts and retries ahead. An entry whose attempt is over is ignored when it comes up. */
  readonly timers: Heap<Timer>;
  /** Errors of the nodes that failed, by path: what a failure handler is told. */
  readonly failures: Map<string, ExecutionError>;
  /** What attempts that have ended used. */
  cost: ExecutionCost | undefined;
}

/** The nodes of one run of one workflow: the execution's own, or one that a node runs inline. */
export interface Frame {
  readonly plan: Plan;
  /** Number of its first node. */
  readonly base: number;
  /** How deep it is nested; the root is 0. */
  readonly depth: number;
  readonly parent: Frame | undefined;
  /** Number of the node that runs it; -1: it is the root. */
  readonly owner: number;
  /** What stands before the ids of its nodes in their paths: empty, or the owner's path and a `/`. */
  readonly prefix: string;
  readonly scope: Scope;
  /** By index in the plan. */
  readonly phases: NodePhase[];
  /** By index in the plan: upstream nodes that have not ended well yet. */
  readonly waiting: Int32Array;
  /** Nodes by index in the plan that are to be skipped when all that they wait for has ended; made when there is one. */
  doomed: Set<number> | undefined;
  /** Nodes that are not terminal, less the failure handler. */
  unfinished: number;
  /** Nodes that left Pending and are not terminal. */
  live: number;
  mode: FrameMode;
  /** Why it is ended, in mode `End`. */
  ending: ExecutionError | undefined;
  /** Its first failure. */
  error: ExecutionError | undefined;
  isClosed: boolean;
}

/**
 * `Fail`: nothing starts and what is live is ended, because a node failed. `Handle`: it failed, and its failure handler is
 * to run or runs. `End`: nothing of it is wanted any more, the handler neither.
 */
export type FrameMode = 'Run' | 'Fail' | 'Handle' | 'End';

/** A node that takes time and is neither task nor map. */
export interface OpenState {
  readonly startedAt: UnixMs;
  /** When what it waits for comes by itself. */
  readonly wakeAt: UnixMs | undefined;
  /** Why it is being ended. */
  ending: ExecutionError | undefined;
  error: ExecutionError | undefined;
  /** The nodes that it runs. */
  frame: Frame | undefined;
  /** Digest of the workflow that it runs, where its task has written that. */
  closure: Digest | undefined;
  /** What an approval or a signal waits for, and how that ended. */
  wait: NodeWait | undefined;
  decision: NodeDecision | undefined;
  /** As in TaskState. */
  written: NodeStatus | undefined;
}

export type Desired = 'Running' | 'Paused' | 'Aborted';

/** What names and hashes are made of. */
export interface ExecutionIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdAt: UnixMs;
  readonly maxParallelism: number | undefined;
  readonly interruptible: boolean | undefined;
  readonly timeout: NonNullable<Execution['spec']['timeout']> | undefined;
  /** Executions above this one. */
  readonly depth: number;
  readonly cache: 'overwrite' | 'off' | undefined;
}

/** One attempt at a task or at a subtask, live or backing off. */
export interface AttemptState {
  /** Counts from 1; the attempt at hand or the last one. */
  attempt: number;
  systemFailures: number;
  /** Whether something of it may still run: from its start effect until it is confirmed gone. */
  live: boolean;
  queuedAt: UnixMs;
  runningAt: UnixMs | undefined;
  /** Why it is being ended. */
  ending: ExecutionError | undefined;
  /** Why it does not start, and when that is to end it. */
  stuck?: { readonly error: ExecutionError; readonly at: UnixMs } | undefined;
}

export interface TaskState extends AttemptState {
  startedAt: UnixMs;
  retryAt: UnixMs | undefined;
  error: ExecutionError | undefined;
  /** Why it waits before its first attempt. */
  waitsFor?: string | undefined;
  reused?: NodeStatus['reused'];
  /** What the cluster's status says of this node, as far as written: deltas are made against it. */
  written: NodeStatus | undefined;
}

/** A node that runs child executions, one for each attempt. */
export interface ChildState extends TaskState {
  /** The child of the attempt at hand or the last one. */
  child: NodeChild | undefined;
}

export interface Timer {
  readonly at: UnixMs;
  readonly kind: 'retry' | 'queue' | 'run' | 'stuck' | 'total' | 'wake' | 'cache';
  /** THE_EXECUTION: it is one of its own timeouts. */
  readonly node: number;
  /** Index of a subtask; -1: the node itself. */
  readonly index: number;
  readonly attempt: number;
}

/** In place of a node's number. */
export const THE_EXECUTION = -1;
