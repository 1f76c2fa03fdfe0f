import { MAX_PASS_EVENTS } from '../../base/index.ts';
import { API_VERSION, type DomainStatus, entityKey, type Repository, SYSTEM_NAMESPACE } from '../../cluster/index.ts';
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
  if (!outcome.isDrift) return told.slice(0, MAX_PASS_EVENTS);
  for (const { kind, name: of, what, by, state } of newOnes(before.drift, after.drift ?? [])) {
    if (state !== 'healed') continue;
    const who = by === undefined ? '' : ` by ${by}`;
    const done = what === 'added' ? 'removed' : 'restored';
    const message = `${what} past git${who}: ${done} as commit ${shortOid(commit)} has it`;
    told.push({
      about: { apiVersion: API_VERSION, kind, namespace, name: of },
      type: 'Warning',
      reason: 'Drift',
      message,
    });
  }
  return told.slice(0, MAX_PASS_EVENTS);
}

/** Entries that were not there before, or said something else. */
function newOnes<T>(before: readonly T[] = [], after: readonly T[]): readonly T[] {
  const known = new Set(before.map((entry) => JSON.stringify(entry)));
  return after.filter((entry) => !known.has(JSON.stringify(entry)));
}
