import type { Digest, Json } from '../base/index.ts';
import type { NotificationRule } from './notification-kind.ts';
import type { Condition, KubeObject } from './object.ts';
import type { SecretRef } from './secret.ts';

/** Kinds that are declared in git and written by the reconciler alone. */
export const DEFINITION_KINDS: ReadonlySet<string> = new Set([
  'Platform',
  'Policy',
  'Task',
  'Workflow',
  'LaunchPlan',
  'Schedule',
]);

/** What all active definitions say of where they come from. */
export interface DefinitionSource {
  readonly repository: string;
  /** The commit that last changed this definition's closure. */
  readonly commit: string;
  readonly closure: Digest;
  readonly file: string;
  readonly description?: string;
}

/** A parameter of an interface, in its printed form: `list<integer>`, `string?`. */
export interface Parameter {
  readonly type: string;
  readonly required?: boolean;
  readonly default?: Json;
  readonly description?: string;
}

export interface Interface {
  readonly inputs: Readonly<Record<string, Parameter>>;
  readonly outputs: Readonly<Record<string, Parameter>>;
}

export interface Workflow extends KubeObject {
  readonly kind: 'Workflow';
  readonly spec: DefinitionSource & { readonly interface: Interface; readonly nodes: number };
}

export interface Task extends KubeObject {
  readonly kind: 'Task';
  readonly spec: DefinitionSource & { readonly interface: Interface; readonly image?: string };
}

export interface ConcurrencyLimit {
  readonly limit: number;
  readonly whenFull: 'queue' | 'skip';
}

/** What a launch plan says of its executions besides their inputs, and what an execution then keeps. */
export interface LaunchSettings {
  /** Task attempts at a time. */
  readonly maxParallelism?: number;
  readonly concurrency?: ConcurrencyLimit;
  /** From MIN_PRIORITY to MAX_PRIORITY; 0 when absent. */
  readonly priority?: number;
  /** Whether attempts may run where the system can take their machine away, whatever the tasks say. */
  readonly interruptible?: boolean;
  /** When the execution is given up: waiting to begin, running, both together. */
  readonly timeout?: { readonly queueMs?: number; readonly runMs?: number; readonly totalMs?: number };
  /** Who is told of executions, besides those whom their workflow names. */
  readonly notifications?: readonly NotificationRule[];
}

export interface LaunchPlan extends KubeObject {
  readonly kind: 'LaunchPlan';
  readonly spec: DefinitionSource &
    LaunchSettings & {
      readonly workflow: string;
      readonly workflowClosure: Digest;
      /** The workflow's interface with this plan's defaults; fixed inputs are not in it. */
      readonly interface: Interface;
      readonly fixedInputs: Readonly<Record<string, Json>>;
    };
}

/** How executions are divided among propeller shards; the language checks it. */
export type Sharding =
  | { readonly strategy: 'hash'; readonly shards: number }
  | { readonly strategy: 'project' | 'domain'; readonly shards: readonly { readonly ids: readonly string[] }[] };

export interface Platform extends KubeObject {
  readonly kind: 'Platform';
  readonly spec: DefinitionSource & {
    readonly propeller: {
      readonly workers: number;
      readonly maxParallelism: number;
      readonly sharding?: Sharding;
      readonly autoscale?: Json;
    };
    /** How long what is over is kept; what is absent has the control plane's default. */
    readonly retention?: {
      readonly live?: KeepSetting;
      readonly executions?: KeepSetting;
      readonly pods?: KeepSetting;
      readonly logs?: { readonly maxAgeMs?: number; readonly maxBytes?: number };
    };
    /** The first that fits a namespace counts; what is not named fits any. `cpu` and `memory` are quantities. */
    readonly quotas?: readonly {
      readonly project?: string;
      readonly domain?: string;
      readonly maxExecutions?: number;
      readonly maxTasks?: number;
      readonly cpu?: string;
      readonly memory?: string;
    }[];
    readonly scheduler?: SchedulerSettings;
    readonly objectStore?: ObjectStoreSettings;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Where bytes are kept that no object has room for; the language checks it and fills its defaults in. */
export type ObjectStoreSettings = { readonly folder: { readonly path: string } } | { readonly s3: BucketSettings };

export interface BucketSettings {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly endpoint: string;
  readonly region: string;
  readonly pathStyle: boolean;
  /** In secrets of the platform's namespace. Absent: those of the control plane's surroundings. */
  readonly credentials?: {
    readonly accessKeyId: { readonly secret: SecretRef };
    readonly secretAccessKey: { readonly secret: SecretRef };
    readonly sessionToken?: { readonly secret: SecretRef };
  };
}

/** Of all schedules together; what is absent has the control plane's default. */
export interface SchedulerSettings {
  /** No schedule ticks. What is missed meanwhile is made up for as its catch-up policy says. */
  readonly suspended?: boolean;
  /** Executions that ticks start in a second at most: of the live ticks, and of those that are made up for. */
  readonly ticksPerSecond?: number;
  readonly catchUpPerSecond?: number;
}

export interface KeepSetting {
  readonly maxAgeMs?: number;
  readonly maxCount?: number;
}

/** Rules that definitions keep; they are applied where commits are compiled, here they are shown. */
export interface Policy extends KubeObject {
  readonly kind: 'Policy';
  readonly spec: DefinitionSource & {
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
  };
}
