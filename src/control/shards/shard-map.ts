import { BugError, canonicalJson, SHARD_KEYS, sha256 } from '../../base/index.ts';
import type { Sharding } from '../../cluster/index.ts';

/** Which shard serves which executions. Immutable; equal settings give equal maps with equal versions. */
export interface ShardMap {
  /** Tells maps apart: a shard says which one it serves. */
  readonly version: string;
  readonly ids: readonly string[];
  /** The shard of an execution, by its namespace `<project>-<domain>` and its key in [0, SHARD_KEYS). */
  ownerOf(namespace: string, key: number): string;
  /** Whether one shard has all executions of the namespace, because it has to count them. */
  isWhole(namespace: string): boolean;
}

/** Namespaces `<project>-<domain>`; what is absent is not asked for. */
export interface NamespaceSelector {
  readonly project?: string;
  readonly domain?: string;
}

/**
 * Strategy `hash` gives each key to the shard that weighs most for it (rendezvous hashing, Thaler and Ravishankar 1998),
 * so a shard that is added to n takes 1/(n+1) of the keys and no other key moves. `project` and `domain` go by name, and
 * where two names fit a namespace, by the longer one; what no shard names goes to the one with `*`.
 * Namespaces that `undivided` selects are not divided by `hash`: shards of several processes keep quotas that way, since
 * whoever counts sees all that there is to count.
 */
export function createShardMap(sharding: Sharding, undivided: readonly NamespaceSelector[] = []): ShardMap {
  const selectors = undivided.map(({ project = '', domain = '' }) => `${project}/${domain}`);
  const whole = [...new Set(selectors)].sort();
  const settings = { ...plain(sharding), ...(whole.length > 0 && { whole }) };
  const version = sha256(canonicalJson(settings)).slice(0, VERSION_LENGTH);
  if (sharding.strategy === 'hash') return withWhole(hashMap(sharding.shards, version), undivided);
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
    isWhole: () => true,
  };
}

function withWhole(map: ShardMap, undivided: readonly NamespaceSelector[]): ShardMap {
  if (undivided.length === 0) return map;
  const isWhole = (namespace: string): boolean => undivided.some((selector) => isSelected(namespace, selector));
  return {
    ...map,
    isWhole,
    ownerOf: (namespace, key) => map.ownerOf(namespace, isWhole(namespace) ? keyOfWhole(namespace) : key),
  };
}

/** The key of all executions of a namespace. */
function keyOfWhole(namespace: string): number {
  return Number.parseInt(sha256(namespace).slice(0, 8), 16) % SHARD_KEYS;
}

/** Whether the namespace is one that the selector means. */
export function isSelected(namespace: string, { project, domain }: NamespaceSelector): boolean {
  if (project !== undefined && domain !== undefined) return namespace === `${project}-${domain}`;
  if (project !== undefined) return isOfProject(namespace, project);
  return domain === undefined || isOfDomain(namespace, domain);
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
    isWhole: () => false,
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
