import type { CommandSpec } from './command.ts';
import { OUTPUT } from './command-options.ts';

/** The commands of the help's part "Look". */
export const LOOK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'tui',
    group: 'Look',
    summary: 'Look at everything on one full screen, live',
    description:
      'Executions, their nodes and logs, schedules, revisions and what can be done with them, by keys. ? tells all of them.\n' +
      'Colours and keys can be changed in ~/.config/pipectl/tui.yaml; docs/tui.md says how.',
    examples: [
      { command: 'pipectl tui', meaning: 'executions of this checkout' },
      { command: 'pipectl tui --view schedules -n ticketing-production', meaning: 'begin elsewhere' },
      { command: "pipectl tui --filter 'phase:failed age:<1d'", meaning: 'what failed today' },
    ],
    arguments: [],
    options: [
      { flags: '--view <NAME>', description: 'Where to begin: executions, pulse, schedules, revisions …' },
      { flags: '--filter <TEXT>', description: 'What to show of it, as behind /' },
      { flags: '--screen-reader', description: 'Tell what is new as lines, for screen readers' },
    ],
    endsItself: true,
    load: () => import('./commands/tui.ts'),
  },
  {
    name: 'get',
    group: 'Look',
    summary: 'List objects, or show one',
    description:
      'Executions come as one list, those that run first and then the last to end, wherever they are kept: among the live\n' +
      'objects or in the archive. --watch follows live ones.',
    examples: [
      { command: 'pipectl get executions -w', meaning: 'and follow changes' },
      { command: 'pipectl get exec --phase failed,timedout --since 7d', meaning: 'what failed this week' },
      { command: 'pipectl get exec --workflow etl --sort -duration --limit 10', meaning: 'the ten longest' },
      { command: 'pipectl get exec -A --field-selector status.phase=Failed', meaning: 'failed ones, everywhere' },
      { command: 'pipectl get workflow etl -o yaml', meaning: 'everything about one' },
    ],
    arguments: [
      {
        name: 'KIND',
        description: 'For example executions, exec, workflows, revisions, pods',
        required: true,
        completes: 'kind',
      },
      { name: 'NAME', description: 'Names of objects; default: all', repeated: true },
    ],
    options: [
      OUTPUT('table', 'wide', 'json', 'yaml', 'name'),
      { flags: '-w, --watch', description: 'Follow changes until Ctrl-C' },
      { flags: '-A, --all-namespaces', description: 'Objects of all namespaces' },
      { flags: '-l, --selector <LABELS>', description: 'For example pipectl.dev/workflow=etl' },
      { flags: '--field-selector <FIELDS>', description: 'For example status.phase!=Succeeded' },
      { flags: '--no-headers', description: 'Rows only' },
      { flags: '--since <WHEN>', description: 'Executions that ended since: 7d (ago), a day, or an instant' },
      { flags: '--until <WHEN>', description: 'Executions that ended before' },
      { flags: '--phase <PHASES>', description: 'Executions in these phases, with commas' },
      { flags: '--workflow <NAME>', description: 'Executions of this workflow' },
      { flags: '--launch-plan <NAME>', description: 'Executions of this launch plan' },
      { flags: '--schedule <NAME>', description: 'Executions of ticks of this schedule' },
      { flags: '--limit <N>', description: 'At most so many executions; default: 100' },
      {
        flags: '--sort <KEY>',
        description: 'Executions by finished, started, created, duration, name; -KEY: last first',
        choices: ['finished', 'started', 'created', 'duration', 'name'].flatMap((key) => [key, `-${key}`]),
      },
    ],
    load: () => import('./commands/get.ts'),
  },
  {
    name: 'watch',
    group: 'Look',
    summary: 'Print a line whenever an execution changes',
    description:
      'The full screen as lines, for CI and for files: when, name, phase, nodes that ended, how long, workflow, message. Only\n' +
      'what a reader would see is a change. First come the executions that are there; it goes on when the control plane\n' +
      'restarts, and ends when it is interrupted or nobody reads any more.',
    examples: [
      { command: 'pipectl watch executions', meaning: 'until Ctrl-C' },
      { command: 'pipectl watch executions --changes-only --phase failed,timedout', meaning: 'what fails from now on' },
      { command: 'pipectl watch executions -A -l team=data -o json', meaning: 'for scripts, an object in each line' },
    ],
    arguments: [
      { name: 'KIND', description: 'executions', required: true, completes: 'kind' },
      { name: 'NAME', description: 'Names of executions, also of later ones; default: all', repeated: true },
    ],
    options: [
      OUTPUT('text', 'json', 'name'),
      { flags: '--changes-only', description: 'Leave out those that are there as they are' },
      { flags: '-A, --all-namespaces', description: 'Executions of all namespaces' },
      { flags: '-l, --selector <LABELS>', description: 'For example team=data' },
      { flags: '--phase <PHASES>', description: 'Only changes to these phases, with commas' },
      { flags: '--workflow <NAME>', description: 'Executions of this workflow' },
      { flags: '--launch-plan <NAME>', description: 'Executions of this launch plan' },
    ],
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'describe',
    group: 'Look',
    summary: 'Tell about one object what a person asks',
    examples: [
      { command: 'pipectl describe execution nightly-x7k2pq', meaning: 'nodes, durations, errors, outputs' },
      { command: 'pipectl describe workflow etl', meaning: 'interface, version, file' },
      { command: 'pipectl describe revision 3f2c1ab', meaning: 'what a commit brought' },
    ],
    arguments: [
      { name: 'KIND', description: 'Kind of the object; also KIND/NAME', required: true, completes: 'kind' },
      { name: 'NAME', description: 'Name of the object' },
    ],
    options: [],
    load: () => import('./commands/describe.ts'),
  },
  {
    name: 'durations',
    group: 'Look',
    summary: 'Tell how long launch plans take',
    description:
      'Median and 95th percentile of the executions that succeeded, live and archived ones. As JSON it is a history for\n' +
      '`pipectl review --history FILE`, which needs no control plane then; no name of an execution and no input is in it.',
    examples: [
      { command: 'pipectl durations', meaning: 'of the last 30 days' },
      { command: 'pipectl durations --since 7d', meaning: 'of the last week' },
      { command: 'pipectl durations -A -o json > history.json', meaning: 'of all namespaces, for reviews' },
    ],
    arguments: [],
    options: [
      { flags: '-A, --all-namespaces', description: 'Launch plans of all namespaces' },
      { flags: '--since <WHEN>', description: 'Executions that ended since: 7d (ago), a day, or an instant' },
      { flags: '--no-headers', description: 'Rows only' },
      OUTPUT('table', 'json'),
    ],
    load: () => import('./commands/durations.ts'),
  },
  {
    name: 'logs',
    group: 'Look',
    summary: 'Print what tasks wrote',
    examples: [
      { command: 'pipectl logs nightly-x7k2pq', meaning: 'all nodes' },
      { command: 'pipectl logs nightly-x7k2pq/forecast/3 -f', meaning: 'one subtask of a map, as it writes' },
      { command: 'pipectl logs nightly-x7k2pq/ingest --attempt 1', meaning: 'an earlier attempt' },
    ],
    arguments: [
      {
        name: 'EXECUTION[/NODE[/INDEX]]',
        description: 'What to print the log of',
        required: true,
        completes: 'execution',
      },
    ],
    options: [
      { flags: '-f, --follow', description: 'Until the execution ends' },
      { flags: '--attempt <N>', description: 'Which attempt; default: the last of each' },
      { flags: '--tail <N>', description: 'Only the last lines of each attempt' },
      { flags: '--timestamps', description: 'When each line was written' },
    ],
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'outputs',
    group: 'Look',
    summary: 'Print what an execution or a node gave out',
    description:
      'As JSON and whole, also what is in the object store; of all outputs one object. What an execution that is over gave\n' +
      'out is printed from the archive.',
    examples: [
      { command: 'pipectl outputs nightly-x7k2pq', meaning: 'all of the execution' },
      { command: 'pipectl outputs nightly-x7k2pq/ingest rows', meaning: 'one of a node' },
    ],
    arguments: [
      {
        name: 'EXECUTION[/NODE]',
        description: 'Whose outputs',
        required: true,
        completes: 'execution',
      },
      { name: 'NAME', description: 'One output; default: all' },
    ],
    options: [],
    load: () => import('./commands/outputs.ts'),
  },
  {
    name: 'events',
    group: 'Look',
    summary: 'Tell what happened to an execution, in order',
    description:
      'Who did what, when and why: its creation and end, its nodes and their attempts with retries, answers, pauses and\n' +
      'aborts. The same for archived executions.',
    examples: [
      { command: 'pipectl events nightly-x7k2pq', meaning: 'its history' },
      { command: 'pipectl events nightly-x7k2pq -f', meaning: 'as it happens, until it ends' },
      { command: 'pipectl events nightly-x7k2pq/ingest', meaning: 'of one node' },
      { command: 'pipectl events nightly-x7k2pq -o json', meaning: 'for scripts' },
    ],
    arguments: [{ name: 'EXECUTION[/NODE]', description: 'What to tell of', required: true, completes: 'execution' }],
    options: [OUTPUT('table', 'json', 'yaml'), { flags: '-f, --follow', description: 'Until the execution ends' }],
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'graph',
    group: 'Look',
    summary: 'Draw a workflow as Mermaid, DOT or SVG',
    description:
      'Draws what this checkout defines, offline; with --rev a registered commit; with --execution what ran, each node\n' +
      'with its state. Pale or dotted edges add nothing: a longer way leads there too.',
    examples: [
      { command: 'pipectl graph etl', meaning: 'Mermaid, as GitHub shows it in Markdown' },
      { command: 'pipectl graph etl -o svg > etl.svg', meaning: 'a picture, light or dark as the reader likes' },
      { command: 'pipectl graph --execution nightly-x7k2pq -o svg > run.svg', meaning: 'how it went' },
    ],
    arguments: [{ name: 'WORKFLOW', description: 'Workflow, or a launch plan of it', completes: 'launchPlan' }],
    options: [
      OUTPUT('mermaid', 'dot', 'svg'),
      { flags: '--rev <REV>', description: 'Registered commit, its beginning, branch or tag' },
      { flags: '--execution <NAME>', description: 'Show the states of this execution' },
      {
        flags: '--direction <WHERE>',
        description: 'Where edges point to: right or down; default: what fits',
        choices: ['right', 'down'],
      },
    ],
    load: () => import('./commands/graph.ts'),
  },
  {
    name: 'schedule',
    group: 'Look',
    summary: 'Tell when a schedule ticks next',
    description:
      'On the clocks of the zone and in UTC, with a note where a change of the clocks matters. With --cron or --every neither\n' +
      'project nor control plane is needed; NAME is looked for in the files of this checkout, else in the control plane.',
    examples: [
      { command: 'pipectl schedule next nightly', meaning: 'the next 20 ticks' },
      {
        command: 'pipectl schedule next --cron "30 2 * * mon-fri" --zone Europe/Berlin',
        meaning: 'of a pattern, offline',
      },
      { command: 'pipectl schedule next --every 90m --from 2026-03-29 --count 5', meaning: 'of a rate' },
      { command: 'pipectl schedule next --cron @daily --exclude 2026-12-24..2027-01-02', meaning: 'without some days' },
    ],
    arguments: [
      { name: 'ACTION', description: 'next', required: true },
      { name: 'NAME', description: 'Schedule' },
    ],
    options: [
      { flags: '--cron <EXPR>', description: 'Ticks of this pattern, as in a definition' },
      { flags: '--every <DURATION>', description: 'Ticks of this rate, counted from --from' },
      {
        flags: '--zone <ZONE>',
        description: 'IANA zone of the pattern and of what is shown; default: of the schedule, or UTC',
      },
      { flags: '--from <TIME>', description: 'Instant, or day or time in the zone; default: now' },
      { flags: '--count <N>', description: 'How many; default: 20' },
      { flags: '--exclude <TIMES>', description: 'Leave out a day, or a span FROM..TO', repeated: true },
      { flags: '--rev <REV>', description: 'NAME as a commit of this repository has it' },
      OUTPUT('table', 'wide', 'json'),
    ],
    load: () => import('./commands/schedule-next.ts'),
  },
  {
    name: 'calendar',
    group: 'Look',
    summary: 'Show how busy the hours of the coming week are',
    description:
      'A heat map of seven days by hours: how many ticks the active schedules have, of this checkout, else of the control\n' +
      'plane, and what ticks in the busiest hours. Ticks are counted where they are due, before any spread.',
    examples: [
      { command: 'pipectl calendar', meaning: 'from today on' },
      { command: 'pipectl calendar --week --zone UTC', meaning: 'this week, from Monday, by the clock of UTC' },
      { command: 'pipectl calendar -A -o svg > week.svg', meaning: 'of the whole control plane, as a picture' },
    ],
    arguments: [],
    options: [
      { flags: '--week', description: 'From Monday on' },
      { flags: '--from <TIME>', description: 'Instant, or day in the zone; default: today' },
      { flags: '--zone <ZONE>', description: 'IANA zone of the hours; default: of this machine' },
      { flags: '--rev <REV>', description: 'Schedules as a commit of this repository has them' },
      { flags: '-A, --all-namespaces', description: 'Schedules of all namespaces' },
      OUTPUT('table', 'json', 'svg'),
    ],
    load: () => import('./commands/calendar.ts'),
  },
];
