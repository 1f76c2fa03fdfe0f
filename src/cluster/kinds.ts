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
  own('SchedulerState', 'schedulerstates', []),
  own('Backfill', 'backfills', ['bf']),
  own('Policy', 'policies', []),
  own('Platform', 'platforms', []),
  own('Execution', 'executions', ['exec', 'ex']),
  own('MapResults', 'mapresults', []),
  own('Notification', 'notifications', ['notif']),
  own('Shard', 'shards', []),
  own('CacheEntry', 'cacheentries', []),
  own('Token', 'tokens', [], false),
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
