import { ANNOTATION, type Execution, type KubeObject, LABEL, type Pod, shardKey } from '../../cluster/index.ts';
import type { Ownership } from '../shards/index.ts';
import type { Engine } from './engine.ts';
import { type Entry, splitKey } from './entry.ts';

/** `all`: alone, with nobody to fence off. Undefined: nothing is ours. */
export type Owned = 'all' | Ownership | undefined;

export function ownsExecution({ owned }: Engine, { metadata }: Execution): boolean {
  if (owned === 'all') return true;
  const { namespace = '', name, labels } = metadata;
  return owned?.owns(namespace, keyOf(labels?.[LABEL.shardKey], namespace, name)) ?? false;
}

/** Whether the pod is of an execution of ours, as far as it tells: it names the key where the execution's name does not. */
export function ownsPod({ owned }: Engine, { metadata }: Pod): boolean {
  if (owned === 'all') return true;
  const { namespace = '', labels, annotations } = metadata;
  const name = annotations?.[ANNOTATION.execution] ?? labels?.[LABEL.execution] ?? '';
  return owned?.owns(namespace, keyOf(labels?.[LABEL.shardKey], namespace, name)) ?? false;
}

/** Whether a round of the entry may begin. One that is not loaded yet is asked for again when it is. */
export function ownsEntry(engine: Engine, { execution }: Entry): boolean {
  if (engine.owned === 'all') return true;
  return engine.owned !== undefined && (execution === undefined || ownsExecution(engine, execution));
}

/**
 * Works on other executions from now on. Resolves when no round of what is no longer ours is in flight. What has become
 * ours is found by the list that the caller makes then.
 */
export async function setOwned(engine: Engine, owned: Owned): Promise<void> {
  engine.owned = owned;
  engine.children.parents.clear();
  if (engine.options.quotas === undefined) {
    // What others have now must not hold up ours; shards of one process share their counts, and keep them.
    engine.quotas.counting(engine);
    engine.quotas.reset();
  }
  const busy: Promise<void>[] = [];
  const beginning: string[] = [];
  for (const [key, entry] of engine.entries) {
    if (!entry.isBusy) {
      // What was known of it may be old when it is ours again.
      entry.run = undefined;
      entry.execution = undefined;
      entry.inbox = [];
      engine.entries.delete(key);
      engine.children.parents.delete(key);
    } else if (entry.execution === undefined || !ownsEntry(engine, entry)) {
      busy.push(new Promise((resolve) => whenDrained(engine, entry, resolve)));
    } else beginning.push(key);
  }
  // Places are counted anew from the list: of plans that others have now, we would never hear the end. The list may be older than
  // what a round in flight is about to begin.
  engine.slots = engine.slots.keeping(beginning);
  await Promise.all(busy);
}

/** Several may wait for one round: who loses its lease while it takes over another part of the keys. */
function whenDrained({ draining }: Engine, entry: Entry, tell: () => void): void {
  const others = draining.get(entry);
  draining.set(entry, () => {
    others?.();
    tell();
  });
}

/** The key by which executions are divided; those of a plan with a limit are together, so that one shard counts them. */
function keyOf(label: string | undefined, namespace: string, name: string): number {
  const given = Number(label);
  return label !== undefined && Number.isInteger(given) && given >= 0 ? given : shardKey(namespace, name);
}

/** A claim as text. */
export function claimOf(shard: Shard | undefined): string | undefined {
  return shard === undefined ? undefined : `${shard.id}/${shard.epoch}`;
}

/**
 * What a write of status must find, and what it says besides. Alone there is nothing to check. Else the execution must be
 * as we know it: of two shards that both believe it theirs, the one whose write comes second has lost and loads it again.
 */
export function fence(
  { owned }: Engine,
  entry: Entry,
): { readonly if?: { readonly resourceVersion: string }; readonly claim?: { readonly shard: Shard } } {
  if (owned === 'all' || owned === undefined) return {};
  const shard = { id: owned.shard, epoch: owned.epoch };
  return {
    ...(entry.version !== undefined && { if: { resourceVersion: entry.version } }),
    ...(entry.claimedBy !== claimOf(shard) && { claim: { shard } }),
  };
}

type Shard = NonNullable<NonNullable<Execution['status']>['shard']>;

/** What was written is what the next write must find. */
export function noteWritten({ owned }: Engine, entry: Entry, written: readonly KubeObject[]): void {
  if (owned === 'all' || owned === undefined) return;
  const { name } = splitKey(entry.key);
  const own = written.findLast(({ kind, metadata }) => kind === 'Execution' && metadata.name === name);
  if (own === undefined) return;
  entry.version = own.metadata.resourceVersion;
  entry.claimedBy = claimOf({ id: owned.shard, epoch: owned.epoch });
}
