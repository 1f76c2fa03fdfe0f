/** A panel: a title, the unit of its axis in Grafana's words, and queries with their legends. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [promql: string, legend: string])[];
}

/** Rows of the dashboard. Every metric here is one that the programs show; a test compares. */
const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Propeller',
    [
      {
        title: 'Workers',
        unit: 'short',
        queries: [
          ['sum(pipectl_propeller_workers)', 'workers'],
          ['sum(pipectl_propeller_free_workers)', 'free'],
        ],
      },
      {
        title: 'Executions waiting for a worker',
        unit: 'short',
        queries: [['pipectl_propeller_queue_depth', '{{pod}}']],
      },
      {
        title: 'Round latency',
        unit: 's',
        queries: [
          ['histogram_quantile(0.99, sum by (le) (rate(pipectl_propeller_round_seconds_bucket[5m])))', 'p99'],
          ['histogram_quantile(0.5, sum by (le) (rate(pipectl_propeller_round_seconds_bucket[5m])))', 'p50'],
        ],
      },
      {
        title: 'Rounds, transitions and writes',
        unit: 'ops',
        queries: [
          ['sum(rate(pipectl_propeller_rounds_total[5m]))', 'rounds'],
          ['sum(rate(pipectl_propeller_transitions_total[5m]))', 'transitions'],
          ['sum(rate(pipectl_propeller_writes_total[5m]))', 'writes'],
          ['sum(rate(pipectl_propeller_conflicts_total[5m]))', 'conflicts'],
        ],
      },
      {
        title: 'Executions',
        unit: 'short',
        queries: [
          ['pipectl_propeller_hot_executions', 'in memory, {{pod}}'],
          ['sum(pipectl_propeller_quarantined)', 'set aside'],
        ],
      },
      {
        title: 'Quotas',
        unit: 'percentunit',
        queries: [['pipectl_quota_used / (pipectl_quota_limit > 0)', '{{namespace}} {{resource}}']],
      },
    ],
  ],
  [
    'Scheduler',
    [
      {
        title: 'Lateness of ticks',
        unit: 's',
        queries: [
          ['histogram_quantile(0.99, sum by (le) (rate(pipectl_scheduler_lateness_seconds_bucket[5m])))', 'p99'],
          ['histogram_quantile(0.5, sum by (le) (rate(pipectl_scheduler_lateness_seconds_bucket[5m])))', 'p50'],
        ],
      },
      {
        title: 'Ticks',
        unit: 'ops',
        queries: [
          ['sum(rate(pipectl_scheduler_started_total[5m]))', 'started'],
          ['sum(rate(pipectl_scheduler_missed_total[5m]))', 'missed'],
          ['sum(rate(pipectl_scheduler_caught_up_total[5m]))', 'made up for'],
          ['sum(rate(pipectl_scheduler_skipped_total[5m]))', 'skipped'],
          ['sum(rate(pipectl_scheduler_failures_total[5m]))', 'failed to start'],
        ],
      },
      {
        title: 'Schedules',
        unit: 'short',
        queries: [
          ['max(pipectl_scheduler_active_schedules)', 'active'],
          ['max(pipectl_scheduler_behind_schedules)', 'behind'],
          ['sum(pipectl_backfills_open)', 'backfills'],
        ],
      },
    ],
  ],
  [
    'Sources and notifications',
    [
      {
        title: 'Remotes',
        unit: 'short',
        queries: [
          ['max(pipectl_sources_followed)', 'followed'],
          ['max(pipectl_sources_failing)', 'failing'],
        ],
      },
      {
        title: 'Polls',
        unit: 'ops',
        queries: [
          ['sum(rate(pipectl_source_polls_total[5m]))', 'polls'],
          ['sum(rate(pipectl_source_poll_failures_total[5m]))', 'failed'],
        ],
      },
      {
        title: 'Notifications',
        unit: 'short',
        queries: [
          ['sum(pipectl_notifications_pending)', 'pending'],
          ['sum(increase(pipectl_notifications_failed_total[1h]))', 'given up in an hour'],
        ],
      },
    ],
  ],
  [
    'Processes',
    [
      { title: 'Memory', unit: 'bytes', queries: [['process_resident_memory_bytes{job=~".*pipectl.*"}', '{{pod}}']] },
      {
        title: 'CPU',
        unit: 'short',
        queries: [['rate(process_cpu_seconds_total{job=~".*pipectl.*"}[5m])', '{{pod}}']],
      },
    ],
  ],
];

const WIDTH = 24;
const PANELS_IN_A_LINE = 3;
const PANEL_HEIGHT = 8;

/** The dashboard in Grafana's model of a file, schema version 39 (Grafana 10.3 and newer). */
export function dashboard(): object {
  const panels: object[] = [];
  let y = 0;
  for (const [title, row] of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    row.forEach((panel, at) => {
      const line = Math.floor(at / PANELS_IN_A_LINE);
      panels.push(
        graph(panel, panels.length + 1, (at % PANELS_IN_A_LINE) * (WIDTH / PANELS_IN_A_LINE), y + line * PANEL_HEIGHT),
      );
    });
    y += Math.ceil(row.length / PANELS_IN_A_LINE) * PANEL_HEIGHT;
  }
  return {
    uid: 'pipectl',
    title: 'pipectl',
    tags: ['pipectl'],
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: '',
    editable: true,
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source', hide: 0 }],
    },
    panels,
  };
}

function graph({ title, unit, queries }: Panel, id: number, x: number, y: number): object {
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  return {
    id,
    type: 'timeseries',
    title,
    datasource,
    gridPos: { x, y, w: WIDTH / PANELS_IN_A_LINE, h: PANEL_HEIGHT },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode(65 + at),
      datasource,
      expr,
      legendFormat,
    })),
  };
}

/** The names of all metrics that the dashboard asks for. */
export function dashboardMetrics(): ReadonlySet<string> {
  const queries = ROWS.flatMap(([, panels]) => panels.flatMap((panel) => panel.queries.map(([promql]) => promql)));
  return new Set(queries.flatMap((promql) => promql.match(/\b(?:pipectl|process)_\w+/g) ?? []));
}
