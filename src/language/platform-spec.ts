import type { ObjectStoreSpec } from './object-store-spec.ts';
import type { SchedulerSpec } from './schedule-spec.ts';

export type Sharding =
  | { readonly strategy: 'hash'; readonly shards: number }
  | { readonly strategy: 'project' | 'domain'; readonly shards: readonly { readonly ids: readonly string[] }[] };

export interface PlatformSpec {
  readonly description?: string;
  readonly propeller: {
    readonly workers?: number;
    readonly maxParallelism?: number;
    readonly sharding?: Sharding;
    readonly autoscale?: { readonly min: number; readonly max: number; readonly freeWorkersTarget?: number };
  };
  readonly retention?: RetentionSpec;
  readonly quotas?: readonly QuotaSpec[];
  readonly scheduler?: SchedulerSpec;
  readonly objectStore?: ObjectStoreSpec;
}

/** What the executions of a project and domain may take at a time. The first that fits a namespace counts; what is not named fits any. */
export interface QuotaSpec {
  readonly project?: string;
  readonly domain?: string;
  readonly maxExecutions?: number;
  readonly maxTasks?: number;
  /** Quantities, of what live attempts request. */
  readonly cpu?: string;
  readonly memory?: string;
}

/** How long what is over is kept; absent is what the control plane does by itself. */
export interface RetentionSpec {
  readonly live?: KeepSpec;
  readonly executions?: KeepSpec;
  readonly pods?: KeepSpec;
  readonly logs?: { readonly maxAgeMs?: number; readonly maxBytes?: number };
}

export interface KeepSpec {
  readonly maxAgeMs?: number;
  readonly maxCount?: number;
}
