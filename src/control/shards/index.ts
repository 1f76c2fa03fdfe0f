/**
 * control/shards: which propeller works on which executions. Owns the division of the keys, the leases of the shards and
 * the fleet of one process. Must not look into executions; what an engine does with its keys is its own.
 * Keeps: no two shards are told to work on one execution at a time; who loses keys has drained them before another takes
 * them over; a lease's epoch only rises.
 */
export { type AnyShard, startAnyShard } from './any-shard.ts';
export { type Elector, type ElectorHandlers, type ElectorOptions, startElector } from './elector.ts';
export { type Fleet, type FleetOptions, type ShardEngine, startFleet } from './fleet.ts';
export { type ShardKeeper, type ShardKeeperOptions, type ShardProcess, startShardKeeper } from './keeper.ts';
export { type Owner, type Ownership, type Shard, type ShardOptions, startShard } from './shard.ts';
export { createShardMap, isSelected, type NamespaceSelector, type ShardMap, shardId } from './shard-map.ts';
export { LEASE_TIMING, type LeaseTiming } from './timing.ts';
