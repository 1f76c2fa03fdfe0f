import type { EngineState } from './state.ts';

/**
 * Whether nothing is under way for the execution: no attempt and no child of it is live, and it neither holds nor waits for
 * an entry of the cache. After a step that leaves no more to do, only a timer of its own or a change of its spec moves it on.
 */
export function isAtRest({ liveTasks, maps, children, reuse }: EngineState): boolean {
  if (liveTasks > 0 || children.size > 0) return false;
  if (reuse !== undefined && reuse.lookups.length + reuse.claims.size + reuse.reserving.size > 0) return false;
  for (const { live, claims } of maps.values()) if (live.size > 0 || (claims?.size ?? 0) > 0) return false;
  return true;
}
