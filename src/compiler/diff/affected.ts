import { keyOf } from '../workspace.ts';
import type { Comparison } from './caller-state.ts';
import type { ChangedEntity, EntityRef } from './contract.ts';
import type { EntityPair } from './pairs.ts';

/**
 * Entities whose own text says the same and whose closure differs because one that they refer to, or that one's own,
 * runs otherwise. Another spelling or another name of that is no reason.
 */
export function findAffected(
  { after }: Comparison,
  suspects: readonly EntityPair[],
  changed: readonly ChangedEntity[],
): readonly EntityRef[] {
  const direct = new Set(changed.map((entity) => keyOf(entity.kind, entity.name)));
  const otherwise = new Map<string, boolean>();
  for (const entity of changed) otherwise.set(keyOf(entity.kind, entity.name), entity.level !== 'cosmetic');
  const candidates = suspects.filter(({ before, after: now }) => {
    return before.digest !== now.digest && now.digest !== undefined && before.digest !== undefined;
  });
  const keys = new Set(candidates.map(({ after: now }) => keyOf(now.kind, now.name)));
  const runsOtherwise = (key: string): boolean => {
    const known = otherwise.get(key);
    if (known !== undefined) return known;
    // Set first: references in a circle end here.
    otherwise.set(key, false);
    const result = keys.has(key) && (after.entries.get(key)?.refs ?? []).some(runsOtherwise);
    otherwise.set(key, result);
    return result;
  };
  return candidates
    .filter(({ after: { kind, name } }) => !direct.has(keyOf(kind, name)) && runsOtherwise(keyOf(kind, name)))
    .map(({ after: { kind, name, file } }) => ({ kind, name, file }));
}
