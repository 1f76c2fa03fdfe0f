import type { EmbeddedStore } from '../cluster/adapters/embedded/index.ts';
import type { Backfills } from '../control/backfill/index.ts';
import type { Deliveries } from '../control/notifications/index.ts';
import type { PropellerOptions, Propellers } from '../control/propeller/index.ts';
import type { BlobStats } from '../control/retention/index.ts';
import type { Scheduler, SchedulerOptions } from '../control/scheduler/index.ts';
import type { Sources } from '../control/sources/index.ts';
import { createRegistry, type Gauge, LATENCY_BUCKETS, type Registry } from '../observe/index.ts';
import type { NodeAgent } from '../runtime/adapters/process/index.ts';
import { apiCounters } from './api-metrics.ts';

/** The parts whose counters a scrape reads, as far as this process has them. */
export interface MetricSources {
  readonly store?: EmbeddedStore;
  readonly propeller?: Pick<Propellers, 'stats' | 'quotas'>;
  readonly scheduler?: Scheduler;
  readonly backfills?: Backfills;
  readonly agent?: NodeAgent;
  readonly deliveries?: Deliveries;
  readonly blobs?: Readonly<BlobStats>;
}

export interface Metrics {
  readonly onRound: NonNullable<PropellerOptions['onRound']>;
  readonly onEnded: NonNullable<PropellerOptions['onEnded']>;
  readonly onTick: NonNullable<SchedulerOptions['onTick']>;
  /** Declares what the parts count; called once, when they run. */
  watch(sources: MetricSources): void;
  /** The same of what follows remote repositories. */
  watchSources(sources: Pick<Sources, 'stats'>): void;
  /** The same of clients of an API server: those that are there when it is scraped. */
  watchApi(clusters: Parameters<typeof apiCounters>[1]): void;
  /** Prometheus text. */
  text(): string;
}

/** The metrics of a control plane. Parts count for themselves and are read at each scrape, so counting costs nothing. */
export function createMetrics(): Metrics {
  const registry = createRegistry();
  const roundSeconds = registry.histogram(
    'pipectl_propeller_round_seconds',
    'From taking an execution to its durable write.',
    { buckets: LATENCY_BUCKETS },
  );
  const lateness = registry.histogram(
    'pipectl_scheduler_lateness_seconds',
    'From when a tick was due to its durable execution.',
    { buckets: LATENCY_BUCKETS },
  );
  let updateQuotas = (): void => {};
  let updateApi = (): void => {};
  return {
    onRound: ({ seconds }) => roundSeconds.observe(seconds),
    onEnded: costCounters(registry),
    onTick: ({ latenessMs }) => lateness.observe(latenessMs / 1_000),
    watch(sources) {
      for (const [name, help, read] of readings(sources)) {
        if (name.endsWith('_total')) registry.counter(name, help, { read });
        else registry.gauge(name, help, { read });
      }
      if (sources.propeller !== undefined) updateQuotas = quotaGauges(registry, sources.propeller);
    },
    watchSources: (sources) => sourceReadings(registry, sources),
    watchApi(clusters) {
      updateApi = apiCounters(registry, clusters);
    },
    text() {
      updateApi();
      updateQuotas();
      return registry.text();
    },
  };
}

function sourceReadings(registry: Registry, { stats }: Pick<Sources, 'stats'>): void {
  const gauge = (name: string, help: string, read: () => number) => registry.gauge(name, help, { read });
  const counter = (name: string, help: string, read: () => number) => registry.counter(name, help, { read });
  gauge('pipectl_sources_followed', 'Remote repositories that are polled.', () => stats().followed);
  gauge('pipectl_sources_failing', 'Of those, the ones whose last poll failed.', () => stats().failing);
  counter('pipectl_source_polls_total', 'Polls of remotes.', () => stats().polls);
  counter('pipectl_source_poll_failures_total', 'Polls of remotes that failed.', () => stats().failures);
  counter('pipectl_source_moved_refs_total', 'Refs that moved because a remote did.', () => stats().movedRefs);
}

/** Sums what executions used over workflows and launch plans. One without attempts costs nothing, here neither. */
function costCounters(registry: Registry): Metrics['onEnded'] {
  const labels = ['namespace', 'workflow', 'launch_plan'];
  const counter = (name: string, help: string) => registry.counter(name, help, { labels });
  const attempts = counter('pipectl_attempt_seconds_total', 'Time that attempts ran, of executions that ended.');
  const cpu = counter('pipectl_cpu_request_seconds_total', 'The same times the cores that they asked for.');
  const memory = counter('pipectl_memory_request_gib_seconds_total', 'The same times the memory that they asked for.');
  return ({ namespace, workflow, launchPlan = '', cost }) => {
    if (cost === undefined) return;
    const values = [namespace, workflow, launchPlan];
    attempts.add(cost.attemptSeconds, values);
    if (cost.cpuSeconds !== undefined) cpu.add(cost.cpuSeconds, values);
    if (cost.memoryGiBSeconds !== undefined) memory.add(cost.memoryGiBSeconds, values);
  };
}

/** How namespaces stand against their quotas, as far as something runs or waits there; brought up to date at each scrape. */
function quotaGauges(registry: Registry, { quotas }: Pick<Propellers, 'quotas'>): () => void {
  const labels = ['namespace', 'resource'];
  const used = registry.gauge('pipectl_quota_used', 'What executions take of a quota: cores, bytes, counts.', {
    labels,
  });
  const limit = registry.gauge('pipectl_quota_limit', 'What a quota allows.', { labels });
  const waiting = registry.gauge('pipectl_quota_waiting_executions', 'Executions that a quota holds up.', {
    labels: ['namespace', 'for'],
  });
  // A series whose namespace has nothing to tell any more goes to 0.
  let reset: (() => void)[] = [];
  return () => {
    for (const set of reset) set();
    reset = [];
    const show = (gauge: Gauge, value: number, values: readonly string[]): void => {
      gauge.set(value, values);
      reset.push(() => gauge.set(0, values));
    };
    for (const report of quotas()) {
      for (const [resource, most] of Object.entries(report.limits)) {
        show(limit, most, [report.namespace, resource]);
        show(used, report.used[resource as keyof typeof report.used], [report.namespace, resource]);
      }
      show(waiting, report.waiting.toBegin, [report.namespace, 'begin']);
      show(waiting, report.waiting.toStart, [report.namespace, 'room']);
    }
  };
}

type Reading = readonly [name: string, help: string, read: () => number];

function readings(sources: MetricSources): readonly Reading[] {
  const { store, propeller, scheduler, backfills, agent, deliveries, blobs } = sources;
  return [
    ...(blobs === undefined ? [] : blobReadings(blobs)),
    ...(propeller === undefined ? [] : propellerReadings(propeller)),
    ...(backfills === undefined ? [] : backfillReadings(backfills)),
    ...(scheduler === undefined ? [] : schedulerReadings(scheduler)),
    ...(agent === undefined ? [] : agentReadings(agent)),
    ...(deliveries === undefined ? [] : deliveryReadings(deliveries)),
    ...(store === undefined ? [] : storeReadings(store)),
    ['process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss()],
    ['process_cpu_seconds_total', 'User and system CPU seconds.', cpuSeconds],
  ];
}

function propellerReadings(propeller: Pick<Propellers, 'stats'>): readonly Reading[] {
  return [
    ['pipectl_propeller_workers', 'Workers of this shard.', () => propeller.stats().workers],
    [
      'pipectl_propeller_free_workers',
      'Workers of this shard with no round in flight.',
      () => propeller.stats().freeWorkers,
    ],
    ['pipectl_propeller_queue_depth', 'Executions waiting for a worker.', () => propeller.stats().queueDepth],
    ['pipectl_propeller_hot_executions', 'Executions held in memory.', () => propeller.stats().hotExecutions],
    ['pipectl_propeller_rounds_total', 'Rounds since the start.', () => propeller.stats().rounds],
    ['pipectl_propeller_transitions_total', 'Changes of a node or subtask phase.', () => propeller.stats().transitions],
    [
      'pipectl_propeller_conflicts_total',
      'Batches refused because another writer was first.',
      () => propeller.stats().conflicts,
    ],
    ['pipectl_propeller_writes_total', 'Batches written.', () => propeller.stats().writes],
    ['pipectl_propeller_quarantined', 'Executions set aside because of a bug.', () => propeller.stats().quarantined],
  ];
}

function backfillReadings(backfills: Backfills): readonly Reading[] {
  return [
    ['pipectl_backfills_open', 'Backfills that are not over.', () => backfills.counters.open],
    ['pipectl_backfill_started_total', 'Executions started by backfills.', () => backfills.counters.started],
    ['pipectl_backfill_skipped_total', 'Ticks of backfills whose execution existed.', () => backfills.counters.skipped],
  ];
}

function blobReadings(blobs: Readonly<BlobStats>): readonly Reading[] {
  const name = (rest: string): string => `pipectl_object_store_${rest}`;
  return [
    [name('blobs'), 'Blobs in the object store, when it was last swept.', () => blobs.blobs],
    [name('bytes'), 'Their bytes.', () => blobs.bytes],
    [name('deleted_total'), 'Blobs deleted because nothing named them any more.', () => blobs.deleted],
    [name('deleted_bytes_total'), 'Their bytes.', () => blobs.deletedBytes],
    [name('unfinished_total'), 'What writers had begun and not finished, taken away.', () => blobs.unfinished],
  ];
}

function agentReadings(agent: NodeAgent): readonly Reading[] {
  return [
    ['pipectl_node_capacity', 'Attempts that may run at a time.', () => agent.stats().capacity],
    ['pipectl_node_running', 'Attempts that run.', () => agent.stats().running],
    ['pipectl_node_queued', 'Pods waiting for a place.', () => agent.stats().queued],
    ['pipectl_node_ended_total', 'Attempts that ended.', () => agent.stats().ended],
    ['pipectl_node_lost_total', 'Attempts whose end nobody saw.', () => agent.stats().lost],
  ];
}

function deliveryReadings(deliveries: Deliveries): readonly Reading[] {
  return [
    ['pipectl_notifications_pending', 'Notifications to be delivered.', () => deliveries.stats().pending],
    ['pipectl_notifications_delivered_total', 'Notifications delivered.', () => deliveries.stats().delivered],
    ['pipectl_notifications_failed_total', 'Notifications given up.', () => deliveries.stats().failed],
    [
      'pipectl_notification_attempts_failed_total',
      'Tries to deliver that failed; all but the last are repeated.',
      () => deliveries.stats().failedAttempts,
    ],
  ];
}

function storeReadings(store: EmbeddedStore): readonly Reading[] {
  return [
    ['pipectl_store_objects', 'Objects in the store.', () => store.stats().objects],
    ['pipectl_store_hot_objects', 'Objects held on the heap.', () => store.stats().hotObjects],
    ['pipectl_store_syncs_total', 'Frames written, each one sync of the disk.', () => store.stats().frames],
    ['pipectl_store_written_bytes_total', 'Bytes written to the log.', () => store.stats().writtenBytes],
    ['pipectl_store_watches', 'Open watches.', () => store.stats().watches],
  ];
}

function schedulerReadings(scheduler: Scheduler): readonly Reading[] {
  return [
    ['pipectl_scheduler_active_schedules', 'Schedules that tick.', () => scheduler.counters.active],
    ['pipectl_scheduler_started_total', 'Executions started by ticks.', () => scheduler.counters.started],
    [
      'pipectl_scheduler_failures_total',
      'Times that a schedule could not start; its tick is tried again.',
      () => scheduler.counters.failed,
    ],
    [
      'pipectl_scheduler_missed_total',
      'Ticks that did not run when they were due; catch-up policies decide.',
      () => scheduler.counters.missed,
    ],
    ['pipectl_scheduler_caught_up_total', 'Of those, the ones made up for.', () => scheduler.counters.caughtUp],
    [
      'pipectl_scheduler_skipped_total',
      'Ticks left out because executions before them were not over.',
      () => scheduler.counters.skipped,
    ],
    [
      'pipectl_scheduler_queue_depth',
      'Ticks in the making, and schedules that have missed ones.',
      () => scheduler.stats().waiting,
    ],
    [
      'pipectl_scheduler_behind_schedules',
      'Schedules that are set aside, suspended or held up by their rate limit.',
      () => scheduler.stats().behind,
    ],
    [
      'pipectl_scheduler_leader',
      'Whether this process is the one that ticks.',
      () => Number(scheduler.stats().isLeader),
    ],
  ];
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
