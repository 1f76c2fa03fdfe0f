import { type Counter, type Gauge, type Histogram, LATENCY_BUCKETS, type Registry } from './metrics.ts';

/** The metrics of a control plane. Times are in seconds, as Prometheus wants them. */
export interface Instruments {
  readonly freeWorkers: Gauge;
  readonly queueDepth: Gauge;
  readonly liveExecutions: Gauge;
  readonly roundSeconds: Histogram;
  readonly transitions: Counter;
  readonly writes: Counter;
  readonly conflicts: Counter;
  readonly watchCorrections: Counter;
  /** By result: `registered`, `rejected`, `failed`. */
  readonly pushes: Counter;
  readonly registrationSeconds: Histogram;
  readonly reconcileSeconds: Histogram;
  readonly tickLatenessSeconds: Histogram;
  readonly ticksMissed: Counter;
  /** By result: the terminated reason of the attempt. */
  readonly attempts: Counter;
}

/** Declares every instrument in `registry`. The names are an interface: dashboards and alerts hold them. */
export function createInstruments(registry: Registry): Instruments {
  const seconds = (name: string, help: string) => registry.histogram(name, help, { buckets: LATENCY_BUCKETS });
  return {
    freeWorkers: registry.gauge('pipectl_propeller_free_workers', 'Workers of this shard with no round in flight.'),
    queueDepth: registry.gauge('pipectl_propeller_queue_depth', 'Executions waiting for a worker.'),
    liveExecutions: registry.gauge(
      'pipectl_propeller_live_executions',
      'Executions of this shard that are not terminal.',
    ),
    roundSeconds: seconds('pipectl_propeller_round_seconds', 'From taking an execution to its durable write.'),
    transitions: registry.counter('pipectl_propeller_transitions_total', 'Changes of a node or subtask phase.'),
    writes: registry.counter('pipectl_propeller_writes_total', 'Batches written.'),
    conflicts: registry.counter(
      'pipectl_propeller_conflicts_total',
      'Batches refused because another writer was first.',
    ),
    watchCorrections: registry.counter(
      'pipectl_watch_corrections_total',
      'Objects that a periodic list found different from what the watch had told.',
      { labels: ['kind'] },
    ),
    pushes: registry.counter('pipectl_pushes_total', 'Pushes decided, by result.', { labels: ['result'] }),
    registrationSeconds: seconds('pipectl_registration_seconds', 'From the hook call to its verdict.'),
    reconcileSeconds: seconds('pipectl_reconcile_seconds', 'From the start of a pass to the last applied object.'),
    tickLatenessSeconds: seconds('pipectl_scheduler_lateness_seconds', 'From the tick to its durable execution.'),
    ticksMissed: registry.counter('pipectl_scheduler_missed_ticks_total', 'Ticks that policy let go.'),
    attempts: registry.counter('pipectl_attempts_total', 'Task attempts that ended, by reason.', {
      labels: ['reason'],
    }),
  };
}
