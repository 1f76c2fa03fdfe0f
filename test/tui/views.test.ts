import { describe, expect, it } from 'vitest';
import { type ExecutionRow, rowMaker, viewExecution } from '../../src/client/index.ts';
import { ANNOTATION, type Execution, type KubeObject } from '../../src/cluster/index.ts';
import type { Content } from '../../src/tui/content.ts';
import { executionActions } from '../../src/tui/execution-actions.ts';
import { BINDINGS } from '../../src/tui/keys.ts';
import { lineText, lineWidth, span } from '../../src/tui/line.ts';
import { crumbs, screenLines } from '../../src/tui/screen.ts';
import { type ListState, NEW_LIST, newPlace, type Overlay, type State, type Target } from '../../src/tui/state.ts';
import { surroundingsOf } from '../../src/tui/surroundings.ts';
import { titleOf } from '../../src/tui/targets.ts';
import { executionContent } from '../../src/tui/views/execution.ts';
import { executionsContent, growWidths, NO_WIDTHS } from '../../src/tui/views/executions.ts';
import { objectsContent } from '../../src/tui/views/objects.ts';
import { pulseContent } from '../../src/tui/views/pulse.ts';
import { yamlLine } from '../../src/tui/views/yaml.ts';
import { execution, WORKFLOW } from '../cli/control-plane.ts';

/** What people see, by size: read the files in test/golden/tui as a review would. */
const NOW = Date.parse('2026-01-02T04:00:00.000Z');
const SIZES = [
  [40, 10],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

function at(seconds: number): string {
  return new Date(NOW - seconds * 1_000).toISOString();
}

function made(name: string, createdAgo: number, status: object): Execution {
  const base = execution(name);
  return { ...base, metadata: { ...base.metadata, creationTimestamp: at(createdAgo) }, status: status as never };
}

const RUNNING = made('nightly-forecast-x7k2pq', 75, {
  phase: 'Running',
  startedAt: at(74),
  nodeCount: 3,
  nodes: {
    ingest: { phase: 'Succeeded', startedAt: at(74), finishedAt: at(60), attempt: 2, outputs: { rows: 29_200 } },
    forecast: { phase: 'Running', startedAt: at(60), map: { size: 40, succeeded: 31, failed: 1, running: 8 } },
    report: { phase: 'Pending', wait: { for: 'approval', message: '公開してよいですか?' } },
  },
});
const FAILED = made('nightly-b4c8wz', 7_300, {
  phase: 'Failed',
  startedAt: at(7_300),
  finishedAt: at(7_000),
  nodeCount: 3,
  nodes: {
    ingest: {
      phase: 'Failed',
      startedAt: at(7_300),
      finishedAt: at(7_000),
      error: { reason: 'NonZeroExit', message: 'exit code 7: \u001b[31mno such file\u001b[0m\nmore' },
    },
  },
  error: { reason: 'NonZeroExit', message: 'exit code 7: no such file', node: 'ingest' },
});
const DONE = made('nightly-c4m8wz', 90_000, {
  phase: 'Succeeded',
  startedAt: at(90_000),
  finishedAt: at(89_000),
  nodeCount: 3,
});
const make = rowMaker(100);
const ROWS: readonly ExecutionRow[] = [RUNNING, FAILED, DONE].map((each) => make(each));

function listOf(rows: readonly ExecutionRow[], more: object = {}): Content {
  return executionsContent(
    {
      rows,
      total: rows.length,
      left: 0,
      isLoaded: true,
      widths: growWidths(NO_WIDTHS, rows),
      withNamespace: false,
      filter: '',
      rowOf: (id) => rows.find((row) => row.id === id),
      indexOf: (row) => rows.indexOf(row),
      ...more,
    },
    NOW,
  );
}

const shard = (name: string, freeWorkers: number) => ({
  apiVersion: 'v1',
  kind: 'Shard' as const,
  metadata: { name, creationTimestamp: at(86_400) },
  spec: {},
  status: {
    workers: 100,
    freeWorkers,
    queueDepth: 3,
    executions: 7,
    roundsPerSecond: 12.5,
    transitionsPerSecond: 9,
    roundLatencyMs: 4,
    reportedAt: at(2),
  },
});

const schedule = (name: string, createdAgo: number, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'pipectl.dev/v1',
  kind: 'Schedule',
  metadata: { namespace: 'ticketing-production', name, creationTimestamp: at(createdAgo), annotations },
  spec: {
    repository: 'ticketing',
    commit: '3f2c1ab000000000000000000000000000000001',
    file: 'pipelines/demand.yaml',
    closure: 's'.repeat(64),
    launchPlan: name,
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    catchUp: { policy: 'latest' },
    active: true,
  },
  status: { nextTick: '2026-01-03T01:30:00.000Z', lastTick: at(5_400), latenessMs: 120 },
});
const SCHEDULES = [
  schedule('nightly-forecast', 86_400),
  schedule('quarterly-close-of-all-books-and-ledgers', 7_200, { [ANNOTATION.suspended]: '{"by":"ada"}' }),
];

function objectsOf(kind: string, objects: readonly unknown[], list: Partial<ListState> = {}): Content {
  const byId = (objects as readonly KubeObject[]).map(
    (each) => [`${each.metadata.namespace ?? ''}/${each.metadata.name}`, each] as const,
  );
  return objectsContent(kind, byId, { isLoaded: true, error: undefined, left: 0 }, { ...NEW_LIST, ...list }, NOW);
}

const YAML = [
  '# what it is',
  'kind: Schedule',
  'spec:',
  "  cron: '30 2 * * *'",
  '  active: true',
  '  message: 売上を毎晩計算します、とても長い説明がここに続きます、とても長い説明がここに続きます、とても長い説明',
  ...Array.from({ length: 40 }, (_, row) => `  line-${row}: ${row}`),
];

const VIEWS: Readonly<Record<string, (columns: number) => { readonly target: Target; readonly content: Content }>> = {
  executions: () => ({ target: { kind: 'executions' }, content: listOf(ROWS) }),
  empty: () => ({ target: { kind: 'executions' }, content: listOf([]) }),
  unreachable: () => ({
    target: { kind: 'executions' },
    content: listOf([], { isLoaded: false, problem: 'the control plane does not answer: connection refused' }),
  }),
  execution: (columns) => ({
    target: { kind: 'execution', namespace: 'ticketing-production', name: 'nightly-forecast-x7k2pq' },
    content: executionContent(viewExecution(RUNNING, WORKFLOW, NOW), NOW, { columns }),
  }),
  'execution-graph': (columns) => ({
    target: { kind: 'execution', namespace: 'ticketing-production', name: 'nightly-forecast-x7k2pq' },
    content: executionContent(viewExecution(RUNNING, WORKFLOW, NOW), NOW, { columns, shape: 'graph' }),
  }),
  failed: (columns) => ({
    target: { kind: 'execution', namespace: 'ticketing-production', name: 'nightly-b4c8wz' },
    content: executionContent(viewExecution(FAILED, WORKFLOW, NOW), NOW, { columns }),
  }),
  'execution-filtered': (columns) => ({
    target: { kind: 'execution', namespace: 'ticketing-production', name: 'nightly-forecast-x7k2pq' },
    content: executionContent(viewExecution(RUNNING, WORKFLOW, NOW), NOW, { columns, filter: 'running' }),
  }),
  approvals: () => ({
    target: { kind: 'approvals' },
    content: listOf(ROWS.slice(0, 1), { total: 3, empty: 'Nothing waits for an approval.' }),
  }),
  'approvals-none': () => ({
    target: { kind: 'approvals' },
    content: listOf([], { total: 3, empty: 'Nothing waits for an approval.' }),
  }),
  schedules: () => ({ target: { kind: 'objects', of: 'Schedule' }, content: objectsOf('Schedule', SCHEDULES) }),
  'schedules-sorted': () => ({
    target: { kind: 'objects', of: 'Schedule' },
    content: objectsOf('Schedule', SCHEDULES, { sort: 'Age', isDescending: true }),
  }),
  'schedules-none-fits': () => ({
    target: { kind: 'objects', of: 'Schedule' },
    content: objectsOf('Schedule', SCHEDULES, { filter: 'weekly' }),
  }),
  shards: () => ({
    target: { kind: 'objects', of: 'Shard' },
    content: objectsOf('Shard', [shard('shard-0', 40), shard('shard-1', 0)]),
  }),
  'shards-none': () => ({ target: { kind: 'objects', of: 'Shard' }, content: objectsOf('Shard', []) }),
  yaml: () => ({
    target: { kind: 'command', title: 'nightly as YAML', argv: [] },
    content: { kind: 'text', facts: [], count: YAML.length, line: (index) => yamlLine(YAML[index] ?? '') },
  }),
  pulse: (columns) => ({
    target: { kind: 'pulse' },
    content: pulseContent(
      {
        server: 'https://127.0.0.1:7411',
        executions: {
          running: 1,
          queued: 0,
          waiting: 1,
          succeeded: 12,
          failed: 1,
          perMinute: [0, 1, 2, 8, 4, 0],
          failures: ROWS.slice(1, 2),
        },
        isLoaded: true,
        repositories: [],
        shards: [shard('shard-0', 40), shard('shard-1', 0)],
        schedules: undefined,
        samples: new Map([['shard-0', { freeWorkers: [100, 60, 40], queue: [0, 1, 3], latencyMs: [2, 9, 4] }]]),
      },
      NOW,
      columns,
    ),
  }),
};

describe.each(Object.keys(VIEWS))('the view %s', (name) => {
  it.each(SIZES)('fits into %i × %i, and reads as it should', async (columns, rows) => {
    const { target, content } = VIEWS[name]!(columns);
    const place = newPlace(target);
    const sort = name.endsWith('-sorted') ? { sort: 'Age' } : {};
    const state: State = { columns, rows, places: [{ ...place, list: { ...place.list, ...sort } }] };
    const lines = screenLines(state, {
      header: [crumbs([titleOf(target)]), [span('● connected', 'good')]],
      content,
      footer: [[span('q quit')]],
    });
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
    const text = lines.map((line) => lineText(line).trimEnd()).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/tui/${name}-${columns}x${rows}.txt`);
  });
});

/** What lies over a place, and the rows around it, as people get them. */
const OVERLAYS: Readonly<Record<string, Overlay>> = {
  help: { kind: 'help', top: 0 },
  palette: { kind: 'palette', text: '', index: 2 },
  'palette-nothing': { kind: 'palette', text: 'zzz', index: 0 },
  filter: { kind: 'filter', text: 'phase:failed 東京', before: '' },
  confirm: {
    kind: 'confirm',
    question: 'Abort 7 executions? What still runs is ended; this cannot be undone.',
    work: {
      label: 'abort 7 executions',
      commands: Array.from({ length: 7 }, (_, n) => ['abort', `nightly-forecast-${n}`, '-n', 'ticketing-production']),
    },
  },
  form: {
    kind: 'form',
    title: 'Run nightly',
    fields: [
      { name: 'days', type: 'integer', isRequired: false, value: '7' },
      { name: 'file', type: 'string', isRequired: true, value: '' },
      { name: 'regions', type: 'list<string>?', isRequired: false, value: '' },
    ],
    at: 0,
    argv: ['run', 'nightly', '-n', 'ticketing-production'],
    label: 'run',
  },
};

describe.each(Object.keys(OVERLAYS))('the overlay %s', (name) => {
  it.each(SIZES)('fits into %i × %i, and reads as it should', async (columns, rows) => {
    const { target, content } = VIEWS.executions!(columns);
    const state: State = { columns, rows, places: [newPlace(target)], overlay: OVERLAYS[name]! };
    const actions = executionActions(
      { executions: () => ({ rows: new Map(ROWS.map((row) => [row.id, row])) }) } as never,
      [ROWS[0]!.id],
    );
    const around = surroundingsOf(state, { actions, freshness: { kind: 'connected' } }, BINDINGS, content);
    const lines = screenLines(state, around);
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
    const text = lines.map((line) => lineText(line).trimEnd()).join('\n');
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/tui/over-${name}-${columns}x${rows}.txt`);
  });
});

it('says that there is no room, below 40 × 10', () => {
  const { target, content } = VIEWS.executions!(30);
  const lines = screenLines(
    { columns: 30, rows: 8, places: [newPlace(target)] },
    { header: [[], []], content, footer: [[]] },
  );
  expect(lines.map(lineText).join('\n')).toContain('too small');
});
