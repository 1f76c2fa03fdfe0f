import type { Digest, Json } from '../base/index.ts';

import type { Template } from '../language/expression/index.ts';
import type {
  EnvValue,
  NotificationSpec,
  ObjectStoreSpec,
  PodSettings,
  QuotaSpec,
  RetentionSpec,
  SchedulerSpec,
  Sharding,
} from '../language/index.ts';

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

/** Outputs are kept by what the task does, its source and its inputs, and used again. */
export interface CachePolicy {
  /** One attempt fills an entry while the others wait for it. */
  readonly serialize: boolean;
  readonly ttlMs?: number;
  /** Inputs that are no part of the key, sorted. Absent: none. */
  readonly ignoreInputs?: readonly string[];
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
    /** Of a secret only where it is kept: a value is in no closure. */
    readonly env?: Readonly<Record<string, EnvValue>>;
  };
  /** Where there is a cluster. */
  readonly pod?: PodSettings;
  /** Folder of the commit and its git tree id: the working directory's content. */
  readonly source?: { readonly path: string; readonly tree: string };
  readonly retries: RetryPolicy;
  readonly timeout: TimeoutPolicy;
  readonly resources: ResourceList;
  readonly cache?: CachePolicy;
  /** Attempts may run where the system can take their machine away; the last one does not. */
  readonly interruptible?: true;
  /** Present when the task says that a second run does more than the first. */
  readonly idempotent?: false;
}

/** What an action gives. */
interface Gives {
  /** Type of each output. Of a node that may be skipped all are optional: null then. */
  readonly outputs: Readonly<Record<string, string>>;
}

type Templates = Readonly<Record<string, Template>>;

export interface TaskAction extends Gives {
  readonly kind: 'task';
  /** Digest key into `WorkflowClosure.tasks`; per-node overrides are already merged into that task. */
  readonly task: Digest;
  readonly with: Templates;
}

export interface MapAction extends Gives {
  readonly kind: 'map';
  readonly task: Digest;
  /** Inputs that are lists of the element type: one subtask per element; all have the same length. */
  readonly over: Templates;
  /** One list instead of `over`: `item` is its element. */
  readonly items?: Template;
  /** Inputs that every subtask gets alike. */
  readonly with: Templates;
  /** Inputs that read `item` (an element of `items`, else a record of the elements by name) or `index` (from 0). */
  readonly each?: Templates;
  /** Live subtasks at a time; absent: all. */
  readonly concurrency?: number;
  /** Subtasks that share a pod, at most; absent: none do. */
  readonly batch?: number;
  /** In (0, 1]. */
  readonly minSuccessRatio: number;
  /** Successes that are needed, instead of the ratio. */
  readonly minSuccesses?: number;
}

/** A map that evaluates expressions for each element instead of running a task. */
export interface ComputeMapAction
  extends Gives,
    Pick<MapAction, 'over' | 'items' | 'minSuccessRatio' | 'minSuccesses'> {
  readonly kind: 'computeMap';
  /** Read `item` and `index` as `each` of a map does. */
  readonly values: Templates;
}

export interface ComputeAction extends Gives {
  readonly kind: 'compute';
  readonly values: Templates;
}

/** Runs the nodes of another workflow as part of this execution. */
export interface WorkflowAction extends Gives {
  readonly kind: 'workflow';
  /** Digest key into `WorkflowClosure.workflows`. */
  readonly workflow: Digest;
  readonly with: Templates;
  readonly timeout?: Pick<TimeoutPolicy, 'totalMs'>;
}

/** Runs a launch plan as an execution of its own. */
export interface LaunchPlanAction extends Gives {
  readonly kind: 'launchPlan';
  readonly launchPlan: {
    readonly name: string;
    readonly closure: Digest;
    /** Namespace → the plan there, where it is another one. */
    readonly byNamespace?: Readonly<Record<string, Digest>>;
  };
  /** Inputs that are not given here have the plan's defaults. */
  readonly with: Templates;
  readonly retries: RetryPolicy;
  readonly timeout: TimeoutPolicy;
}

/** Waits for a person. Rejected, the node fails. */
export interface ApproveAction extends Gives {
  readonly kind: 'approve';
  readonly message: Template;
  readonly timeoutMs?: number;
  /** What holds when the time is over; absent: the node times out. */
  readonly default?: 'approve' | 'reject';
}

/** Waits for a value from outside: its output `value`. */
export interface SignalAction extends Gives {
  readonly kind: 'signal';
  readonly message?: Template;
  readonly timeoutMs?: number;
  /** The value when the time is over; absent: the node times out. */
  readonly default?: Json;
}

export interface SleepAction extends Gives {
  readonly kind: 'sleep';
  /** A duration. */
  readonly duration: Template;
}

/** Runs a task whose output `workflow` is the spec of a workflow, then runs that. */
export interface DynamicAction extends Gives {
  readonly kind: 'dynamic';
  readonly task: Digest;
  readonly with: Templates;
  /** Tasks that the workflow may run: name → digest key into `WorkflowClosure.tasks`. */
  readonly tasks: Readonly<Record<string, Digest>>;
}

export type ActionClosure =
  | TaskAction
  | MapAction
  | ComputeMapAction
  | ComputeAction
  | WorkflowAction
  | LaunchPlanAction
  | ApproveAction
  | SignalAction
  | SleepAction
  | DynamicAction;

/** A branch that ends its node as failed. */
export interface FailAction extends Gives {
  readonly kind: 'fail';
  readonly message: Template;
}

export type BranchClosure = ActionClosure | FailAction;

/** Does what the first branch says whose `when` holds. */
export interface SwitchAction extends Gives {
  readonly kind: 'switch';
  readonly branches: readonly { readonly when: Template; readonly action: BranchClosure }[];
  readonly else?: BranchClosure;
}

interface NodeBase {
  readonly id: string;
  /** Indexes into `nodes` of all that must have ended before, ascending: by reference or by `needs`. */
  readonly upstream: readonly number[];
  /** A condition: where it does not hold, the node is skipped. */
  readonly when?: Template;
  /** Those of `upstream` with which this node is skipped when they are: what it needs and does not only read. */
  readonly skipsWith?: readonly number[];
}

export type NodeClosure = NodeBase & (ActionClosure | SwitchAction);
export type NodeClosureOf<K extends NodeClosure['kind']> = Extract<NodeClosure, { readonly kind: K }>;
export type MapNode = NodeClosureOf<'map'>;

/** What runs after the workflow failed. Its templates read `error`, and all nodes' outputs as optional. */
export type FailureHandlerClosure = (TaskAction | WorkflowAction | LaunchPlanAction) & { readonly when?: Template };

/** A workflow that another one runs inline: its tasks and workflows stand with those of the root. */
export type InlineWorkflow = Omit<WorkflowClosure, 'tasks' | 'workflows' | 'notifications'>;

export interface WorkflowClosure {
  readonly kind: 'Workflow';
  readonly name: string;
  readonly description?: string;
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, { readonly type: string; readonly value: Template }>>;
  /** In topological order: `upstream` points only backwards. */
  readonly nodes: readonly NodeClosure[];
  readonly tasks: Readonly<Record<Digest, TaskClosure>>;
  /** Every workflow that runs inline, at any depth, by the digest of its own closure. Absent: none. */
  readonly workflows?: Readonly<Record<Digest, InlineWorkflow>>;
  readonly failurePolicy: 'failImmediately' | 'failAfterExecutable';
  readonly onFailure?: FailureHandlerClosure;
  /** Of executions of this workflow. Absent: none. */
  readonly notifications?: readonly NotificationSpec[];
}

export interface LaunchPlanClosure {
  readonly kind: 'LaunchPlan';
  readonly name: string;
  readonly workflow: { readonly name: string; readonly closure: Digest };
  /** The workflow's inputs less the fixed ones, with this plan's defaults. */
  readonly inputs: Readonly<Record<string, ClosureParameter>>;
  readonly outputs: Readonly<Record<string, ClosureParameter>>;
  readonly fixedInputs: Readonly<Record<string, Json>>;
  /**
   * Inputs whose value is another one in each domain: `closureIn` puts them where they belong. `fixed`: it may not be given,
   * and is not among `inputs`; else that has it without the plan's default.
   */
  readonly byNamespace?: Readonly<
    Record<string, { readonly fixed?: ClosureParameter; readonly values: Readonly<Record<string, Json>> }>
  >;
  readonly maxParallelism?: number;
  readonly concurrency?: { readonly limit: number; readonly whenFull: 'queue' | 'skip' };
  /** Absent: 0. */
  readonly priority?: number;
  /** For all attempts of its executions, whatever their tasks say. */
  readonly interruptible?: boolean;
  /** Of its executions: waiting to begin, running, both together. */
  readonly timeout?: TimeoutPolicy;
  /** Besides those of the workflow. Absent: none. */
  readonly notifications?: readonly NotificationSpec[];
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
  /** Local times of the zone: spans as `2026-12-24T18:00:00`, and days, ascending; those of a file with its path. */
  readonly exclude?: readonly (
    | { readonly from: string; readonly to: string }
    | { readonly dates: readonly string[] }
    | { readonly calendar: string; readonly dates: readonly string[] }
  )[];
  readonly overlap?: 'allow' | 'forbid' | 'replace' | 'queue';
  readonly maxQueued?: number;
  readonly priority?: number;
  readonly rateLimit?: { readonly ticks: number; readonly perMs: number };
  readonly catchUp: { readonly policy: 'all' | 'latest' | 'none'; readonly limit?: number; readonly windowMs?: number };
  readonly inputs?: Readonly<Record<string, Json>>;
  /** Inputs whose value is another one in each domain: name → namespace → value. */
  readonly byNamespace?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly kickoffTime?: string;
  readonly active: boolean;
}

export interface PlatformClosure {
  readonly kind: 'Platform';
  readonly name: string;
  readonly propeller: {
    readonly workers: number;
    readonly maxParallelism: number;
    readonly sharding?: Sharding;
    readonly autoscale?: Json;
  };
  readonly retention?: RetentionSpec;
  readonly quotas?: readonly QuotaSpec[];
  readonly scheduler?: SchedulerSpec;
  readonly objectStore?: ObjectStoreSpec;
}

export interface PolicyClosure {
  readonly kind: 'Policy';
  readonly name: string;
  readonly description?: string;
  /** As the definition says, with defaults. */
  readonly rules: readonly {
    readonly name: string;
    readonly match: {
      readonly kinds?: readonly string[];
      readonly labels?: Readonly<Record<string, string>>;
      readonly expression?: string;
    };
    readonly assert: string;
    readonly message: string;
    readonly severity: 'error' | 'warning';
    readonly except?: { readonly labels: Readonly<Record<string, string>> };
  }[];
}

export type EntityClosure =
  | WorkflowClosure
  | TaskClosure
  | LaunchPlanClosure
  | ScheduleClosure
  | PlatformClosure
  | PolicyClosure;
export type EntityKind = EntityClosure['kind'];
