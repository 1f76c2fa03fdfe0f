import type { BlobRefs, Digest, Json, UnixMs } from '../base/index.ts';
import type { ExecutionError, ExecutionPhase, MergePatch } from '../cluster/index.ts';
import type { Values } from './language.ts';
import type { ChildPlan, PlannedTask } from './plan.ts';
import type { CacheEffect, Lookup, LookupObservation } from './reuse-state.ts';
import type { Room } from './room.ts';
import type { Desired, EngineState } from './state.ts';

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
        /** Of outputs that are in the object store. */
        readonly storedOutputs?: BlobRefs;
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
  readonly seen: /** `why`: what its start waits for besides its turn. */
    | { readonly kind: 'Waiting'; readonly createdAt: UnixMs; readonly why?: string; readonly giveUp?: GiveUp }
    /** `why`: what is the matter with it. */
    | { readonly kind: 'Running'; readonly startedAt: UnixMs; readonly why?: string }
    | Terminated
    /** No longer there, and nobody knows how it ended. */
    | { readonly kind: 'Gone' };
}

/** What an attempt waits for does not heal by itself: when it has lasted so long, the attempt fails for this reason. */
export interface GiveUp {
  readonly reason: string;
  readonly afterMs: number;
  /** Since when it may have lasted. Absent: nobody knows. */
  readonly since?: UnixMs;
}

export interface Terminated {
  readonly kind: 'Terminated';
  readonly exitCode: number;
  readonly signal?: number;
  /** As in ContainerStatus. */
  readonly reason: string;
  /** Text of the outputs file, or what the runtime says. */
  readonly message: string;
  /** Outputs that are in the object store and not in the text. */
  readonly storedOutputs?: BlobRefs;
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

/** A subtask that shares a pod with others. */
export interface BatchMember {
  readonly index: number;
  readonly attempt: number;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly inputsText: string;
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
      /** It may run where the system can take its machine away. */
      readonly isInterruptible?: true;
      readonly podName: string;
      readonly task: PlannedTask;
      readonly inputs: Readonly<Record<string, Json>>;
      /** JSON text of the inputs with exact integers, less those that are in the object store. */
      readonly inputsText: string;
      readonly storedInputs?: BlobRefs;
      /** Subtasks that its pod runs one after the other, this one first; absent: it runs this one alone. */
      readonly members?: readonly BatchMember[];
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
  /** Attempts that live and of which the state does not know (yet): they count where parallelism is limited. Absent: none. */
  readonly strays?: number;
  /** How many nodes of a chain of `compute` nodes one step may run; 1: each result is durable before its dependents start. */
  readonly maxStreak: number;
  /** What may be started by a quota; absent: there is none. */
  readonly room?: Room;
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
  /** Something could start and there was no room for it, by a quota. */
  readonly lacksRoom: boolean;
  /** Node transitions made, for metrics. */
  readonly transitions: number;
}
