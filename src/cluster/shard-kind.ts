import type { KubeObject } from './object.ts';

/** One propeller shard, as it said when something of it last changed. Named as in Platform's sharding, in the system namespace. */
export interface Shard extends KubeObject {
  readonly kind: 'Shard';
  readonly spec: Readonly<Record<string, never>>;
  readonly status?: ShardStatus;
}

export interface ShardStatus {
  /** Epoch of its lease; absent where it is alone. */
  readonly epoch?: number;
  readonly workers: number;
  readonly freeWorkers: number;
  /** Executions that wait for a worker. */
  readonly queueDepth: number;
  /** Executions held in memory: those that have something to do, or had so lately. */
  readonly executions: number;
  /** Of the time since the report before: rounds and changes of a node's phase a second, mean length of a round. */
  readonly roundsPerSecond: number;
  readonly transitionsPerSecond: number;
  readonly roundLatencyMs: number;
  /** When it said so. A shard with nothing to tell says nothing: its lease tells that it lives. */
  readonly reportedAt: string;
}
