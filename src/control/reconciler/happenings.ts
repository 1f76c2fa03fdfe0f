import { MAX_PASS_EVENTS } from '../../base/index.ts';
import {
  API_VERSION,
  type DomainStatus,
  type Drift,
  entityKey,
  type Repository,
  SYSTEM_NAMESPACE,
} from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import type { DomainOutcome } from './domain.ts';
import type { Happening } from './events.ts';
import { type FindChange, nextDomain } from './status.ts';

export interface PassReport {
  readonly repository: Repository;
  readonly namespace: string;
  readonly domain: string;
  readonly before: DomainStatus;
  readonly outcome: DomainOutcome;
  readonly find: FindChange;
}

/** What of a pass people should read about: nothing that the status before it says already. Pure. */
export function happenings({ repository, namespace, domain, before, outcome, find }: PassReport): readonly Happening[] {
  const { commit = '', plan, applied } = outcome;
  const after = nextDomain(before, outcome, '', find);
  const { name, uid } = repository.metadata;
  const about = {
    apiVersion: API_VERSION,
    kind: 'Repository',
    namespace: SYSTEM_NAMESPACE,
    name,
    ...(uid !== undefined && { uid }),
  };
  const told: Happening[] = [];
  if (after.lastApplied !== before.lastApplied) {
    const counts = `${applied.created} created, ${applied.updated} updated, ${applied.pruned} removed`;
    told.push({ about, type: 'Normal', reason: 'Applied', message: `${domain} is at ${shortOid(commit)}: ${counts}` });
  }
  for (const { kind, name: of, message } of newOnes(before.failed, applied.failed)) {
    const text = `${domain}: ${entityKey(kind, of)} could not be applied: ${message}`;
    told.push({ about, type: 'Warning', reason: 'ApplyFailed', message: text });
  }
  if (plan.held !== undefined && plan.held.reason !== before.pruneHeld?.reason) {
    told.push({ about, type: 'Warning', reason: 'PruneHeld', message: `${domain}: ${plan.held.reason}` });
  }
  for (const { kind, name: of, reason } of newOnes(before.waiting, plan.waiting)) {
    const text = `${domain}: the removal of ${entityKey(kind, of)} waits for a person (${reason})`;
    told.push({ about, type: 'Warning', reason: 'PruneWaiting', message: text });
  }
  told.push(...driftHappenings(namespace, before.drift, after.drift, commit));
  return told.slice(0, MAX_PASS_EVENTS);
}

/** What of changes past git was not told before. `commit` is what they were restored to, if they were. Pure. */
export function driftHappenings(
  namespace: string,
  before: readonly Drift[] | undefined,
  after: readonly Drift[] | undefined,
  commit = '',
): readonly Happening[] {
  const told = newOnes(before, after ?? []).flatMap((drift): readonly Happening[] => {
    const { kind, name, what, by } = drift;
    const outcome = outcomeText(drift, commit);
    if (outcome === undefined) return [];
    const message = `${what} past git${by === undefined ? '' : ` by ${by}`}: ${outcome}`;
    return [{ about: { apiVersion: API_VERSION, kind, namespace, name }, type: 'Warning', reason: 'Drift', message }];
  });
  return told.slice(0, MAX_PASS_EVENTS);
}

/** Undefined: it will be told when it is healed. */
function outcomeText({ state, what }: Drift, commit: string): string | undefined {
  switch (state) {
    case 'waiting':
      return undefined;
    case 'suspended':
      return 'it stays so while the repository is suspended';
    case 'kept':
      return 'no commit has it, so it is left alone: delete it, and declare it in git if it is wanted';
    case 'healed':
      return `${what === 'added' ? 'removed' : 'restored'} as commit ${shortOid(commit)} has it`;
  }
}

/** Entries that were not there before, or said something else. */
function newOnes<T>(before: readonly T[] = [], after: readonly T[]): readonly T[] {
  const known = new Set(before.map((entry) => JSON.stringify(entry)));
  return after.filter((entry) => !known.has(JSON.stringify(entry)));
}
