import { REF_RULES, TOKEN } from './access-schemas.ts';
import { CORE_SCHEMAS } from './core-schemas.ts';
import { DOMAIN } from './domain-schema.ts';
import { EXECUTION, TIMEOUT } from './execution-schema.ts';
import { NOTIFICATION } from './notification-schema.ts';
import { OBJECT_STORE } from './object-store-schema.ts';
import { BACKFILL, SCHEDULE_FIELDS, schedulerState, scheduleStatus } from './schedule-schema.ts';
import {
  anyObject,
  anything,
  type Field,
  flag,
  immutable,
  list,
  mapOf,
  number,
  oneOf,
  optional,
  record,
  type Schema,
  text,
  time,
  whole,
} from './schema.ts';
import { REVIEWS, REVIEWS_STATUS, SOURCE, SOURCE_STATUS, SUSPENDED, VERIFY, WEBHOOK } from './source-schema.ts';

/** Schemas of the fields of a kind besides apiVersion, kind and metadata. */
export interface KindSchema {
  readonly description: string;
  readonly fields: Readonly<Record<string, Schema>>;
}

const DIGEST = 'SHA-256 of the compiled form, 64 hexadecimal digits.';

const CONDITIONS = list(
  record(
    {
      type: text('What the condition is about, for example Ready.'),
      status: oneOf(['True', 'False', 'Unknown'], 'Whether it holds.'),
      reason: text('One CamelCase word for why.'),
      message: text('One sentence for people.'),
      lastTransitionTime: time('When status last changed.'),
      observedGeneration: optional(whole('Generation of the object that this was said of.')),
    },
    'One condition.',
  ),
  'What holds of the object now.',
);

const PARAMETERS = mapOf(
  record(
    {
      type: text('Type as printed, for example list<integer> or string?.'),
      required: optional(flag('Whether a caller must give it.')),
      default: optional(anything('Value when the caller gives none.')),
      description: optional(text('What it is for.')),
    },
    'One parameter.',
  ),
  'Parameters by name.',
);

const INTERFACE = record({ inputs: PARAMETERS, outputs: PARAMETERS }, 'What goes in and what comes out.');

/**
 * A definition's spec: where it comes from, and fields of its own. Its only writer is the reconciler, so nothing is required
 * but what loops read at once: who writes one past git must not bring them what they cannot read.
 */
function definition(
  description: string,
  fields: Readonly<Record<string, Field>>,
  read: { readonly status?: Schema; readonly required?: readonly string[] } = {},
): KindSchema {
  const { required: _, ...spec } = record(
    {
      repository: text('Repository that declares it.'),
      commit: text('Commit that last changed this definition.'),
      closure: text(DIGEST),
      file: text('File that declares it.'),
      description: optional(text('What its author says of it.')),
      ...fields,
    },
    'The active version, as the reconciler wrote it. Change it in git, not here.',
  );
  const { status, required } = read;
  const checked: Schema = { ...spec, 'x-kubernetes-map-type': 'atomic', ...(required !== undefined && { required }) };
  return { description, fields: { spec: checked, ...(status !== undefined && { status }) } };
}

const REPOSITORY: KindSchema = {
  description: 'A git repository whose pushes register pipelines and whose tracked refs are reconciled.',
  fields: {
    spec: record(
      {
        source: SOURCE,
        webhook: optional(WEBHOOK),
        reviews: optional(REVIEWS),
        verify: optional(VERIFY),
        rules: optional(REF_RULES),
        suspended: optional(SUSPENDED),
      },
      'What is wanted.',
    ),
    status: record(
      {
        project: optional(text('Project that the definitions name.')),
        heads: optional(mapOf(text('A registered commit.'), 'Branch or tag → the commit that it shows.')),
        lastSyncRequest: optional(text('Echo of the annotation pipectl.dev/sync-requested-at.')),
        domains: optional(mapOf(DOMAIN, 'Domains by name.')),
        source: optional(SOURCE_STATUS),
        reviews: optional(REVIEWS_STATUS),
        conditions: optional(CONDITIONS),
      },
      'What is.',
    ),
  },
};

const REVISION: KindSchema = {
  description: 'One registered commit. Immutable.',
  fields: {
    spec: immutable(
      'Revision',
      record(
        {
          repository: text('Repository that holds the commit.'),
          commit: text('The commit hash.'),
          tree: text("The commit's tree id."),
          parents: list(text('A commit hash.'), 'Parent commits.'),
          author: text('Who wrote it.'),
          committedAt: time('When it was committed.'),
          subject: text('First line of its message.'),
          refs: list(text('A ref.'), 'Refs of the push that brought it.'),
          project: optional(text('Project that its definitions name.')),
          index: optional(text('Digest of the index of its entities; absent when rejected.')),
          counts: optional(mapOf(whole('How many.'), 'Entities by kind.')),
          rejected: optional(flag('Whether it was refused.')),
          diagnostics: optional(list(anything('One finding.'), 'Errors when rejected, warnings when not.')),
        },
        'The commit as registered.',
      ),
    ),
    status: anyObject('Not used.'),
  },
};

const CLOSURE: KindSchema = {
  description: 'A compiled entity or index page, named by its SHA-256. Immutable.',
  fields: {
    spec: immutable(
      'Closure',
      record(
        {
          of: text('Kind of what was compiled, or Index, or Chunk.'),
          name: optional(text('Name of what was compiled.')),
          encoding: oneOf(['json', 'gzip'], 'How content is written.'),
          content: optional(text('Canonical JSON, or base64 of its gzip.')),
          chunks: optional(list(text(DIGEST), 'Closures to join when the content is too large for one.')),
        },
        'The compiled form.',
      ),
    ),
  },
};

const ORIGIN = {
  execution: text('Name of the execution.'),
  uid: text('Its uid.'),
  node: text('Path of the node.'),
  index: optional(whole('Index of the subtask of a map.')),
};

const MAP_RESULTS: KindSchema = {
  description: 'Outputs of neighbouring subtasks of a large map, beside its execution and gone with it.',
  fields: {
    spec: record(
      {
        execution: text('Execution that the map is part of.'),
        node: text('Node of the map.'),
        chunk: whole('Which chunk of the subtasks, from 0.'),
      },
      'Whose outputs these are. Written by the engine alone.',
    ),
    status: record(
      { results: optional(mapOf(anything('Outputs by name, in a list of one.'), 'Outputs by index of the subtask.')) },
      'The outputs.',
    ),
  },
};

const CACHE_ENTRY: KindSchema = {
  description: 'Outputs of a task, named by the SHA-256 of what they were made from.',
  fields: {
    spec: record(
      {
        task: text('Task whose outputs it holds.'),
        workflow: text('Workflow that ran it.'),
        commit: text('Commit at which it ran.'),
        outputs: optional(text('JSON text of the outputs; absent while somebody computes them.')),
        storedOutputs: optional(text('JSON text of where those are that are in the object store.')),
        madeBy: optional(record(ORIGIN, 'Who filled it.')),
        madeAt: optional(time('When it was filled.')),
        expiresAt: optional(time('Until when it is good; absent: for ever.')),
        reservation: optional(record({ ...ORIGIN, since: time('Since when.') }, 'Who computes the outputs.')),
      },
      'What is kept.',
    ),
    status: anyObject('Not used.'),
  },
};

const LIMIT = record(
  { limit: whole('Executions at a time.'), whenFull: oneOf(['queue', 'skip'], 'What happens to one more.') },
  'How many may run at once.',
);

const PROPELLER: Schema = {
  ...record(
    {
      workers: whole('Executions that one shard steps at a time.'),
      maxParallelism: whole('Task attempts of one execution at a time.'),
    },
    'Workers, parallelism and sharding.',
  ),
  'x-kubernetes-preserve-unknown-fields': true,
};

const RULE = record(
  {
    name: text('Name of the rule.'),
    match: anyObject('Which definitions it is about: kinds, labels, expression.'),
    assert: text('What must hold of them, in CEL.'),
    message: text('What is said where it does not.'),
    severity: oneOf(['error', 'warning'], 'Whether a commit that breaks it is rejected.'),
    except: optional(anyObject('Labels of definitions that it leaves out.')),
  },
  'One rule.',
);

const SHARD: KindSchema = {
  description: 'One propeller shard, as it said when something of it last changed.',
  fields: {
    spec: record({}, 'Nothing.'),
    status: record(
      {
        epoch: optional(whole('Epoch of its lease; absent where it is alone.')),
        workers: whole('Executions that it steps at a time.'),
        freeWorkers: whole('Workers with no round in flight.'),
        queueDepth: whole('Executions that wait for a worker.'),
        executions: whole('Executions held in memory.'),
        roundsPerSecond: number('Rounds a second since the report before.'),
        transitionsPerSecond: number('Changes of node phases a second since then.'),
        roundLatencyMs: number('Mean length of a round since then, in milliseconds.'),
        reportedAt: time('When it said so.'),
      },
      'Its figures. Written by the shard.',
    ),
  },
};

const SCHEDULE = definition('Starts executions of a launch plan at times.', SCHEDULE_FIELDS, {
  status: scheduleStatus(CONDITIONS),
  required: ['launchPlan', 'timeZone', 'catchUp', 'active'],
});

/** The schema of every kind that has one; kinds without are taken as they come. */
export const KIND_SCHEMAS: ReadonlyMap<string, KindSchema> = new Map<string, KindSchema>([
  ...CORE_SCHEMAS,
  ['Repository', REPOSITORY],
  ['Revision', REVISION],
  ['Closure', CLOSURE],
  [
    'Workflow',
    definition('A graph of nodes, at its active version.', {
      interface: INTERFACE,
      nodes: whole('Nodes of its graph.'),
    }),
  ],
  [
    'Task',
    definition('A command with typed inputs and outputs, at its active version.', {
      interface: INTERFACE,
      image: optional(text('Container image that it runs in.')),
    }),
  ],
  [
    'LaunchPlan',
    definition('A way to launch a workflow: defaults, fixed inputs and limits.', {
      workflow: text('Workflow that it launches.'),
      workflowClosure: text(DIGEST),
      interface: INTERFACE,
      fixedInputs: mapOf(anything('A value.'), 'Inputs that callers cannot change.'),
      maxParallelism: optional(whole('Task attempts of one execution at a time.')),
      concurrency: optional(LIMIT),
      priority: optional(whole('Which executions go first, from -100 to 100. 0 when absent.')),
      notifications: optional(list(anyObject('One rule.'), 'Who is told of its executions, and of what.')),
      interruptible: optional(flag('Whether attempts may run on machines that the system can take away.')),
      timeout: optional(TIMEOUT),
    }),
  ],
  ['Schedule', SCHEDULE],
  ['SchedulerState', schedulerState(CONDITIONS)],
  ['Backfill', BACKFILL],
  [
    'Platform',
    definition(
      'Settings of the engine.',
      {
        propeller: PROPELLER,
        retention: optional(mapOf(anything('A limit.'), 'How long what is over is kept.')),
        quotas: optional(list(anything('One quota.'), 'What executions may take at a time.')),
        scheduler: optional(mapOf(anything('A setting.'), 'Whether schedules tick, and how fast.')),
        objectStore: optional(OBJECT_STORE),
      },
      {
        status: record({ conditions: optional(CONDITIONS) }, 'Whether what it names can be used.'),
        required: ['propeller'],
      },
    ),
  ],
  ['Policy', definition('Rules that definitions keep.', { rules: list(RULE, 'The rules.') })],
  ['Shard', SHARD],
  ['Execution', EXECUTION],
  ['CacheEntry', CACHE_ENTRY],
  ['MapResults', MAP_RESULTS],
  ['Notification', NOTIFICATION],
  ['Token', TOKEN],
]);
