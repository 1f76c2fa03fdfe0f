/** Who runs in the cluster; each has a service account and a role of its own. */
export type Component = 'controller' | 'propeller';

/** Something that a component does, and why: one row of the table in the documentation, one rule of its role. */
export interface Permission {
  readonly component: Component;
  /** `system`: in the namespace of the control plane only. `cluster`: also in the namespaces of projects, which git names. */
  readonly scope: 'cluster' | 'system';
  /** '' is Kubernetes' core group. */
  readonly group: string;
  readonly resources: readonly string[];
  /** Only the objects of these names. */
  readonly names?: readonly string[];
  readonly verbs: readonly Verb[];
  readonly why: string;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const OWN = 'pipectl.dev';
const READ = ['get', 'list', 'watch'] as const;

/** The least that the loops need; whoever takes a row away stops what its reason says. */
export const PERMISSIONS: readonly Permission[] = [
  ...of('controller', 'cluster', [
    [
      OWN,
      ['repositories'],
      [...READ, 'create', 'patch'],
      'follows repositories, makes one of a first push, and lets go of a removed one',
    ],
    [OWN, ['repositories/status'], ['patch'], 'says which commit is active and how polling goes'],
    [
      OWN,
      ['revisions', 'closures'],
      ['get', 'list', 'create', 'delete'],
      'registers commits, and collects what nobody uses any more',
    ],
    [
      OWN,
      ['workflows', 'tasks', 'launchplans', 'schedules', 'policies', 'platforms'],
      [...READ, 'create', 'patch', 'delete'],
      'keeps definitions equal to git, by server-side apply',
    ],
    [OWN, ['schedules/status'], ['patch'], 'notes ticks and lateness'],
    [OWN, ['platforms/status'], ['patch'], 'says whether the object store can be used'],
    [
      OWN,
      ['executions'],
      [...READ, 'create', 'patch', 'delete'],
      'starts executions of ticks and backfills, aborts those that a tick replaces, removes old ones',
    ],
    [OWN, ['backfills'], [...READ, 'patch', 'delete'], 'runs backfills, and removes those that are long over'],
    [OWN, ['backfills/status'], ['patch'], 'says how far a backfill is'],
    [OWN, ['mapresults', 'cacheentries'], ['get', 'list', 'delete'], 'removes what has expired'],
    [OWN, ['notifications'], [...READ, 'delete'], 'delivers notifications'],
    [OWN, ['notifications/status'], ['patch'], 'says whether they were delivered'],
    ['', ['namespaces'], [...READ, 'create'], 'makes the namespace of a domain when its first commit is applied'],
    [
      '',
      ['events'],
      ['get', 'list', 'create', 'patch', 'delete'],
      'says in events what the reconciler changed, and removes old ones',
    ],
    [
      '',
      ['configmaps'],
      [...READ, 'create', 'patch', 'delete'],
      'lays the sources of tasks out for pods, also when somebody deletes them, and removes those that nobody mounts',
    ],
    ['', ['pods'], ['get', 'list', 'delete'], 'removes pods of executions that have long been over'],
    [
      '',
      ['secrets'],
      ['get'],
      'reads the addresses and keys that notifications name, in the namespace of their execution, and access keys of an object store in that of its platform',
    ],
  ]),
  ...of('controller', 'system', [
    [OWN, ['schedulerstates'], [...READ, 'create'], 'how far the scheduler is'],
    [OWN, ['schedulerstates/status'], ['patch'], 'how far the scheduler is'],
    [OWN, ['tokens'], READ, 'lets in who pushes'],
    ['coordination.k8s.io', ['leases'], [...READ, 'create', 'update'], 'elects the one of its replicas that works'],
    [
      'apps',
      ['deployments/scale'],
      ['get', 'patch'],
      'keeps as many propeller shards as git asks for',
      ['pipectl-propeller'],
    ],
    [OWN, ['shards'], ['list', 'delete'], 'removes shards that are no more'],
  ]),
  ...of('propeller', 'cluster', [
    [
      OWN,
      ['executions'],
      [...READ, 'create', 'patch'],
      'steps executions, and starts and steers those of launch plan nodes',
    ],
    [OWN, ['executions/status'], ['patch'], 'writes where an execution stands'],
    [OWN, ['closures'], ['get', 'create'], 'reads what an execution is pinned to; a dynamic node makes one'],
    [OWN, ['launchplans', 'platforms'], READ, 'reads limits, workers and sharding'],
    [OWN, ['schedules'], READ, 'ends the wait of ticks that run one at a time'],
    [OWN, ['mapresults'], ['get', 'list', 'create', 'patch', 'delete'], 'keeps the outputs of large maps'],
    [OWN, ['mapresults/status'], ['patch'], 'keeps the outputs of large maps'],
    [OWN, ['cacheentries'], ['get', 'create', 'update', 'patch', 'delete'], 'fills and reads the cache'],
    [OWN, ['notifications'], ['create'], 'asks for people to be told'],
    ['', ['pods'], [...READ, 'create', 'patch', 'delete'], 'runs attempts as pods'],
    ['', ['configmaps'], ['get', 'patch'], 'mounts the source of a task, and says that it is in use'],
    ['', ['namespaces'], READ, 'counts quotas by project and domain'],
  ]),
  ...of('propeller', 'system', [
    [OWN, ['shards'], [...READ, 'create', 'delete'], 'shows its figures'],
    [OWN, ['shards/status'], ['patch'], 'shows its figures'],
    ['coordination.k8s.io', ['leases'], [...READ, 'create', 'update', 'delete'], 'owns its keys, with an epoch'],
  ]),
];

type Row = readonly [
  group: string,
  resources: readonly string[],
  verbs: readonly Verb[],
  why: string,
  names?: readonly string[],
];

function of(component: Component, scope: Permission['scope'], rows: readonly Row[]): readonly Permission[] {
  return rows.map(([group, resources, verbs, why, names]) => ({
    component,
    scope,
    group,
    resources,
    verbs,
    why,
    ...(names && { names }),
  }));
}
