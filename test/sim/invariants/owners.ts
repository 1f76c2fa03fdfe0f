import { SHARD_KEYS } from '../../../src/base/index.ts';
import { type SimProcess, timingOf } from '../world/processes.ts';
import type { World } from '../world/world.ts';
import type { Facts } from './facts.ts';

/** So many keys, evenly spread, tell how all are divided. */
const LOOKED_AT = 64;
const KEYS = Array.from({ length: LOOKED_AT }, (_, i) => Math.floor((i * SHARD_KEYS) / LOOKED_AT));

/**
 * 5: no key is worked on by two processes that know of each other: who gains it waits until whoever had it has begun its
 * last round, and has ended it. Told at once, as most executions are not touched in the moment in which both could.
 */
export function watchOwners(facts: Facts): void {
  const { world } = facts;
  world.ownerWatchers.push((process) => {
    if (!couldKnow(world, process)) return;
    for (const other of [...world.processes.values(), ...world.doubles]) {
      if (other === process || other.link === undefined || other.link === process.link) continue;
      const [ours, theirs] = [process.owned(), other.owned()];
      if (ours.length === 0 || theirs.length === 0) continue;
      const key = KEYS.find((each) => ours.some(owns(each)) && theirs.some(owns(each)));
      if (key === undefined) continue;
      const text = `${process.role} takes key ${key}, which ${other.link.name} has not given up`;
      // Not from within the shard, which may have nobody who waits for what it throws.
      world.timeline.after(0, () => facts.violate(5, text));
      return;
    }
  });
}

function owns(key: number): (ownership: ReturnType<SimProcess['owned']>[number]) => boolean {
  return (ownership) => ownership.owns('', key);
}

/** Whether it heard all that others said of their leases: else it may count one of them dead, and what they write is fenced. */
function couldKnow({ timeline, plan, worstSkewMs, isCalm }: World, { weather }: SimProcess): boolean {
  if (isCalm || worstSkewMs > 0) return false;
  const { partitionedUntil, staleUntil, flakyUntil, slowUntil } = weather;
  const { durationMs } = timingOf(plan.seed).timing;
  return Math.max(partitionedUntil, staleUntil, flakyUntil, slowUntil) < timeline.now - durationMs;
}
