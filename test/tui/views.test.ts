import { describe, expect, it } from 'vitest';
import { type ExecutionRow, rowMaker, viewExecution } from '../../src/client/index.ts';
import type { Execution } from '../../src/cluster/index.ts';
import type { Content } from '../../src/tui/content.ts';
import { lineText, lineWidth, span } from '../../src/tui/line.ts';
import { crumbs, screenLines } from '../../src/tui/screen.ts';
import { newPlace, type State, type Target } from '../../src/tui/state.ts';
import { titleOf } from '../../src/tui/targets.ts';
import { executionContent } from '../../src/tui/views/execution.ts';
import { executionsContent, growWidths, NO_WIDTHS } from '../../src/tui/views/executions.ts';
import { pulseContent } from '../../src/tui/views/pulse.ts';
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
  metadata: { name },
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
    const state: State = { columns, rows, places: [newPlace(target)] };
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

it('says that there is no room, below 40 × 10', () => {
  const { target, content } = VIEWS.executions!(30);
  const lines = screenLines(
    { columns: 30, rows: 8, places: [newPlace(target)] },
    { header: [[], []], content, footer: [[]] },
  );
  expect(lines.map(lineText).join('\n')).toContain('too small');
});
