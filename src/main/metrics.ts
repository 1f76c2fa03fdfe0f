import type { EmbeddedStore } from '../cluster/adapters/embedded/index.ts';
import type { Propeller } from '../control/propeller/index.ts';
import type { Scheduler } from '../control/scheduler/index.ts';
import { createRegistry } from '../observe/index.ts';
import type { NodeAgent } from '../runtime/adapters/process/index.ts';

export interface MetricSources {
  readonly store: EmbeddedStore;
  readonly propeller: Propeller;
  readonly scheduler: Scheduler;
  readonly agent: NodeAgent;
}

/** Prometheus text of the control plane, read from its parts at each scrape: a part that counts costs nothing else. */
export function createMetrics({ store, propeller, scheduler, agent }: MetricSources): () => string {
  const registry = createRegistry();
  const gauge = (name: string, help: string, read: () => number): void => void registry.gauge(name, help, { read });
  gauge('pipectl_propeller_workers', 'Workers of this shard.', () => propeller.stats().workers);
  gauge(
    'pipectl_propeller_free_workers',
    'Workers of this shard with no round in flight.',
    () => propeller.stats().freeWorkers,
  );
  gauge('pipectl_propeller_queue_depth', 'Executions waiting for a worker.', () => propeller.stats().queueDepth);
  gauge('pipectl_propeller_hot_executions', 'Executions held in memory.', () => propeller.stats().hotExecutions);
  gauge('pipectl_propeller_rounds_total', 'Rounds since the start.', () => propeller.stats().rounds);
  gauge(
    'pipectl_propeller_transitions_total',
    'Changes of a node or subtask phase.',
    () => propeller.stats().transitions,
  );
  gauge('pipectl_propeller_writes_total', 'Batches written.', () => propeller.stats().writes);
  gauge(
    'pipectl_propeller_conflicts_total',
    'Batches refused because another writer was first.',
    () => propeller.stats().conflicts,
  );
  gauge('pipectl_propeller_quarantined', 'Executions set aside because of a bug.', () => propeller.stats().quarantined);
  gauge('pipectl_scheduler_active_schedules', 'Schedules that tick.', () => scheduler.counters.active);
  gauge('pipectl_scheduler_started_total', 'Executions started by ticks.', () => scheduler.counters.started);
  gauge(
    'pipectl_scheduler_failures_total',
    'Attempts to start a tick that failed and are tried again.',
    () => scheduler.counters.failed,
  );
  gauge(
    'pipectl_scheduler_lateness_seconds',
    'From the last tick to its durable execution.',
    () => scheduler.counters.lastLatenessMs / 1000,
  );
  gauge('pipectl_node_capacity', 'Attempts that may run at a time.', () => agent.stats().capacity);
  gauge('pipectl_node_running', 'Attempts that run.', () => agent.stats().running);
  gauge('pipectl_node_queued', 'Pods waiting for a place.', () => agent.stats().queued);
  gauge('pipectl_node_ended_total', 'Attempts that ended.', () => agent.stats().ended);
  gauge('pipectl_node_lost_total', 'Attempts whose end nobody saw.', () => agent.stats().lost);
  gauge('pipectl_store_objects', 'Objects in the store.', () => store.stats().objects);
  gauge('pipectl_store_hot_objects', 'Objects held on the heap.', () => store.stats().hotObjects);
  gauge('pipectl_store_syncs_total', 'Frames written, each one sync of the disk.', () => store.stats().frames);
  gauge('pipectl_store_written_bytes_total', 'Bytes written to the log.', () => store.stats().writtenBytes);
  gauge('pipectl_store_watches', 'Open watches.', () => store.stats().watches);
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => process.memoryUsage.rss());
  gauge('process_cpu_seconds_total', 'User and system CPU seconds.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  return () => registry.text();
}
