import { sha256 } from '../base/index.ts';

/** Labels and annotations that parts agree on. */
export const LABEL = {
  execution: 'pipectl.dev/execution',
  node: 'pipectl.dev/node',
  attempt: 'pipectl.dev/attempt',
  /** Of a pod: `true` where its attempt may run on a machine that the system can take away, else absent. */
  interruptible: 'pipectl.dev/interruptible',
  workflow: 'pipectl.dev/workflow',
  launchPlan: 'pipectl.dev/launch-plan',
  schedule: 'pipectl.dev/schedule',
  /** Of a child execution: the execution whose node started it. */
  parent: 'pipectl.dev/parent',
  repository: 'pipectl.dev/repository',
  /** Of a revision: `true` where the commit was rejected, else absent. */
  rejected: 'pipectl.dev/rejected',
  shardKey: 'pipectl.dev/shard-key',
  /** Of a lease: the propeller shard whose it is. */
  shard: 'pipectl.dev/shard',
  /** Of a cache entry: the task whose outputs it holds. */
  task: 'pipectl.dev/task',
  /** Of an execution that a schedule started whose ticks must not just overlap: its overlap policy. */
  overlap: 'pipectl.dev/overlap',
  /** Of a ConfigMap: it holds a source folder for pods. */
  source: 'pipectl.dev/source',
  /** Of an execution: the backfill that started it, as a label value. */
  backfill: 'pipectl.dev/backfill',
} as const;

export const ANNOTATION = {
  /** Canonical JSON of a task attempt's inputs; projected as the file $PIPECTL_INPUTS. */
  inputs: 'pipectl.dev/inputs',
  /** Inputs whose JSON text is in the object store: name → BlobRef, as JSON. The inputs file has them beside the others. */
  storedInputs: 'pipectl.dev/stored-inputs',
  /** Outputs that are too large for the pod may go to the object store: name → printed type, as JSON. */
  outputTypes: 'pipectl.dev/output-types',
  /** Git tree id of the task's `source` folder; absent: an empty working directory. */
  sourceTree: 'pipectl.dev/source-tree',
  /** On a ConfigMap of a source folder: where its keys stand as files, as a JSON list of SourceItem. */
  sourceItems: 'pipectl.dev/source-items',
  /** On the same, instead of that: why no pod can mount the folder. */
  sourceRefused: 'pipectl.dev/source-refused',
  /** On the same: when pods that mount it were last made, at most a while ago. */
  usedAt: 'pipectl.dev/used-at',
  repository: 'pipectl.dev/repository',
  /** Name of the pod's execution, whole: a label value ends at 63 characters. */
  execution: 'pipectl.dev/execution',
  /** Path of the pod's node, where it is no label value: then the label has a form of it that is one. */
  node: 'pipectl.dev/node',
  /** Index of the subtask of a map. */
  mapIndex: 'pipectl.dev/map-index',
  /** Indices of all subtasks that the pod runs, where they are several: `mapIndex` is the first of them. */
  mapBatch: 'pipectl.dev/map-batch',
  /** On a child execution: it is paused because its parent is, and goes on with it. */
  pausedWith: 'pipectl.dev/paused-with',
  /** SHA-256 of what the attempt is: compared on AlreadyExists before adopting. */
  digest: 'pipectl.dev/digest',
  /**
   * On a pod, its value says why: end the attempt (SIGTERM, grace, SIGKILL), then report it terminated with reason
   * `Aborted`. On an execution, what the person who aborted it gave as the reason.
   */
  abort: 'pipectl.dev/abort',
  /** On an execution: who paused, resumed and aborted it, when and why, as a JSON list; the latest last. */
  steering: 'pipectl.dev/steering',
  /** On a repository: asks, by an instant, to poll and reconcile it now; `status.lastSyncRequest` echoes it. */
  syncRequestedAt: 'pipectl.dev/sync-requested-at',
  /** On a repository: who suspended it, when and why, as JSON. */
  suspension: 'pipectl.dev/suspension',
  /** On a definition, in its YAML: present, it is removed only when a person confirms that. */
  prune: 'pipectl.dev/prune',
  /** On a repository or a definition: the commit whose removals a person has confirmed. */
  pruneConfirmed: 'pipectl.dev/prune-confirmed',
  /** On a definition: who changed it past git, and when, as JSON; the API writes it. */
  changedBy: 'pipectl.dev/changed-by',
  /** On a schedule: since when it ticks by its spec, where that is not since its creation; the reconciler writes it. */
  activeSince: 'pipectl.dev/active-since',
  /** On a schedule: by what rules it ticked before that, as a JSON list of PreviousTicks; the reconciler writes it. */
  previousTicks: 'pipectl.dev/previous-ticks',
  /** On a schedule: who suspended it, when and why, as JSON; while it is there, the schedule does not tick. */
  suspended: 'pipectl.dev/suspended',
} as const;

/** A name as a label value, which ends at 63 characters: cut with a hash. */
export function labelValue(name: string): string {
  return isLabelValue(name) ? name : `${name.slice(0, 46).replace(/[^A-Za-z0-9]+$/, '')}-${sha256(name).slice(0, 16)}`;
}

export function isLabelValue(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
}
