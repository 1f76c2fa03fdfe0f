import { MAX_PRIORITY, MAX_SIGNALS, MIN_PRIORITY } from '../../base/index.ts';
import type { KindSchema } from './kind-schemas.ts';
import {
  anyObject,
  anything,
  between,
  flag,
  list,
  mapOf,
  oneOf,
  optional,
  pinned,
  record,
  ruled,
  type Schema,
  text,
  time,
  whole,
} from './schema.ts';

const PHASES = ['Pending', 'Queued', 'Running', 'Succeeded', 'Failed', 'TimedOut', 'Aborted'];
const NODE_PHASES = [...PHASES, 'Skipped', 'Recovered', 'Cached'];
const VALUES: Schema = mapOf(anything('A value.'), 'Values by name.');
const STORED: Schema = mapOf(
  record({ digest: text('SHA-256 of its JSON text.'), sizeBytes: whole('Bytes of that.') }, 'Where it is.'),
  'Outputs that are in the object store, by name.',
);

/** Of an execution. */
export const TIMEOUT = record(
  {
    queueMs: optional(whole('Milliseconds from its creation to its begin.')),
    runMs: optional(whole('Milliseconds from its begin to its end.')),
    totalMs: optional(whole('Milliseconds from its creation to its end.')),
  },
  'When the execution is given up.',
);

const ERROR = record(
  {
    reason: text('One CamelCase word, for example NonZeroExit.'),
    message: text('What happened, and what to do next.'),
    node: optional(text('Node that failed.')),
    attempt: optional(whole('Attempt that failed.')),
    exitCode: optional(whole('Exit code of its process.')),
    signal: optional(text('Signal that ended its process.')),
  },
  'Why it ended badly.',
);

const NODE: Schema = {
  ...record(
    {
      phase: oneOf(NODE_PHASES, 'Where the node stands.'),
      attempt: optional(whole('The attempt at hand or the last one, from 1.')),
      systemFailures: optional(whole("Attempts that ended by the system's fault.")),
      startedAt: optional(time('When it started.')),
      finishedAt: optional(time('When it ended.')),
      retryAt: optional(time('Earliest start of the next attempt.')),
      wakeAt: optional(time('When it goes on by itself.')),
      branch: optional(anything('Of a switch: the branch that it has taken, from 0, or else.')),
      closure: optional(text('Of a dynamic node: SHA-256 of the workflow that its task has written.')),
      outputs: optional({ ...VALUES, description: 'What it produced.' }),
      storedOutputs: optional(STORED),
      error: optional(ERROR),
      reused: optional(anything('Whose outputs these are, when it is Cached or Recovered.')),
      message: optional(text('Why it waits, when something else than its turn holds it up.')),
      map: optional(anything("A map node's subtasks, packed.")),
      wait: optional(anything('What the node waits for, and what to tell who answers.')),
      decision: optional(anything('Who answered, when and why.')),
      child: optional(anything('The child execution and its phase.')),
    },
    'One node.',
  ),
  'x-kubernetes-preserve-unknown-fields': true,
};

const SIGNAL = ruled(
  record(
    {
      decision: optional(oneOf(['approve', 'reject'], 'For an approve node.')),
      value: optional(anything('For a signal node. Null when absent.')),
      valueText: optional(text('The value as JSON text, where nulls stand in it.')),
      reason: optional(text('Why.')),
      by: optional(text('Who.')),
      at: optional(time('When.')),
    },
    'An answer to one node.',
  ),
  { rule: 'self == oldSelf', message: 'the node was answered already; the first answer counts' },
);

/** An execution: what a person may create by hand, so its spec is checked in full. */
export const EXECUTION: KindSchema = {
  description: 'One run of a workflow, pinned to a commit.',
  fields: {
    spec: pinned(
      record(
        {
          repository: text('Repository of the workflow.'),
          commit: text('Commit that the execution is pinned to.'),
          workflow: text('Workflow that it runs.'),
          closure: text('SHA-256 of the compiled workflow, 64 hexadecimal digits.'),
          launchPlan: optional(text('Launch plan that it came from.')),
          inputs: { ...VALUES, description: 'Inputs by name: complete and of the right types.' },
          maxParallelism: optional(whole('Task attempts at a time.')),
          concurrency: optional(
            record(
              {
                limit: whole('Executions of the launch plan at a time.'),
                whenFull: oneOf(['queue', 'skip'], 'What happens to one more.'),
              },
              'How many may run at once.',
            ),
          ),
          trigger: record(
            {
              kind: oneOf(['manual', 'schedule', 'execution', 'relaunch', 'recover'], 'What kind of cause.'),
              of: optional(text('Execution that it does once more.')),
              uid: optional(text('Uid of that execution.')),
              by: optional(text('Who asked for it.')),
              schedule: optional(text('Schedule that started it.')),
              tick: optional(time('The tick that it stands for.')),
              backfill: optional(text('Backfill that asked for a tick of the past.')),
              execution: optional(text('Execution whose node started it.')),
              node: optional(text('Path of that node.')),
              depth: optional(whole('Executions above it.')),
            },
            'What started it.',
          ),
          priority: optional(
            between(whole('Which executions go first, from -100 to 100. 0 when absent.'), MIN_PRIORITY, MAX_PRIORITY),
          ),
          notifications: optional(list(anyObject('One rule.'), 'Who is told of it, and of what.')),
          interruptible: optional(flag('Whether attempts may run on machines that the system can take away.')),
          timeout: optional(TIMEOUT),
          cache: optional(
            oneOf(
              ['overwrite', 'off'],
              'overwrite: every task runs and fills the cache anew. off: it is neither read nor filled.',
            ),
          ),
          desired: optional(
            oneOf(
              ['Running', 'Paused', 'Aborted'],
              'Set Aborted to end it, Paused to start nothing new. Running when absent.',
            ),
          ),
          signals: optional({
            ...mapOf(SIGNAL, 'Answers to nodes that wait, by node path. The first one counts.'),
            maxProperties: MAX_SIGNALS,
          }),
        },
        'What to run. Immutable but for desired and signals.',
      ),
      ['desired', 'signals'],
      'only spec.desired and spec.signals of an Execution may change',
    ),
    status: {
      ...record(
        {
          phase: oneOf(PHASES, 'Where the execution stands. Succeeded, Failed, TimedOut and Aborted are final.'),
          startedAt: optional(time('When it started.')),
          finishedAt: optional(time('When it ended.')),
          nodes: optional(mapOf(NODE, 'Nodes that have left Pending, by path.')),
          nodeCount: optional(whole('Nodes of the workflow.')),
          outputs: optional({ ...VALUES, description: 'Outputs by name, once it has succeeded.' }),
          storedOutputs: optional(STORED),
          error: optional(ERROR),
          message: optional(text('Why it waits, when it does.')),
          cost: optional(anything('Seconds that attempts ran, and those times the cores and GiB that they asked for.')),
          parked: optional(
            anything('Until when there is nothing to do, and of which generation of its spec that holds.'),
          ),
          conditions: optional(list(anything('One condition.'), 'What holds of it now.')),
        },
        'Where it stands, as the engine wrote it.',
      ),
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
};
