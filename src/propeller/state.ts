import type { Digest, Heap, Json, UnixMs } from '../base/index.ts';
import type {
  Execution,
  ExecutionCost,
  ExecutionError,
  ExecutionPhase,
  MergePatch,
  NodeChild,
  NodeDecision,
  NodePhase,
  NodeStatus,
  NodeWait,
} from '../cluster/index.ts';
import type { Scope, Values } from './language.ts';
import type { MapState } from './map-state.ts';
import type { ActionPlan, ChildPlan, Plan, PlannedTask } from './plan.ts';
import type { CacheEffect, Lookup, LookupObservation, ReuseState } from './reuse-state.ts';

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
  readonly maxParallelism: number | undefined;
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
  readonly kind: 'retry' | 'queue' | 'run' | 'total' | 'wake' | 'cache';
  readonly node: number;
  /** Index of a subtask; -1: the node itself. */
  readonly index: number;
  readonly attempt: number;
}

/** What happened, as far as the engine can see it. Stale and repeated ones do no harm. */
export type Observation =
  /** The execution may begin. */
  | { readonly kind: 'Admit' }
  /** It waits before it may begin, for a reason to show. */
  | { readonly kind: 'Hold'; readonly message: string }
  /** It may never begin. */
  | { readonly kind: 'Refuse'; readonly error: ExecutionError; readonly phase: 'Failed' | 'Aborted' }
  /** `why`: what the person who aborted it said. */
  | { readonly kind: 'Desired'; readonly desired: Desired; readonly why?: string }
  /** The answers to nodes that wait, all of them. */
  | { readonly kind: 'Signals'; readonly signals: EngineState['signals'] }
  | ChildObservation
  | LookupObservation
  /** An entry of the cache that tasks may wait for has changed. */
  | { readonly kind: 'CacheChange'; readonly key: Digest }
  | AttemptObservation;

/** What a child execution shows. */
export interface ChildObservation {
  readonly kind: 'Child';
  readonly node: number;
  readonly name: string;
  readonly seen:
    | {
        readonly kind: 'Live';
        readonly phase: ExecutionPhase;
        readonly startedAt?: UnixMs;
        /** What its spec desires, as far as that was read. */
        readonly desired?: Desired;
        /** It is paused only because its parent was. */
        readonly isPausedWith?: boolean;
      }
    | {
        readonly kind: 'Ended';
        readonly phase: ExecutionPhase;
        readonly outputs: Values;
        readonly error?: ExecutionError;
      }
    /** No longer there, and nobody knows how it ended. */
    | { readonly kind: 'Gone' }
    /** Its name is that of another execution. */
    | { readonly kind: 'Taken' };
}

export interface AttemptObservation {
  readonly kind: 'Attempt';
  readonly node: number;
  /** Index of a subtask; -1: the node is a task. */
  readonly index: number;
  readonly attempt: number;
  readonly seen:
    | { readonly kind: 'Waiting'; readonly createdAt: UnixMs }
    | { readonly kind: 'Running'; readonly startedAt: UnixMs }
    | Terminated
    /** No longer there, and nobody knows how it ended. */
    | { readonly kind: 'Gone' };
}

export interface Terminated {
  readonly kind: 'Terminated';
  readonly exitCode: number;
  readonly signal?: number;
  /** As in ContainerStatus. */
  readonly reason: string;
  /** Text of the outputs file, or what the runtime says. */
  readonly message: string;
  /** Why its end was asked for: the abort annotation's text. */
  readonly ending?: string;
  /** How long it ran; absent when nobody knows. */
  readonly ranMs?: number;
}

/** Outputs of subtasks that are kept beside the execution: see MapResults. */
export interface KeepResults {
  readonly kind: 'KeepResults';
  /** Path of the map. */
  readonly path: string;
  readonly chunk: number;
  /** The first of this chunk that this state keeps: its object is to be there. */
  readonly isFirst: boolean;
  /** As in MapResults. */
  readonly results: Readonly<Record<string, readonly [Values]>>;
}

/** What must be made true in the cluster together with the delta. Each can be repeated. */
export type Effect =
  /** A workflow that was produced: its closure is to be there before its status says so. */
  | {
      readonly kind: 'StoreClosure';
      /** Of the node that produced it. */
      readonly path: string;
      readonly name: string;
      readonly digest: Digest;
      /** Canonical JSON. */
      readonly text: string;
    }
  | ChildEffect
  | {
      readonly kind: 'StartAttempt';
      readonly node: number;
      /** The node's path, and how it stands in labels and names. */
      readonly path: string;
      readonly slug: string;
      readonly index: number;
      readonly attempt: number;
      readonly podName: string;
      readonly task: PlannedTask;
      readonly inputs: Readonly<Record<string, Json>>;
      /** JSON text of the inputs with exact integers. */
      readonly inputsText: string;
    }
  | KeepResults
  | {
      readonly kind: 'AbortAttempt';
      readonly node: number;
      readonly index: number;
      readonly attempt: number;
      readonly podName: string;
      /** `<Reason>: <message>`, to be given back in `Terminated.ending`. */
      readonly ending: string;
    }
  | CacheEffect;

/** What must be made true of child executions. */
export type ChildEffect =
  | {
      readonly kind: 'StartChild';
      readonly node: number;
      readonly path: string;
      readonly attempt: number;
      readonly name: string;
      readonly plan: ChildPlan;
      readonly inputs: Values;
    }
  | {
      readonly kind: 'SteerChild';
      readonly name: string;
      readonly desired: Desired;
      /** `<Reason>: <message>`, of an abort. */
      readonly why?: string;
    };

export interface Settings {
  /** The platform's max parallelism: applies where the execution names none. */
  readonly maxParallelism: number;
  /** How many nodes of a chain of `compute` nodes one step may run; 1: each result is durable before its dependents start. */
  readonly maxStreak: number;
}

export interface StepResult {
  /** The same object that went in. */
  readonly state: EngineState;
  /** Merge patch of Execution.status; undefined: nothing changed. */
  readonly delta: MergePatch | undefined;
  readonly effects: readonly Effect[];
  /** To be answered by observations, once the delta is durable; then to step again. */
  readonly lookups: readonly Lookup[];
  /** When to step again though nothing is observed. */
  readonly wakeAt: UnixMs | undefined;
  /** Whether to step again as soon as the delta is durable. */
  readonly hasMore: boolean;
  /** Node transitions made, for metrics. */
  readonly transitions: number;
}
