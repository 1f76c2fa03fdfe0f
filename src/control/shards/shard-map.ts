import { BugError, canonicalJson, SHARD_KEYS, sha256 } from '../../base/index.ts';
import type { Sharding } from '../../cluster/index.ts';

/** Which shard serves which executions. Immutable; equal settings give equal maps with equal versions. */
export interface ShardMap {
  /** Tells maps apart: a shard says which one it serves. */
  readonly version: string;
  readonly ids: readonly string[];
  /** The shard of an execution, by its namespace `<project>-<domain>` and its key in [0, SHARD_KEYS). */
  ownerOf(namespace: string, key: number): string;
}

/**
 * Strategy `hash` gives each key to the shard that weighs most for it (rendezvous hashing, Thaler and Ravishankar 1998),
 * so a shard that is added to n takes 1/(n+1) of the keys and no other key moves. `project` and `domain` go by name, and
 * where two names fit a namespace, by the longer one; what no shard names goes to the one with `*`.
 */
export function createShardMap(sharding: Sharding): ShardMap {
  const version = sha256(canonicalJson(plain(sharding))).slice(0, VERSION_LENGTH);
  if (sharding.strategy === 'hash') return hashMap(sharding.shards, version);
  const ids = sharding.shards.map((_, index) => shardId(index));
  const named = sharding.shards
    .flatMap((shard, index) => shard.ids.map((name) => ({ name, id: shardId(index) })))
    .sort((a, b) => b.name.length - a.name.length);
  const rest = named.find(({ name }) => name === '*')?.id;
  if (rest === undefined) throw new BugError(`sharding by ${sharding.strategy} has no shard for the rest`);
  const isOf = sharding.strategy === 'project' ? isOfProject : isOfDomain;
  return {
    version,
    ids,
    ownerOf: (namespace) => named.find(({ name }) => isOf(namespace, name))?.id ?? rest,
  };
}

/** The name of the shard at this place of the settings. */
export function shardId(index: number): string {
  return `shard-${index}`;
}

const VERSION_LENGTH = 12;

function plain(sharding: Sharding): { strategy: string; shards: number | { ids: string[] }[] } {
  const { strategy, shards } = sharding;
  return { strategy, shards: typeof shards === 'number' ? shards : shards.map(({ ids }) => ({ ids: [...ids] })) };
}

function hashMap(count: number, version: string): ShardMap {
  const ids = Array.from({ length: count }, (_, index) => shardId(index));
  const seeds = ids.map((id) => Number.parseInt(sha256(id).slice(0, 8), 16));
  /** One more than the place of the owner in `ids`; 0: nobody has asked yet. */
  const owners = new Uint16Array(SHARD_KEYS);
  return {
    version,
    ids,
    ownerOf(_, key) {
      if (owners[key] === 0) owners[key] = heaviest(seeds, key) + 1;
      const id = ids[(owners[key] ?? 0) - 1];
      if (id === undefined) throw new BugError(`${key} is not a shard key`);
      return id;
    },
  };
}

function heaviest(seeds: readonly number[], key: number): number {
  let best = 0;
  let most = -1;
  for (let index = 0; index < seeds.length; index++) {
    const weight = mixed(seeds[index] as number, key);
    if (weight > most) {
      most = weight;
      best = index;
    }
  }
  return best;
}

/** The finalizer of MurmurHash3: each bit of the input changes each bit of the result with even odds. */
function mixed(seed: number, key: number): number {
  let bits = seed ^ Math.imul(key + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function isOfProject(namespace: string, project: string): boolean {
  return namespace.startsWith(`${project}-`);
}

function isOfDomain(namespace: string, domain: string): boolean {
  return namespace.endsWith(`-${domain}`);
}
