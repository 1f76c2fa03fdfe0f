import { instantText, StalledError, type UnixMs } from '../../base/index.ts';
import {
  type Condition,
  type DomainStatus,
  NamespaceEndsError,
  type Repository,
  UnauthorizedError,
} from '../../cluster/index.ts';
import type { DomainOutcome } from './domain.ts';
import { isKept } from './status.ts';

/** How the last pass over a repository ended. */
export type Outcome =
  | { readonly kind: 'ready'; readonly message: string }
  | { readonly kind: 'failed'; readonly error: Error }
  /** Nobody reconciles it for now; whether it was ready stays as it is. */
  | { readonly kind: 'suspended' };

const SUSPENDED = 'suspended: what is pushed is registered, and nothing is applied or restored';

/**
 * Ready, Reconciling and Stalled as Flux has them. Stalled: no retry helps. `lastTransitionTime` moves only with the
 * status; undefined when nothing but that would change, so that a pass without news writes nothing. Conditions of others
 * stay as they are.
 */
export function nextConditions(
  before: readonly Condition[] | undefined,
  outcome: Outcome,
  now: UnixMs,
): readonly Condition[] | undefined {
  const isStalled = outcome.kind === 'failed' && outcome.error instanceof StalledError;
  const reason = reasonOf(outcome);
  const message =
    outcome.kind === 'ready' ? outcome.message : outcome.kind === 'failed' ? outcome.error.message : SUSPENDED;
  const wanted = [
    { type: 'Ready', status: readyOf(before, outcome), reason, message },
    { type: 'Reconciling', status: outcome.kind === 'failed' && !isStalled ? 'True' : 'False', reason, message },
    { type: 'Stalled', status: isStalled ? 'True' : 'False', reason, message },
  ] as const;
  let hasNews = false;
  const conditions = wanted.map((condition): Condition => {
    const old = before?.find(({ type }) => type === condition.type);
    if (old?.status !== condition.status || old.reason !== reason || old.message !== message) hasNews = true;
    const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : instantText(now);
    return { ...condition, lastTransitionTime };
  });
  const others = before?.filter(({ type }) => !wanted.some((condition) => condition.type === type)) ?? [];
  return hasNews ? [...conditions, ...others] : undefined;
}

/** What a repository says of itself when all is applied; `next` is the status of `domain` after the pass. */
export function readyMessage(
  { status }: Repository,
  domain: string,
  next: DomainStatus,
  { plan }: DomainOutcome,
): string {
  let waiting = plan.waiting.length;
  let hasForeign = next.drift?.some(isKept) ?? false;
  for (const [name, each] of Object.entries(status?.domains ?? {})) {
    if (name === domain) continue;
    waiting += each.waiting?.length ?? 0;
    hasForeign ||= each.drift?.some(isKept) ?? false;
  }
  const removals =
    waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'removal waits' : 'removals wait'} for a person`;
  const foreign = hasForeign ? '; there are definitions that no commit has' : '';
  return `every tracked domain is applied${removals}${foreign}`;
}

function reasonOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'ready':
      return 'Applied';
    case 'suspended':
      return 'Suspended';
    case 'failed':
      if (outcome.error instanceof UnauthorizedError) return 'Unauthorized';
      if (outcome.error instanceof NamespaceEndsError) return 'NamespaceTerminating';
      return outcome.error instanceof StalledError ? outcome.error.reason : 'Retrying';
  }
}

function readyOf(before: readonly Condition[] | undefined, outcome: Outcome): Condition['status'] {
  if (outcome.kind !== 'suspended') return outcome.kind === 'ready' ? 'True' : 'False';
  return before?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}
