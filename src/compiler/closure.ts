import type { Digest, Json } from '../base/index.ts';
import type { Template } from '../language/expression/index.ts';

/**
 * What the compiler makes of definitions: plain JSON, complete in itself, no reference left to resolve.
 * Stored by the digest of its canonical JSON; an execution keeps the closure it started with.
 */

/** A parameter of a closure's interface. `type` in printed form, for example `list<integer>` or `{ a: string }?`. */
export interface ClosureParameter {
  readonly type: string;
  readonly default?: Json;
  readonly description?: string;
}

/** A value that may hold expressions, as nodes keep it. */
export type { Template };

export interface RetryPolicy {
  /** Retries after the first attempt for failures of the task itself. */
  readonly limit: number;
  readonly backoff: { readonly initialMs: number; readonly factor: number; readonly maxMs: number };
}

export interface TimeoutPolicy {
  readonly queueMs?: number;
  readonly runMs?: number;
  readonly totalMs?: number;
}

export interface ResourceList {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface TaskClosure {
  readonly kind: 'Task';
  readonly name: string;
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, ClosureParameter>>;
  readonly run: {
    readonly image?: string;
    readonly command: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
  /** Folder of the commit and its git tree id: the working directory's content. */
  readonly source?: { readonly path: string; readonly tree: string };
  readonly retries: RetryPolicy;
  readonly timeout: TimeoutPolicy;
  readonly resources: ResourceList;
  readonly cache?: { readonly serialize: boolean; readonly ttlMs?: number };
}

interface NodeBase {
  readonly id: string;
  /** Indexes into `nodes` of all that must have succeeded before, ascending: by reference or by `needs`. */
  readonly upstream: readonly number[];
  /** Type of each output. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface TaskNode extends NodeBase {
  readonly kind: 'task';
  /** Digest key into `WorkflowClosure.tasks`; per-node overrides are already merged into that task. */
  readonly task: Digest;
  readonly with: Readonly<Record<string, Template>>;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly task: Digest;
  /** Inputs that are lists of the element type: one subtask per element; all have the same length. */
  readonly over: Readonly<Record<string, Template>>;
  /** Inputs that every subtask gets alike. */
  readonly with: Readonly<Record<string, Template>>;
  /** Live subtasks at a time; absent: all. */
  readonly concurrency?: number;
  /** In (0, 1]. */
  readonly minSuccessRatio: number;
}

export interface ComputeNode extends NodeBase {
  readonly kind: 'compute';
  readonly values: Readonly<Record<string, Template>>;
}

export type NodeClosure = TaskNode | MapNode | ComputeNode;

export interface WorkflowClosure {
  readonly kind: 'Workflow';
  readonly name: string;
  readonly description?: string;
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, { readonly type: string; readonly value: Template }>>;
  /** In topological order: `upstream` points only backwards. */
  readonly nodes: readonly NodeClosure[];
  readonly tasks: Readonly<Record<Digest, TaskClosure>>;
  readonly failurePolicy: 'failImmediately' | 'failAfterExecutable';
}

export interface LaunchPlanClosure {
  readonly kind: 'LaunchPlan';
  readonly name: string;
  readonly workflow: { readonly name: string; readonly closure: Digest };
  /** The workflow's inputs less the fixed ones, with this plan's defaults. */
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, ClosureParameter>>;
  readonly fixedInputs: Readonly<Record<string, Json>>;
  readonly maxParallelism?: number;
  readonly concurrency?: { readonly limit: number; readonly whenFull: 'queue' | 'skip' };
}

export interface ScheduleClosure {
  readonly kind: 'Schedule';
  readonly name: string;
  readonly launchPlan: string;
  readonly cron?: string;
  readonly everyMs?: number;
  readonly timeZone: string;
  readonly start?: string;
  readonly end?: string;
  readonly spreadMs?: number;
  readonly catchUp: { readonly policy: 'all' | 'latest' | 'none'; readonly limit?: number; readonly windowMs?: number };
  readonly inputs?: Readonly<Record<string, Json>>;
  readonly kickoffTime?: string;
  readonly active: boolean;
}

export interface PlatformClosure {
  readonly kind: 'Platform';
  readonly name: string;
  readonly propeller: {
    readonly workers: number;
    readonly maxParallelism: number;
    readonly sharding?: Json;
    readonly autoscale?: Json;
  };
}

export type EntityClosure = WorkflowClosure | TaskClosure | LaunchPlanClosure | ScheduleClosure | PlatformClosure;
export type EntityKind = EntityClosure['kind'];
