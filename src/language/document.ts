import type { Json, JsonObject, Span } from '../base/index.ts';
import type { PlatformSpec } from './platform-spec.ts';
import type { ScheduleSpec } from './schedule-spec.ts';
import type { Type } from './type.ts';

/** A path into a document as written: `['spec', 'nodes', 'each', 'map', 'over', 'a']`, list items by index. */
export type Path = readonly (string | number)[];

/** A place in the text, and its line, as a diagnostic wants it. */
export interface Place {
  readonly span: Span;
  readonly frame: string;
  /** The column of the frame's first character; 1 when absent. */
  readonly frameColumn?: number;
}

interface DocumentBase {
  /** `metadata.name`: an RFC 1123 label. */
  readonly name: string;
  readonly file: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Domains in which this definition takes the place of the one of its kind and name without. Absent: every domain. */
  readonly domains?: readonly string[];
  readonly description?: string;
  /** Where `metadata.name` stands: for "declared here". */
  readonly declaredAt: () => Place;
  /**
   * Where the value at `path` stands, or its nearest ancestor that is written. With `range` (UTF-16 offsets into the
   * string value there): that part of it, when it stands verbatim in the text; else the whole value.
   */
  readonly placeOf: (path: Path, range?: { readonly start: number; readonly end: number }) => Place;
  /** Where the key that ends `path` stands. */
  readonly placeOfKey: (path: Path) => Place;
}

/**
 * A valid document: schema, types, durations and quantities are checked; references, expressions and what one
 * document says of another are not. Maps keep the order of the text; untrusted names are keys of Maps.
 */
export type Definition =
  | (DocumentBase & { readonly kind: 'Project'; readonly spec: ProjectSpec })
  | (DocumentBase & { readonly kind: 'Task'; readonly spec: TaskSpec })
  | (DocumentBase & { readonly kind: 'Workflow'; readonly spec: WorkflowSpec })
  | (DocumentBase & { readonly kind: 'LaunchPlan'; readonly spec: LaunchPlanSpec })
  | (DocumentBase & { readonly kind: 'Schedule'; readonly spec: ScheduleSpec })
  | (DocumentBase & { readonly kind: 'Platform'; readonly spec: PlatformSpec })
  | (DocumentBase & { readonly kind: 'Policy'; readonly spec: PolicySpec });

export type DefinitionKind = Definition['kind'];
export type DefinitionOf<K extends DefinitionKind> = Extract<Definition, { readonly kind: K }>;

export interface ProjectSpec {
  /** Folders or files relative to the root, as written. */
  readonly paths: readonly string[];
  readonly domains: ReadonlyMap<string, DomainSpec>;
  /** Code → how it is told here; the codes are not yet checked. At `['spec', 'lints', code]`. */
  readonly lints: ReadonlyMap<string, LintLevel>;
}

export interface DomainSpec {
  /** A branch, or a pattern with `*`. Not yet checked. */
  readonly ref: string;
  /** What `domain.values` is in this domain. */
  readonly values: ReadonlyMap<string, Json>;
}

/** A value that stands in a secret, by the secret's name and the value's key in it. */
export interface SecretValue {
  readonly secret: { readonly name: string; readonly key: string };
}

export type NotificationEvent = 'Succeeded' | 'Failed' | 'TimedOut' | 'Aborted' | 'WaitingForApproval';

/** Whom to tell, by exactly one way, and of what. */
export type NotificationSpec = { readonly on: readonly NotificationEvent[] } & (
  | { readonly webhook: { readonly url: SecretValue; readonly signingKey: SecretValue } }
  | { readonly slack: { readonly url: SecretValue } }
  | {
      readonly cloudEvents: {
        readonly url: SecretValue;
        readonly mode: 'structured' | 'binary';
        readonly signingKey?: SecretValue;
      };
    }
  | { readonly email: { readonly smtp: SecretValue; readonly from: string; readonly to: readonly string[] } }
);

/** How a project wants a warning to be told. */
export type LintLevel = 'off' | 'warning' | 'error';

/** An input or output of an interface. At `['spec', 'inputs', name]`, its type there or under `type`. */
export interface Parameter {
  readonly type: Type;
  /** Checked against the type and normalised (`checkValue`). */
  readonly default?: Json;
  readonly description?: string;
}

export interface RetrySpec {
  readonly limit?: number;
  readonly backoff?: { readonly initialMs?: number; readonly factor?: number; readonly maxMs?: number };
}

export interface TimeoutSpec {
  readonly queueMs?: number;
  readonly runMs?: number;
  readonly totalMs?: number;
}

/** Kubernetes quantities as written, by resource name: `{ cpu: '100m', memory: '300Mi' }`. */
export interface ResourceSpec {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface CacheSpec {
  readonly serialize: boolean;
  readonly ttlMs?: number;
  /** Inputs that are no part of the key: at `[…, 'cache', 'ignoreInputs', at]`. */
  readonly ignoreInputs?: readonly string[];
}

/** What a task says of how it is run and a node may override. */
export interface RunPolicy {
  readonly retries?: RetrySpec;
  readonly timeout?: TimeoutSpec;
  readonly resources?: ResourceSpec;
  /** `false` on a node: this node is not cached although its task is. */
  readonly cache?: CacheSpec | false;
  /** Attempts may run where the system can take their machine away. */
  readonly interruptible?: boolean;
}

/** A value that stands in a ConfigMap, by the ConfigMap's name and the value's key in it. */
export interface ConfigValue {
  readonly configMap: { readonly name: string; readonly key: string };
}

/** A variable of a task's command: its text, or where its value is kept. */
export type EnvValue = string | SecretValue | ConfigValue;

/**
 * Where and with what a task's pod runs on a cluster, in Kubernetes' words. One machine keeps it and applies nothing of it.
 * What stands in `affinity`, `tolerations`, the volumes' sources and `overlay` is as written.
 */
export interface PodSettings {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: JsonObject;
  readonly tolerations?: readonly JsonObject[];
  readonly priorityClass?: string;
  readonly runtimeClass?: string;
  readonly serviceAccount?: string;
  readonly imagePullSecrets?: readonly string[];
  readonly volumes?: readonly VolumeSpec[];
  /** Merged over the pod last: `{ metadata?: { labels, annotations }, spec?: … }`. At `['spec', 'pod', 'overlay']`. */
  readonly overlay?: JsonObject;
}

/** A volume and where the command finds it. `source` is Kubernetes': `{ persistentVolumeClaim: { claimName: data } }`. */
export interface VolumeSpec {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
  readonly source: JsonObject;
}

export interface TaskSpec extends RunPolicy {
  readonly description?: string;
  readonly inputs: ReadonlyMap<string, Parameter>;
  readonly outputs: ReadonlyMap<string, Parameter>;
  /** Folder of the same commit, as written: `tasks/`. */
  readonly source?: string;
  /** False: running it twice does more than running it once. */
  readonly idempotent?: boolean;
  readonly run: {
    readonly image?: string;
    readonly command: readonly string[];
    readonly env?: Readonly<Record<string, EnvValue>>;
  };
  readonly pod?: PodSettings;
}

/** A value as written: JSON whose strings may hold `${{ … }}`. Integers past 2^53 are decimal strings. */
export type ValueTemplate = Json;
export type Bindings = ReadonlyMap<string, ValueTemplate>;

export interface WorkflowSpec {
  readonly description?: string;
  readonly inputs: ReadonlyMap<string, Parameter>;
  /** The value of output n is at `['spec', 'outputs', n]`, or under `value` there when `isLong`. */
  readonly outputs: ReadonlyMap<string, WorkflowOutput>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly failurePolicy: 'failImmediately' | 'failAfterExecutable';
  /** What runs after the workflow failed. At `['spec', 'onFailure']`. */
  readonly onFailure?: FailureHandler;
  /** Of executions of this workflow. At `['spec', 'notifications', index]`. */
  readonly notifications?: readonly NotificationSpec[];
}

export interface WorkflowOutput {
  readonly value: ValueTemplate;
  readonly isLong: boolean;
  readonly type?: Type;
  readonly description?: string;
}

/** What a node, or a branch of one, does. */
export type Action =
  | (RunPolicy & { readonly kind: 'task'; readonly task: string; readonly with: Bindings })
  | (RunPolicy & { readonly kind: 'map'; readonly map: MapSpec })
  /** Nodes of another workflow, run as part of this execution. */
  | {
      readonly kind: 'workflow';
      readonly workflow: string;
      readonly with: Bindings;
      readonly timeout?: Pick<TimeoutSpec, 'totalMs'>;
    }
  /** An execution of its own. */
  | (Pick<RunPolicy, 'retries' | 'timeout'> & {
      readonly kind: 'launchPlan';
      readonly launchPlan: string;
      readonly with: Bindings;
    })
  | { readonly kind: 'approve'; readonly approve: ApproveSpec }
  | { readonly kind: 'signal'; readonly signal: SignalSpec }
  /** A duration, or an expression that gives one. */
  | { readonly kind: 'sleep'; readonly sleep: ValueTemplate }
  | { readonly kind: 'compute'; readonly compute: Bindings }
  | (RunPolicy & { readonly kind: 'dynamic'; readonly dynamic: DynamicSpec });

export type ActionKind = Action['kind'];

/** What a branch of a switch does: `fail` ends the node, and says why. */
export type BranchAction = Action | { readonly kind: 'fail'; readonly fail: ValueTemplate };

/** The first branch whose `when` holds is taken. At `['spec', 'nodes', id, 'switch', index]`. */
export interface SwitchBranch {
  readonly when: ValueTemplate;
  /** At `[…, 'then']`. */
  readonly action: BranchAction;
}

/** A node, by what it does. At `['spec', 'nodes', id]`. */
export type Node =
  | (NodeBase & Action)
  | (NodeBase & {
      readonly kind: 'switch';
      readonly switch: readonly SwitchBranch[];
      /** Taken when no branch is; without it nothing is done then. At `[…, 'else']`. */
      readonly else?: BranchAction;
    });

export type NodeKind = Node['kind'];

interface NodeBase {
  readonly id: string;
  readonly description?: string;
  /** Ids of nodes that must have succeeded before, besides those whose outputs are read. */
  readonly needs: readonly string[];
  /** A condition: the node is skipped when it does not hold. */
  readonly when?: ValueTemplate;
}

export type FailureHandler = Extract<Action, { readonly kind: 'task' | 'workflow' | 'launchPlan' }> & {
  readonly when?: ValueTemplate;
};

export interface MapSpec {
  /** The task to run once per element. Absent: `compute` is given. */
  readonly task?: string;
  /** Values to evaluate once per element instead, at `[…, 'map', 'compute', name]`; they read `item` and `index`. */
  readonly compute?: Bindings;
  /** Inputs that are lists: at `['spec', 'nodes', id, 'map', 'over', name]`. Empty when `items` is given. */
  readonly over: Bindings;
  /** One list instead, whose elements `with` reads as `item`: at `[…, 'map', 'over']`. */
  readonly items?: ValueTemplate;
  /** Inputs by name, alike for every subtask save for what they read of `item` and `index`: at `[…, 'map', 'with', name]`. */
  readonly with: Bindings;
  readonly concurrency?: number;
  /** Subtasks that share a pod, at most. */
  readonly batch?: number;
  /** In (0, 1]; not together with `minSuccesses`. */
  readonly minSuccessRatio?: number;
  readonly minSuccesses?: number;
}

export interface ApproveSpec {
  readonly message: ValueTemplate;
  readonly timeoutMs?: number;
  /** What holds when the time is over; without it the node has failed then. */
  readonly default?: 'approve' | 'reject';
}

export interface SignalSpec {
  readonly type: Type;
  readonly message?: ValueTemplate;
  readonly timeoutMs?: number;
  /** The value when the time is over, checked and normalised; without it the node has failed then. */
  readonly default?: Json;
}

export interface DynamicSpec {
  /** A task whose output `workflow` is the spec of a workflow. */
  readonly task: string;
  readonly with: Bindings;
  /** Outputs that this workflow will have. */
  readonly outputs: ReadonlyMap<string, Parameter>;
  /** Tasks that it may run. */
  readonly tasks: readonly string[];
}

export interface LaunchPlanSpec {
  readonly description?: string;
  readonly workflow: string;
  readonly inputs: { readonly default: ReadonlyMap<string, Json>; readonly fixed: ReadonlyMap<string, Json> };
  readonly maxParallelism?: number;
  readonly concurrency?: { readonly limit: number; readonly whenFull: 'queue' | 'skip' };
  readonly priority?: number;
  readonly interruptible?: boolean;
  readonly timeout?: TimeoutSpec;
  /** Besides those of the workflow. At `['spec', 'notifications', index]`. */
  readonly notifications?: readonly NotificationSpec[];
}

export interface PolicySpec {
  readonly description?: string;
  /** With names that differ. */
  readonly rules: readonly PolicyRule[];
}

/** A rule of a policy, at `['spec', 'rules', index]`. */
export interface PolicyRule {
  readonly name: string;
  /** All that is given must fit; nothing given: every definition. */
  readonly match: {
    readonly kinds?: readonly DefinitionKind[];
    readonly labels?: LabelPattern;
    /** CEL as written, not yet checked. */
    readonly expression?: string;
  };
  /** CEL as written, not yet checked. */
  readonly assert: string;
  /** May hold `${{ … }}`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
  readonly except?: { readonly labels: LabelPattern };
}

/** Label → its value, or `*` for any. */
export type LabelPattern = Readonly<Record<string, string>>;

/** A document that has errors, as far as it could be read: a reference to it is not "unknown". */
export interface BrokenDefinition {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly declaredAt: () => Place;
}
