import { age, humanDuration } from './age.ts';
import type { CacheEntry } from './cache-entry.ts';
import { condition, count, type KindColumns, keys, shortCommit, text, wide } from './column-cells.ts';
import type { DefinitionSource, LaunchPlan, Platform, Policy, Task, Workflow } from './definitions.ts';
import type { Execution } from './execution-kind.ts';
import type { MapResults } from './map-results.ts';
import { channelOf, type Notification } from './notification-kind.ts';
import type { KubeObject } from './object.ts';
import { isTerminalPhase, WAITS } from './phases.ts';
import type { Closure, Repository, Revision } from './repository.ts';
import { SCHEDULE_CELLS } from './schedule-columns.ts';
import type { Shard } from './shard-kind.ts';
import { scopeText, type Token } from './token-kind.ts';

type Definition = KubeObject & { readonly spec: DefinitionSource };

const VERSION = text<Definition>(
  'Version',
  'Commit that last changed this definition.',
  (it) => shortCommit(it.spec.commit),
  '.spec.commit',
);
const FILE = wide<Definition>('File', 'File of the repository that declares it.', (it) => it.spec.file, '.spec.file');
const CLOSURE = wide<Definition>(
  'Closure',
  'Start of the digest of its compiled form.',
  (it) => it.spec.closure?.slice(0, 12),
  '.spec.closure',
);
const INPUTS = text<Workflow>('Inputs', 'Names of its inputs; `?` marks those that may be left out.', (it) =>
  Object.entries(it.spec.interface.inputs)
    .map(([name, { required }]) => (required === false ? `${name}?` : name))
    .join(','),
);
const OUTPUTS = wide<Workflow>('Outputs', 'Names of its outputs.', (it) => keys(it.spec.interface.outputs));

/** Columns of our own kinds. */
export const OWN_CELLS: readonly (readonly [string, KindColumns])[] = [
  [
    'Execution',
    {
      columns: [
        text<Execution>('Workflow', 'Workflow that it runs.', (it) => it.spec.workflow, '.spec.workflow'),
        text<Execution>('Commit', 'Commit that it is pinned to.', (it) => shortCommit(it.spec.commit), '.spec.commit'),
        text<Execution>('Phase', 'Where it stands.', phase, '.status.phase'),
        text<Execution>('Nodes', 'Nodes that ended, of all.', progress),
        wide<Execution>(
          'Launch-Plan',
          'Launch plan that it came from.',
          (it) => it.spec.launchPlan,
          '.spec.launchPlan',
        ),
        wide<Execution>('Trigger', 'What started it.', trigger, '.spec.trigger.kind'),
        wide<Execution>('Duration', 'From its start to its end, or to now.', duration),
        wide<Execution>('Attempt-Time', 'Time that attempts ran, all together.', (it) =>
          secondsText(it.status?.cost?.attemptSeconds),
        ),
        wide<Execution>('CPU-Time', 'The same times the cores that they asked for.', (it) =>
          secondsText(it.status?.cost?.cpuSeconds),
        ),
        wide<Execution>(
          'Message',
          'Why it failed, or why it waits.',
          (it) => it.status?.error?.message ?? it.status?.message,
          '.status.error.message',
        ),
      ],
    },
  ],
  [
    'Workflow',
    {
      columns: [
        VERSION,
        count<Workflow>('Nodes', 'Nodes of its graph.', (it) => it.spec.nodes, '.spec.nodes'),
        INPUTS,
        OUTPUTS,
        FILE,
        CLOSURE,
      ],
    },
  ],
  [
    'Task',
    {
      columns: [
        VERSION,
        INPUTS,
        OUTPUTS,
        wide<Task>('Image', 'Container image, where it has one.', (it) => it.spec.image, '.spec.image'),
        FILE,
        CLOSURE,
      ],
    },
  ],
  [
    'LaunchPlan',
    {
      columns: [
        VERSION,
        text<LaunchPlan>('Workflow', 'Workflow that it launches.', (it) => it.spec.workflow, '.spec.workflow'),
        INPUTS,
        wide<LaunchPlan>('Fixed', 'Inputs that callers cannot change.', (it) => keys(it.spec.fixedInputs)),
        wide<LaunchPlan>(
          'Max-Parallelism',
          'Task attempts at a time.',
          (it) => it.spec.maxParallelism,
          '.spec.maxParallelism',
        ),
        FILE,
        CLOSURE,
      ],
    },
  ],
  ...SCHEDULE_CELLS,
  [
    'Platform',
    {
      columns: [
        VERSION,
        count<Platform>('Workers', 'Propeller workers.', (it) => it.spec.propeller.workers, '.spec.propeller.workers'),
        count<Platform>(
          'Max-Parallelism',
          'Task attempts of one execution.',
          (it) => it.spec.propeller.maxParallelism,
          '.spec.propeller.maxParallelism',
        ),
        wide<Platform>(
          'Object-Store',
          'Whether the object store that it names can be used.',
          (it) => condition(it.status?.conditions, 'ObjectStoreReady')?.status,
          '.status.conditions[?(@.type=="ObjectStoreReady")].status',
        ),
        FILE,
      ],
    },
  ],
  [
    'Shard',
    {
      columns: [
        count<Shard>('Workers', 'Propeller workers.', (it) => it.status?.workers ?? 0, '.status.workers'),
        count<Shard>(
          'Free',
          'Workers with no round in flight.',
          (it) => it.status?.freeWorkers ?? 0,
          '.status.freeWorkers',
        ),
        count<Shard>(
          'Queue',
          'Executions that wait for a worker.',
          (it) => it.status?.queueDepth ?? 0,
          '.status.queueDepth',
        ),
        count<Shard>(
          'Executions',
          'Executions held in memory.',
          (it) => it.status?.executions ?? 0,
          '.status.executions',
        ),
        text<Shard>(
          'Rounds/s',
          'Rounds a second.',
          (it) => it.status?.roundsPerSecond.toFixed(1),
          '.status.roundsPerSecond',
        ),
        text<Shard>(
          'Latency',
          'Mean length of a round.',
          (it) => (it.status === undefined ? undefined : `${it.status.roundLatencyMs}ms`),
          '.status.roundLatencyMs',
        ),
        text<Shard>(
          'Reported',
          'Time since its figures last changed.',
          (it, now) => (it.status === undefined ? undefined : age(it.status.reportedAt, now)),
          { sinceOf: '.status.reportedAt' },
        ),
        wide<Shard>(
          'Epoch',
          'Epoch of its lease, where it is one of several.',
          (it) => it.status?.epoch,
          '.status.epoch',
        ),
        wide<Shard>(
          'Transitions/s',
          'Changes of node phases a second.',
          (it) => it.status?.transitionsPerSecond,
          '.status.transitionsPerSecond',
        ),
      ],
    },
  ],
  [
    'Policy',
    {
      columns: [VERSION, count<Policy>('Rules', 'Rules that definitions keep.', (it) => it.spec.rules.length), FILE],
    },
  ],
  [
    'Repository',
    {
      columns: [
        text<Repository>(
          'Project',
          'Project that its definitions name.',
          (it) => it.status?.project,
          '.status.project',
        ),
        text<Repository>('Active', 'Active commit of each domain.', activeCommits),
        text<Repository>(
          'Ready',
          'Whether the system equals the tracked refs.',
          (it) => condition(it.status?.conditions, 'Ready')?.status,
          '.status.conditions[?(@.type=="Ready")].status',
        ),
        wide<Repository>(
          'Status',
          'What the reconciler says.',
          (it) => condition(it.status?.conditions, 'Ready')?.message,
          '.status.conditions[?(@.type=="Ready")].message',
        ),
        wide<Repository>(
          'Reviews',
          'How reviews of its pull requests go.',
          (it) => condition(it.status?.conditions, 'ReviewsPosted')?.message,
          '.status.conditions[?(@.type=="ReviewsPosted")].message',
        ),
      ],
    },
  ],
  [
    'Revision',
    {
      columns: [
        text<Revision>('Commit', 'The commit.', (it) => shortCommit(it.spec.commit), '.spec.commit'),
        text<Revision>('Author', 'Who wrote it.', (it) => it.spec.author.replace(/\s*<[^>]*>\s*$/, ''), '.spec.author'),
        text<Revision>('Subject', 'First line of its message.', (it) => it.spec.subject, '.spec.subject'),
        text<Revision>('Status', 'Whether it was registered.', revisionStatus),
        wide<Revision>('Repository', 'Repository that holds it.', (it) => it.spec.repository, '.spec.repository'),
        wide<Revision>('Refs', 'Refs of the push that brought it.', (it) => it.spec.refs.join(','), '.spec.refs'),
        wide<Revision>('Entities', 'Definitions that it holds.', entityCounts, '.spec.counts'),
      ],
    },
  ],
  [
    'MapResults',
    {
      columns: [
        text<MapResults>(
          'Execution',
          'Execution that the map is part of.',
          (it) => it.spec.execution,
          '.spec.execution',
        ),
        text<MapResults>('Node', 'Node of the map.', (it) => it.spec.node, '.spec.node'),
        count<MapResults>(
          'Results',
          'Subtasks whose outputs it holds.',
          (it) => Object.keys(it.status?.results ?? {}).length,
        ),
      ],
    },
  ],
  [
    'Notification',
    {
      columns: [
        text<Notification>('Execution', 'Execution that it is about.', (it) => it.spec.execution, '.spec.execution'),
        text<Notification>('Event', 'What happened to it.', (it) => it.spec.event, '.spec.event'),
        text<Notification>('Channel', 'How somebody is told.', (it) => channelOf(it.spec.target)),
        text<Notification>(
          'State',
          'Whether somebody was told.',
          (it) => it.status?.phase ?? 'Pending',
          '.status.phase',
        ),
        count<Notification>('Attempts', 'Tries so far.', (it) => it.status?.attempts ?? 0, '.status.attempts'),
        wide<Notification>('Retry', 'When it is tried again.', (it) => it.status?.retryAt, '.status.retryAt'),
        wide<Notification>('Message', 'Why the last try failed.', (it) => it.status?.message, '.status.message'),
      ],
    },
  ],
  [
    'CacheEntry',
    {
      columns: [
        text<CacheEntry>('Task', 'Task whose outputs it holds.', (it) => it.spec.task, '.spec.task'),
        text<CacheEntry>('State', 'Whether it holds outputs, or somebody computes them.', entryState),
        text<CacheEntry>('From', 'Node that filled it, or is to.', entryOrigin, '.spec.madeBy.execution'),
        text<CacheEntry>('Expires', 'Until when it is good.', (it) => it.spec.expiresAt ?? 'never', '.spec.expiresAt'),
        wide<CacheEntry>(
          'Commit',
          'Commit at which it was filled.',
          (it) => shortCommit(it.spec.commit),
          '.spec.commit',
        ),
        wide<CacheEntry>('Bytes', 'Size of its outputs as JSON.', (it) => it.spec.outputs?.length),
      ],
    },
  ],
  [
    'Token',
    {
      columns: [
        text<Token>('Scopes', 'What it allows.', (it) => it.spec.scopes.map(scopeText).join(' ')),
        text<Token>('Groups', 'Names that rules of refs may use.', (it) => it.spec.groups?.join(','), '.spec.groups'),
        text<Token>('Expires', 'Until when it is good.', (it, now) => expiry(it, now), '.spec.expiresAt'),
        text<Token>('By', 'Who made it.', (it) => it.spec.by, '.spec.by'),
      ],
    },
  ],
  [
    'Closure',
    {
      columns: [
        text<Closure>('Of', 'Kind of what was compiled.', (it) => it.spec.of, '.spec.of'),
        text<Closure>('Entity', 'Name of what was compiled.', (it) => it.spec.name, '.spec.name'),
      ],
    },
  ],
];

function expiry({ spec }: Token, now: number): string {
  if (spec.expiresAt === undefined) return 'never';
  return Date.parse(spec.expiresAt) <= now ? 'expired' : spec.expiresAt;
}

function phase(it: Execution): string {
  const current = it.status?.phase ?? 'Pending';
  const isOver = it.status?.finishedAt !== undefined;
  if (isOver || it.spec.desired === undefined || it.spec.desired === 'Running') {
    return !isOver && it.status?.message?.startsWith(WAITS) ? `${current} (waiting)` : current;
  }
  return it.spec.desired === 'Paused' ? `${current} (paused)` : 'Aborting';
}

function progress(it: Execution): string {
  const nodes = Object.entries(it.status?.nodes ?? {});
  // Those of the workflow itself: what they run is counted in none.
  const own = nodes.filter(([path]) => !path.includes('/') && path !== 'onFailure');
  const ended = own.filter(([, node]) => isTerminalPhase(node.phase)).length;
  return it.status?.nodeCount === undefined ? `${ended}` : `${ended}/${it.status.nodeCount}`;
}

function trigger(it: Execution): string {
  const cause = it.spec.trigger;
  if (cause.kind === 'schedule') return `schedule ${cause.schedule}`;
  if (cause.kind === 'relaunch' || cause.kind === 'recover') return `${cause.kind} of ${cause.of}`;
  if (cause.kind === 'execution') return `${cause.execution}/${cause.node}`;
  return cause.by === undefined ? 'manual' : `manual by ${cause.by}`;
}

function secondsText(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : humanDuration(seconds * 1_000);
}

function duration(it: Execution, now: number): string | undefined {
  if (it.status?.startedAt === undefined) return undefined;
  const end = it.status.finishedAt === undefined ? now : Date.parse(it.status.finishedAt);
  return humanDuration(end - Date.parse(it.status.startedAt));
}

function entryState({ spec }: CacheEntry, now: number): string {
  if (spec.outputs === undefined) return 'Reserved';
  return spec.expiresAt !== undefined && Date.parse(spec.expiresAt) <= now ? 'Expired' : 'Filled';
}

function entryOrigin({ spec }: CacheEntry): string | undefined {
  const origin = spec.madeBy ?? spec.reservation;
  if (origin === undefined) return undefined;
  return `${origin.execution}/${origin.node}${origin.index === undefined ? '' : `/${origin.index}`}`;
}

function activeCommits(it: Repository): string {
  return Object.entries(it.status?.domains ?? {})
    .filter(([, domain]) => domain.lastApplied !== undefined)
    .map(([name, domain]) => `${name}:${shortCommit(domain.lastApplied)}`)
    .join(',');
}

function revisionStatus(it: Revision): string {
  if (it.spec.rejected !== true) return 'Registered';
  const errors = it.spec.diagnostics?.filter((each) => each.severity === 'error').length ?? 0;
  return errors === 0 ? 'Rejected' : `Rejected (${errors} ${errors === 1 ? 'error' : 'errors'})`;
}

function entityCounts(it: Revision): string {
  return Object.entries(it.spec.counts ?? {})
    .map(([kind, number]) => `${number} ${kind}`)
    .join(', ');
}
