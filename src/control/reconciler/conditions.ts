import { instantText, StalledError, type UnixMs } from '../../base/index.ts';
import type { Condition } from '../../cluster/index.ts';

/** How the last pass over a repository ended. */
export type Outcome =
  | { readonly kind: 'ready'; readonly message: string }
  | { readonly kind: 'failed'; readonly error: Error };

/**
 * Ready, Reconciling and Stalled as Flux has them. Stalled: no retry helps. `lastTransitionTime` moves only with the
 * status; undefined when nothing but that would change, so that a pass without news writes nothing.
 */
export function nextConditions(
  before: readonly Condition[] | undefined,
  outcome: Outcome,
  now: UnixMs,
): readonly Condition[] | undefined {
  const isStalled = outcome.kind === 'failed' && outcome.error instanceof StalledError;
  const reason = outcome.kind === 'ready' ? 'Applied' : isStalled ? (outcome.error as StalledError).reason : 'Retrying';
  const message = outcome.kind === 'ready' ? outcome.message : outcome.error.message;
  const wanted = [
    { type: 'Ready', status: outcome.kind === 'ready' ? 'True' : 'False', reason, message },
    { type: 'Reconciling', status: outcome.kind === 'failed' && !isStalled ? 'True' : 'False', reason, message },
    { type: 'Stalled', status: isStalled ? 'True' : 'False', reason, message },
  ] as const;
  let hasNews = before?.length !== wanted.length;
  const conditions = wanted.map((condition): Condition => {
    const old = before?.find(({ type }) => type === condition.type);
    if (old?.status !== condition.status || old.reason !== reason || old.message !== message) hasNews = true;
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : instantText(now);
    return { ...condition, lastTransitionTime };
  });
  return hasNews ? conditions : undefined;
}
