const HEAD = 'apiVersion: pipectl.dev/v1\n';
const PROJECT = `${HEAD}kind: Project
metadata: { name: ticketing, description: Forecasts of an event-ticketing company. }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

function task(name: string, inputs: string, outputs: string): string {
  const about = `metadata: { name: ${name}, description: Part of the forecast. }`;
  return `kind: Task\n${about}\nspec: { inputs: ${inputs}, outputs: ${outputs}, run: { command: [./${name}] }, timeout: { run: 5m } }\n`;
}

function workflow(name: string, inputs: string, nodes: readonly string[]): string {
  const about = `metadata: { name: ${name}, description: What to expect of the next days. }`;
  return `kind: Workflow\n${about}\nspec:\n  inputs: ${inputs}\n  nodes:\n${nodes.map((node) => `    ${node}\n`).join('')}`;
}

function plan(name: string, started: string): string {
  return `kind: LaunchPlan\nmetadata: { name: ${name}, description: As it runs at night. }\nspec: { workflow: ${started} }\n`;
}

function schedule(name: string, started: string, fields: string): string {
  return `kind: Schedule\nmetadata: { name: ${name} }\nspec: { launchPlan: ${started}, ${fields}, catchUp: { policy: latest } }\n`;
}

const file = (...documents: readonly string[]): string => HEAD + documents.join('---\n');
const TASKS = file(
  task('ingest', '{}', '{ rows: integer }'),
  task('forecast', '{ rows: integer, days: integer }', '{ tickets: integer }'),
  task('check', '{ rows: integer }', '{ rows: integer }'),
);
const BERLIN = 'timeZone: Europe/Berlin';
const DAYS = '{ days: { type: integer, default: 7 } }';
const REFRESH = schedule('stock', 'stock', 'cron: "10 * * * *"');

/** A forecast each night, the stock each hour, and a report that starts the forecast for other days. */
export function base(): Readonly<Record<string, string>> {
  const nodes = [
    'ingest: { task: ingest }',
    'forecast: { task: forecast, with: { rows: "${{ nodes.ingest.outputs.rows }}", days: "${{ inputs.days }}" } }',
  ];
  return {
    'pipectl.yaml': PROJECT,
    CODEOWNERS: '/pipelines/ @acme/data\n/pipelines/schedules.yaml @acme/on-call\n',
    'pipelines/tasks.yaml': TASKS,
    'pipelines/demand.yaml': file(workflow('demand', DAYS, nodes), plan('demand', 'demand')),
    'pipelines/stock.yaml': file(workflow('stock', '{}', ['ingest: { task: ingest }']), plan('stock', 'stock')),
    'pipelines/report.yaml': file(
      workflow('report', '{}', ['month: { launchPlan: demand, with: { days: "${{ 30 }}" } }']),
      plan('report', 'report'),
    ),
    'pipelines/schedules.yaml': file(
      schedule('demand', 'demand', `cron: "30 3 * * *", ${BERLIN}`),
      schedule('report', 'report', `cron: "0 7 1 * *", ${BERLIN}`),
      REFRESH,
    ),
  };
}

/** What somebody may want on a Monday: an input less, a check more, an earlier night and more of the stock. */
export function change(): Readonly<Record<string, string>> {
  const nodes = [
    'ingest: { task: ingest }',
    'check: { task: check, with: { rows: "${{ nodes.ingest.outputs.rows }}" } }',
    'forecast: { task: forecast, with: { rows: "${{ nodes.check.outputs.rows }}", days: "${{ 14 }}" } }',
  ];
  return {
    'pipelines/demand.yaml': file(workflow('demand', '{}', nodes), plan('demand', 'demand')),
    'pipelines/report.yaml': file(
      workflow('report', '{}', ['month: { launchPlan: demand }']),
      plan('report', 'report'),
    ),
    'pipelines/schedules.yaml': file(
      schedule('demand', 'demand', `cron: "30 2 * * *", ${BERLIN}`),
      schedule('report', 'report', `cron: "0 7 1 * *", ${BERLIN}`),
      schedule('stock', 'stock', 'cron: "*/15 * * * *"'),
      schedule('weekend', 'stock', `cron: "0 2 * * sat,sun", ${BERLIN}`),
    ),
  };
}
