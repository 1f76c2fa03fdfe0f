import type { Diagnostic, Digest, Json } from '../base/index.ts';
import type { Condition, KubeObject } from './object.ts';

/** How a kind is written in URLs, tables and on command lines. One table serves the API, the CLI and the TUI. */
export interface KindInfo {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespaced: boolean;
  readonly hasStatus: boolean;
}

const GROUP = 'pipectl.dev';

function own(kind: string, plural: string, shortNames: readonly string[], hasStatus = true): KindInfo {
  return {
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    group: GROUP,
    version: 'v1',
    namespaced: true,
    hasStatus,
  };
}

function core(
  kind: string,
  plural: string,
  shortNames: readonly string[],
  hasStatus = false,
  namespaced = true,
): KindInfo {
  return { kind, plural, singular: kind.toLowerCase(), shortNames, group: '', version: 'v1', namespaced, hasStatus };
}

export const KINDS: readonly KindInfo[] = [
  own('Repository', 'repositories', ['repo']),
  own('Revision', 'revisions', ['rev']),
  own('Closure', 'closures', [], false),
  own('Workflow', 'workflows', ['wf']),
  own('Task', 'tasks', []),
  own('LaunchPlan', 'launchplans', ['lp']),
  own('Schedule', 'schedules', ['sched']),
  own('Policy', 'policies', []),
  own('Platform', 'platforms', []),
  own('Execution', 'executions', ['exec', 'ex']),
  own('Shard', 'shards', []),
  own('CacheEntry', 'cacheentries', []),
  core('Pod', 'pods', ['po'], true),
  core('ConfigMap', 'configmaps', ['cm']),
  core('Secret', 'secrets', []),
  core('Event', 'events', ['ev']),
  core('Namespace', 'namespaces', ['ns'], true, false),
  {
    kind: 'Lease',
    plural: 'leases',
    singular: 'lease',
    shortNames: [],
    group: 'coordination.k8s.io',
    version: 'v1',
    namespaced: true,
    hasStatus: false,
  },
];

const BY_KIND: ReadonlyMap<string, KindInfo> = new Map(KINDS.map((info) => [info.kind, info]));

/** The table row of a kind, or undefined for a kind that the API does not have. */
export function kindInfo(kind: string): KindInfo | undefined {
  return BY_KIND.get(kind);
}

export interface Repository extends KubeObject {
  readonly kind: 'Repository';
  readonly spec: {
    /** `push`: this control plane serves the repository under /git/<name>.git. */
    readonly source: { readonly kind: 'push' };
    readonly suspended?: boolean;
  };
  readonly status?: {
    /** The project that the definitions name; fixed by the first accepted commit. */
    readonly project?: string;
    /** Branch or tag, as `refs/heads/main` → the registered commit that it shows. */
    readonly heads?: Readonly<Record<string, string>>;
    /** Domain → what its tracked ref shows. */
    readonly domains?: Readonly<Record<string, DomainStatus>>;
    readonly conditions?: readonly Condition[];
  };
}

export interface DomainStatus {
  /** The ref pattern of `pipectl.yaml`: a branch name, or `*` for any other branch (register only). */
  readonly ref: string;
  /** Head of the tracked ref that the reconciler is to reach. */
  readonly desired?: string;
  readonly lastAttempted?: string;
  /** The active revision's commit: every definition in the namespace equals it. */
  readonly lastApplied?: string;
  readonly lastAppliedAt?: string;
  readonly message?: string;
}

/** One commit as registered. Named `<repository>-<commit>`. */
export interface Revision extends KubeObject {
  readonly kind: 'Revision';
  readonly spec: {
    readonly repository: string;
    readonly commit: string;
    readonly tree: string;
    readonly parents: readonly string[];
    readonly author: string;
    readonly committedAt: string;
    readonly subject: string;
    /** Refs of the push that brought it, for example `refs/heads/main`. */
    readonly refs: readonly string[];
    readonly project?: string;
    /** Digest of the root of the entity index (a Closure object); absent when rejected. */
    readonly index?: Digest;
    /** Entities by kind, for display: `{ Workflow: 3, Task: 5 }`. */
    readonly counts?: Readonly<Record<string, number>>;
    readonly rejected?: boolean;
    /** Errors when rejected, warnings when not. */
    readonly diagnostics?: readonly Diagnostic[];
  };
}

/** A compiled entity or an index page, immutable, named by the SHA-256 of the JSON text of its content. */
export interface Closure extends KubeObject {
  readonly kind: 'Closure';
  readonly spec: {
    readonly of: 'Workflow' | 'Task' | 'LaunchPlan' | 'Schedule' | 'Platform' | 'Policy' | 'Index' | 'Chunk';
    readonly name?: string;
    /** `json`: `content` is the canonical JSON text. `gzip`: base64 of its gzip. */
    readonly encoding: 'json' | 'gzip';
    readonly content?: string;
    /** Digests of Chunk closures to join when the content is too large for one object. */
    readonly chunks?: readonly Digest[];
  };
}

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

export interface LaunchPlan extends KubeObject {
  readonly kind: 'LaunchPlan';
  readonly spec: DefinitionSource & {
    readonly workflow: string;
    readonly workflowClosure: Digest;
    /** The workflow's interface with this plan's defaults; fixed inputs are not in it. */
    readonly interface: Interface;
    readonly fixedInputs: Readonly<Record<string, Json>>;
    readonly maxParallelism?: number;
    readonly concurrency?: ConcurrencyLimit;
  };
}

export interface CatchUp {
  readonly policy: 'all' | 'latest' | 'none';
  readonly limit?: number;
  readonly windowMs?: number;
}

export interface Schedule extends KubeObject {
  readonly kind: 'Schedule';
  readonly spec: DefinitionSource & {
    readonly launchPlan: string;
    /** Exactly one of `cron` and `everyMs`. */
    readonly cron?: string;
    readonly everyMs?: number;
    readonly timeZone: string;
    readonly start?: string;
    readonly end?: string;
    readonly spreadMs?: number;
    readonly catchUp: CatchUp;
    readonly inputs?: Readonly<Record<string, Json>>;
    readonly kickoffTime?: string;
    readonly active: boolean;
  };
  readonly status?: {
    /** The last tick settled: its execution exists, or policy dropped it. */
    readonly lastTick?: string;
    readonly lastExecution?: string;
    /** Generation of the spec that `activeSince` is about. */
    readonly observedGeneration?: number;
    /** Ticks before this instant belong to an earlier version of the schedule, or to a time when it was off. */
    readonly activeSince?: string;
    readonly conditions?: readonly Condition[];
  };
}

export interface Platform extends KubeObject {
  readonly kind: 'Platform';
  readonly spec: DefinitionSource & {
    readonly propeller: {
      readonly workers: number;
      readonly maxParallelism: number;
      readonly sharding?: Json;
      readonly autoscale?: Json;
    };
  };
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
  | { readonly kind: 'schedule'; readonly schedule: string; readonly tick: string };

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
  readonly spec: {
    readonly repository: string;
    readonly commit: string;
    readonly workflow: string;
    readonly closure: Digest;
    readonly launchPlan?: string;
    /** Complete and type-checked: defaults and fixed inputs are already in. */
    readonly inputs: Readonly<Record<string, Json>>;
    readonly maxParallelism?: number;
    readonly concurrency?: ConcurrencyLimit;
    readonly trigger: Trigger;
    /** The only field of spec that changes. Running when absent. */
    readonly desired?: 'Running' | 'Paused' | 'Aborted';
  };
  readonly status?: ExecutionStatus;
}

export interface ExecutionStatus {
  readonly phase: ExecutionPhase;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Node id → status; a node that has not left Pending is absent: in a terminal execution, it never started. */
  readonly nodes?: Readonly<Record<string, NodeStatus>>;
  /** Nodes of the closure, written once at the start, so that a reader can show progress without the closure. */
  readonly nodeCount?: number;
  readonly outputs?: Readonly<Record<string, Json>>;
  /** As in NodeStatus. */
  readonly outputsText?: string;
  /** The first failure; every failed node keeps its own in `nodes`. */
  readonly error?: ExecutionError;
  /** Why it waits, when it does: shown by `get` and `describe`. */
  readonly message?: string;
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
  readonly outputs?: Readonly<Record<string, Json>>;
  /** JSON text of `outputs`, only where a null stands in them: a merge patch cannot carry it, so `outputs` lacks it. */
  readonly outputsText?: string;
  readonly error?: ExecutionError;
  /** Why the live attempts are being ended; the node reaches its terminal phase, or retries, when they are gone. */
  readonly ending?: ExecutionError;
  readonly map?: MapStatus;
}

/** A map node's subtasks, packed. */
export interface MapStatus {
  readonly size: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Subtasks with a live attempt. */
  readonly running: number;
  /** Number of a chunk of MAP_CHUNK_SIZE subtasks → its packed phases and attempts; `propeller` owns the format. Absent: all pending. */
  readonly chunks?: Readonly<Record<string, string>>;
  /** Index → outputs of a subtask that succeeded, in a list of one so that nulls in them survive; until the node ends. */
  readonly results?: Readonly<Record<string, readonly [Readonly<Record<string, Json>>]>>;
  /** Index → why the subtask failed, of the first few. */
  readonly errors?: Readonly<Record<string, ExecutionError>>;
}

/** Labels and annotations that parts agree on. */
export const LABEL = {
  execution: 'pipectl.dev/execution',
  node: 'pipectl.dev/node',
  attempt: 'pipectl.dev/attempt',
  workflow: 'pipectl.dev/workflow',
  launchPlan: 'pipectl.dev/launch-plan',
  schedule: 'pipectl.dev/schedule',
  repository: 'pipectl.dev/repository',
  shardKey: 'pipectl.dev/shard-key',
} as const;

export const ANNOTATION = {
  /** Canonical JSON of a task attempt's inputs; projected as the file $PIPECTL_INPUTS. */
  inputs: 'pipectl.dev/inputs',
  /** Git tree id of the task's `source` folder; absent: an empty working directory. */
  sourceTree: 'pipectl.dev/source-tree',
  repository: 'pipectl.dev/repository',
  /** Name of the pod's execution, whole: a label value ends at 63 characters. */
  execution: 'pipectl.dev/execution',
  /** Index of the subtask of a map. */
  mapIndex: 'pipectl.dev/map-index',
  /** SHA-256 of what the attempt is: compared on AlreadyExists before adopting. */
  digest: 'pipectl.dev/digest',
  /**
   * On a pod, its value says why: end the attempt (SIGTERM, grace, SIGKILL), then report it terminated with reason
   * `Aborted`. On an execution, what the person who aborted it gave as the reason.
   */
  abort: 'pipectl.dev/abort',
} as const;
