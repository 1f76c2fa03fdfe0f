import {
  canonicalJson,
  type Json,
  MAX_DOMAIN_HISTORY,
  MAX_LISTED_DEFINITIONS,
  MAX_SHOWN_USER,
  StalledError,
} from '../../base/index.ts';
import { type DomainStatus, type Drift, entityKey, type MergePatch } from '../../cluster/index.ts';
import { shortOid } from '../../git/index.ts';
import type { DomainOutcome } from './domain.ts';
import { definitionOf, type Plan, type PlannedChange } from './plan.ts';

/** Who changed a definition past git, and when, as far as it is known. */
export interface Change {
  readonly by?: string;
  readonly at?: string;
}

/** Finds who deleted a definition. */
export type FindChange = (kind: string, name: string) => Change | undefined;

/** What keeps a domain from showing its commit: a StalledError when only a person can help; undefined: nothing. */
export function outcomeError({ plan: { held }, applied: { failed }, commit = '' }: DomainOutcome): Error | undefined {
  const first = failed[0];
  if (first !== undefined) {
    const others = failed.length === 1 ? '' : `, and ${failed.length - 1} more`;
    return new Error(`${entityKey(first.kind, first.name)} could not be applied${others}: ${first.message}`);
  }
  if (held === undefined) return undefined;
  return new StalledError(
    'PruneHeld',
    `${held.reason}: they are kept; \`pipectl sync --confirm-removals\` lets ${shortOid(commit)} remove them`,
  );
}

/** The domain's status after a pass. Pure; the same when there is no news. */
export function nextDomain(before: DomainStatus, outcome: DomainOutcome, at: string, find: FindChange): DomainStatus {
  const { commit, plan, applied } = outcome;
  const error = outcomeError(outcome);
  const { message: told, failed, waiting, pruneHeld, drift, ...kept } = before;
  const isReached = error === undefined;
  const isNew = isReached && before.lastApplied !== commit;
  // What stands at a domain that shows its commit is not about applying it, unless that had failed.
  const wasApplied = before.lastAttempted === commit && failed === undefined && pruneHeld === undefined;
  const staysTold = !isNew && wasApplied ? told : undefined;
  const message = error?.message ?? staysTold;
  const drifts = nextDrift(before, outcome, at, find);
  return {
    ...kept,
    ...(commit !== undefined && { lastAttempted: commit }),
    ...(isNew &&
      commit !== undefined && {
        lastApplied: commit,
        lastAppliedAt: at,
        history: nextHistory(before, outcome, commit, at),
      }),
    ...(message !== undefined && { message }),
    ...(applied.failed.length > 0 && { failed: applied.failed.slice(0, MAX_LISTED_DEFINITIONS) }),
    ...(plan.waiting.length > 0 && { waiting: plan.waiting.slice(0, MAX_LISTED_DEFINITIONS) }),
    ...(plan.held !== undefined && { pruneHeld: plan.held }),
    ...(drifts.length > 0 && { drift: drifts }),
  };
}

/** The status of a domain that is not healed now: what differs is only told. */
export function driftedDomain(
  before: DomainStatus,
  plan: Plan,
  state: 'waiting' | 'suspended',
  at: string,
  find: FindChange,
): DomainStatus {
  const { drift: _, ...kept } = before;
  const entries = mergedDrift(before, entriesOf(before, plan, state, at, find), true);
  const drift = withForeign(entries, foreignEntries(plan, at));
  return { ...kept, ...(drift.length > 0 && { drift }) };
}

/** The merge patch from one status to the next; undefined when nothing differs. */
export function domainPatch(before: DomainStatus, after: DomainStatus): MergePatch | undefined {
  const [old, next] = [before, after] as unknown as [Record<string, Json>, Record<string, Json>];
  const patch: Record<string, Json> = {};
  for (const field of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const value = next[field];
    if (value === undefined) patch[field] = null;
    else if (old[field] === undefined || canonicalJson(old[field]) !== canonicalJson(value)) patch[field] = value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function nextHistory(
  { history = [] }: DomainStatus,
  { applied: { created, updated, pruned } }: DomainOutcome,
  commit: string,
  at: string,
): DomainStatus['history'] {
  return [{ commit, at, created, updated, pruned }, ...history].slice(0, MAX_DOMAIN_HISTORY);
}

function nextDrift(before: DomainStatus, outcome: DomainOutcome, at: string, find: FindChange): readonly Drift[] {
  const { plan, wasVerified } = outcome;
  // Only a look at everything tells what else is there.
  const foreign = wasVerified ? foreignEntries(plan, at) : (before.drift ?? []).filter(isKept);
  return withForeign(changesPastGit(before, outcome, at, find), foreign);
}

function changesPastGit(before: DomainStatus, outcome: DomainOutcome, at: string, find: FindChange): readonly Drift[] {
  const { plan, applied, isDrift, wasVerified } = outcome;
  const failed = new Set(applied.failed.map(({ kind, name }) => entityKey(kind, name)));
  if (!isDrift) {
    // A new commit over all objects undoes what was only told of before, as when a suspended repository goes on.
    const isUndone = ({ kind, name }: Drift): boolean => wasVerified && !failed.has(entityKey(kind, name));
    const changes = (before.drift ?? []).filter((entry) => !isKept(entry));
    return changes.map((entry) => (isUndone(entry) ? { ...entry, state: 'healed' } : entry));
  }
  const entries = entriesOf(before, plan, 'healed', at, find).map((entry): Drift => {
    return failed.has(entityKey(entry.kind, entry.name)) ? { ...entry, state: 'waiting' } : entry;
  });
  return mergedDrift(before, entries, wasVerified);
}

/** What a plan for a commit that is applied already tells of changes past git. */
function entriesOf(
  { waiting = [], drift = [] }: DomainStatus,
  plan: Plan,
  state: Drift['state'],
  at: string,
  find: FindChange,
): readonly Drift[] {
  const expected = new Set(waiting.map(({ kind, name }) => entityKey(kind, name)));
  const known = new Map(drift.map((entry) => [entityKey(entry.kind, entry.name), entry]));
  return plan.waves
    .flat()
    .filter((change) => !expected.has(keyOf(change)))
    .slice(0, MAX_LISTED_DEFINITIONS)
    .map((change): Drift => {
      const { kind, name } = definitionOf(change);
      const what = change.action === 'create' ? 'deleted' : change.action === 'prune' ? 'added' : 'edited';
      const told = known.get(keyOf(change));
      // One that waited keeps what was known of it when it was seen first.
      const isSame = told !== undefined && told.state !== 'healed' && told.what === what;
      const maker = isSame ? told : what === 'deleted' ? find(kind, name) : change.from?.changed;
      const by = maker?.by?.slice(0, MAX_SHOWN_USER);
      return { kind, name, what, ...(by !== undefined && { by }), at: maker?.at ?? at, state };
    });
}

/** New entries before the old ones of other definitions. After a look at everything, what waited and is no more is left out. */
function mergedDrift({ drift = [] }: DomainStatus, entries: readonly Drift[], wasVerified: boolean): readonly Drift[] {
  const named = new Set(entries.map(({ kind, name }) => entityKey(kind, name)));
  const others = drift.filter(
    ({ kind, name, state }) =>
      !named.has(entityKey(kind, name)) && state !== 'kept' && !(wasVerified && state !== 'healed'),
  );
  return [...entries, ...others].slice(0, MAX_LISTED_DEFINITIONS);
}

/** What is there and not of git comes last, and has its place: what was healed is history. */
function withForeign(changes: readonly Drift[], foreign: readonly Drift[]): readonly Drift[] {
  return [...changes.slice(0, MAX_LISTED_DEFINITIONS - foreign.length), ...foreign];
}

function foreignEntries({ foreign = [] }: Plan, at: string): readonly Drift[] {
  return foreign.map(({ kind, name, changed }): Drift => {
    const by = changed.by?.slice(0, MAX_SHOWN_USER);
    return { kind, name, what: 'added', ...(by !== undefined && { by }), at: changed.at ?? at, state: 'kept' };
  });
}

/** Whether it tells of a definition that is not of git and stays. */
export function isKept({ state }: Drift): boolean {
  return state === 'kept';
}

function keyOf(change: PlannedChange): string {
  const { kind, name } = definitionOf(change);
  return entityKey(kind, name);
}
