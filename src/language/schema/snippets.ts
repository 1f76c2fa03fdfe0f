/**
 * What an editor offers to insert: `$1` and `${1:default}` are places to fill in, as in VS Code's snippets. Texts stand as
 * YAML, so one that YAML would read otherwise has its quotes.
 */
export interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

const API = 'pipectl.dev/v1';

function typeSnippet(label: string, description: string, body = label): Snippet {
  return { label, description, body };
}

const TYPES: readonly Snippet[] = [
  typeSnippet('integer', 'A whole number of 64 bits.'),
  typeSnippet('float', 'A number.'),
  typeSnippet('string', 'Text.'),
  typeSnippet('boolean', 'true or false.'),
  typeSnippet('datetime', 'An instant: 2026-01-02T03:04:05Z.'),
  typeSnippet('duration', 'A length of time: 5m, 1h30m, PT5M.'),
  typeSnippet('json', 'Any value.'),
  typeSnippet('file', 'A file.'),
  typeSnippet('directory', 'A folder with all in it.'),
  typeSnippet('list<T>', 'A list of values of one type.', 'list<${1:string}>'),
  typeSnippet('map<T>', 'Values of one type by name.', 'map<${1:string}>'),
  typeSnippet('enum<a|b>', 'One of these words.', 'enum<${1:small}|${2:large}>'),
  typeSnippet('{ x: T }', 'A record with these fields; `y?: T` may be absent.', '"{ ${1:day}: ${2:string} }"'),
  typeSnippet('table<col: T>', 'Rows with these columns.', '"table<${1:day}: ${2:string}>"'),
];

/** A node's snippet: the fields of the node. */
function nodeSnippet(label: string, description: string, body: unknown): Snippet {
  return { label: `${label} node`, description, body };
}

/** Of nodes, by the field that says what they do. */
export const NODE_SNIPPETS: Readonly<Record<string, readonly Snippet[]>> = {
  task: [
    nodeSnippet('task', 'Runs a task once.', { task: '${1:add-two}', with: { '${2:a}': '\\${{ inputs.${3:a} }}' } }),
  ],
  map: [
    nodeSnippet('map', 'Runs a task for each element of a list.', {
      map: { task: '${1:add-two}', over: { '${2:a}': '\\${{ inputs.${3:a} }}' }, concurrency: '${4:10}' },
    }),
    nodeSnippet('computing map', 'Evaluates expressions for each element of a list; starts no process.', {
      map: { over: '\\${{ inputs.${1:rows} }}', compute: { '${2:total}': '\\${{ ${3:item} }}' } },
    }),
  ],
  compute: [
    nodeSnippet('compute', 'Evaluates expressions; starts no process.', {
      compute: { '${1:total}': '\\${{ ${2:1 + 1} }}' },
    }),
  ],
  switch: [
    nodeSnippet('switch', 'Does one thing or another.', {
      switch: [
        Object.fromEntries([
          ['when', '\\${{ ${1:true} }}'],
          ['then', { task: '${2:add-two}' }],
        ]),
      ],
      else: { fail: '${3:No branch fits.}' },
    }),
  ],
  approve: [
    nodeSnippet('approve', 'Waits for a person.', { approve: { message: '${1:Ship it?}', timeout: '${2:24h}' } }),
  ],
  signal: [
    nodeSnippet('signal', 'Waits for a value from outside.', {
      signal: { type: '${1:float}', message: '${2:Which threshold?}', timeout: '${3:2h}' },
    }),
  ],
  sleep: [nodeSnippet('sleep', 'Waits.', { sleep: '${1:10m}' })],
};

/** By the name of the field, or the title of the schema, whose value they are. */
export const SNIPPETS: Readonly<Record<string, readonly Snippet[]>> = {
  type: TYPES,
  parameter: [
    {
      label: 'type with a default',
      description: 'The long form.',
      body: { type: '${1:string}', default: '${2:value}', description: '${3:What it is for.}' },
    },
  ],
  cron: [
    { label: 'each night', description: 'At 02:00.', body: '${1:0} ${2:2} * * *' },
    { label: 'each weekday', description: 'Monday to Friday at 07:30.', body: '${1:30} ${2:7} * * MON-FRI' },
    { label: 'each quarter of an hour', description: 'At :00, :15, :30 and :45.', body: '"*/${1:15} * * * *"' },
    { label: 'first of the month', description: 'At 06:00.', body: '0 ${1:6} 1 * *' },
  ],
  'pipectl definition': [
    {
      label: 'Task definition',
      description: 'A command with typed inputs and outputs.',
      body: {
        apiVersion: API,
        kind: 'Task',
        metadata: { name: '${1:add-two}' },
        spec: {
          inputs: { '${2:a}': '${3:integer}' },
          outputs: { '${4:b}': '${5:string}' },
          source: '${6:tasks/}',
          run: { image: '${7:python:3.12-slim}', command: ['${8:python}', '${9:add_two.py}'] },
        },
      },
    },
    {
      label: 'Workflow definition',
      description: 'Nodes and how data flows between them.',
      body: {
        apiVersion: API,
        kind: 'Workflow',
        metadata: { name: '${1:etl}' },
        spec: {
          inputs: { '${2:a}': '${3:integer}' },
          nodes: { '${4:first}': { task: '${5:add-two}', with: { '${6:a}': '\\${{ inputs.${7:a} }}' } } },
        },
      },
    },
    {
      label: 'LaunchPlan definition',
      description: 'A workflow with inputs and limits.',
      body: {
        apiVersion: API,
        kind: 'LaunchPlan',
        metadata: { name: '${1:nightly}' },
        spec: { workflow: '${2:etl}', maxParallelism: '${3:25}', concurrency: { limit: '${4:1}', whenFull: 'queue' } },
      },
    },
    {
      label: 'Schedule definition',
      description: 'When a launch plan runs.',
      body: {
        apiVersion: API,
        kind: 'Schedule',
        metadata: { name: '${1:nightly}' },
        spec: { launchPlan: '${2:nightly}', cron: '${3:0 2 * * *}', timeZone: '${4:Europe/Berlin}' },
      },
    },
  ],
};
