import type { Digest, Json } from '../base/index.ts';
import type { NotificationRule } from '../cluster/index.ts';
import type { LaunchPlanAction, LaunchPlanClosure, TaskClosure, WorkflowClosure } from '../compiler/index.ts';
import type { Type } from '../language/index.ts';
import type { FieldsRenderer, OutputsParser, Rendered, Values } from './language.ts';

/** A workflow closure made ready to run: indexed, templates compiled. Built once per digest; immutable and shared. */
export interface Plan {
  readonly digest: Digest;
  readonly workflow: string;
  /** Nodes in the order of the closure; the failure handler, where there is one, after all others. */
  readonly nodes: readonly PlanNode[];
  /** How many of `nodes` the workflow itself has. */
  readonly size: number;
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of nodes that wait for nothing. */
  readonly roots: readonly number[];
  readonly failurePolicy: WorkflowClosure['failurePolicy'];
  readonly outputs: FieldsRenderer;
  /** Printed types of these. */
  readonly outputTypes: Readonly<Record<string, string>>;
  /** Inputs of an execution, checked and complete. */
  readonly readInputs: (given: Values) => Rendered;
  /** Who is told of executions of this workflow; undefined: nobody. Of a workflow that runs inline nobody is. */
  readonly notifications: readonly NotificationRule[] | undefined;
  /** The plan of a workflow that this one runs inline; made when first asked for. Throws BugError on an unknown one. */
  readonly inline: (digest: Digest) => Plan;
}

/** Id of the failure handler's node: no id of a user can look so. */
export const HANDLER_ID = 'onFailure';

interface PlanNodeBase {
  /** Its place in `Plan.nodes`. */
  readonly index: number;
  readonly id: string;
  /** How the id stands in names of pods: see `nodeSlug`. */
  readonly slug: string;
  /** How many nodes must have ended well, or been skipped, before. */
  readonly upstream: number;
  readonly downstream: readonly number[];
  /** Those of `downstream` that are skipped when this node is; undefined: none. */
  readonly skips: ReadonlySet<number> | undefined;
  /** Gives `value`, a boolean: whether the node runs or is skipped. */
  readonly when: FieldsRenderer | undefined;
  /** Which branch of a switch this is the action of. */
  readonly branch: number | 'else' | undefined;
  /** Makes outputs of the types that its node declares from those that it gives; undefined: they are. */
  readonly convert: ((outputs: Values) => Values) | undefined;
}

export interface PlannedTask {
  readonly digest: Digest;
  readonly closure: TaskClosure;
  readonly parseOutputs: OutputsParser;
  /** JSON text of inputs with exact integers. */
  readonly inputsText: (values: Values) => string;
}

export interface TaskPlan extends PlanNodeBase {
  readonly kind: 'task';
  readonly task: PlannedTask;
  readonly with: FieldsRenderer;
}

/** What maps have in common, whatever their subtasks are. */
interface MapBase extends PlanNodeBase {
  /** The lists by name; a map over one list has it as `items`. */
  readonly over: FieldsRenderer;
  readonly isSingle: boolean;
  /** Names of a subtask's outputs. */
  readonly names: readonly string[];
  readonly minSuccessRatio: number;
  readonly minSuccesses: number | undefined;
}

export interface MapPlan extends MapBase {
  readonly kind: 'map';
  readonly task: PlannedTask;
  /** Inputs that are the same for all subtasks. */
  readonly with: FieldsRenderer;
  /** Inputs that read `item` or `index`. */
  readonly each: FieldsRenderer | undefined;
  readonly concurrency: number;
  /** Subtasks in one pod at most. */
  readonly batch: number;
}

/** A map whose subtasks are expressions. */
export interface ComputeMapPlan extends MapBase {
  readonly kind: 'computeMap';
  /** Reads `item` and `index`. */
  readonly values: FieldsRenderer;
}

export type AnyMapPlan = MapPlan | ComputeMapPlan;

export interface ComputePlan extends PlanNodeBase {
  readonly kind: 'compute';
  readonly values: FieldsRenderer;
}

/** Runs the nodes of another workflow in a frame of its own. */
export interface WorkflowPlan extends PlanNodeBase {
  readonly kind: 'workflow';
  readonly workflow: Digest;
  readonly with: FieldsRenderer;
  readonly totalMs: number | undefined;
}

/** Becomes the action of the first branch whose condition holds. */
export interface SwitchPlan extends PlanNodeBase {
  readonly kind: 'switch';
  readonly branches: readonly { readonly holds: FieldsRenderer; readonly action: ActionPlan }[];
  readonly otherwise: ActionPlan | undefined;
}

export interface SleepPlan extends PlanNodeBase {
  readonly kind: 'sleep';
  /** Gives `value`, a duration. */
  readonly duration: FieldsRenderer;
}

/** Runs a launch plan as an execution of its own. */
export interface ChildPlan extends PlanNodeBase {
  readonly kind: 'launchPlan';
  readonly digest: Digest;
  readonly launchPlan: LaunchPlanClosure;
  readonly with: FieldsRenderer;
  /** Retries and times of the node. */
  readonly closure: Pick<LaunchPlanAction, 'retries' | 'timeout'>;
}

/** Waits for a person. */
export interface ApprovePlan extends PlanNodeBase {
  readonly kind: 'approve';
  /** Gives `value`, a text. */
  readonly message: FieldsRenderer | undefined;
  readonly timeoutMs: number | undefined;
  readonly byDefault: Json | undefined;
}

/** Waits for a value. */
export interface SignalPlan extends PlanNodeBase {
  readonly kind: 'signal';
  readonly message: FieldsRenderer | undefined;
  /** Of the value, in printed form and parsed. */
  readonly type: string;
  readonly valueType: Type;
  readonly timeoutMs: number | undefined;
  readonly byDefault: Json | undefined;
}

/** Runs a task, and then the workflow that this has written. */
export interface DynamicPlan extends PlanNodeBase {
  readonly kind: 'dynamic';
  readonly task: PlannedTask;
  readonly with: FieldsRenderer;
  /** The tasks that the workflow may run, by name. */
  readonly tasks: ReadonlyMap<string, PlannedTask>;
  /** Name → printed type of the outputs that it must have. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** A node that runs a task. */
export type RunsTask = TaskPlan | DynamicPlan;

/** A branch that fails its node. */
export interface FailPlan extends PlanNodeBase {
  readonly kind: 'fail';
  /** Gives `value`, a text. */
  readonly message: FieldsRenderer;
}

/** What a node does once it is known which branch it takes. */
export type ActionPlan =
  | TaskPlan
  | MapPlan
  | ComputeMapPlan
  | ComputePlan
  | WorkflowPlan
  | ChildPlan
  | ApprovePlan
  | SignalPlan
  | SleepPlan
  | DynamicPlan
  | FailPlan;
export type PlanNode = ActionPlan | SwitchPlan;
