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
