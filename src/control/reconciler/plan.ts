import { type Digest, MASS_PRUNE } from '../../base/index.ts';
import { entityKey } from '../../cluster/index.ts';
import type { EntityKind } from '../../compiler/index.ts';

/** A definition that is to be active. */
export interface DesiredDefinition {
  readonly kind: EntityKind;
  readonly name: string;
  readonly digest: Digest;
  readonly file: string;
  /** Present: it is removed only when a person confirms that. */
  readonly prune?: string;
}

/** A definition that is active, as its object tells. */
export interface LiveDefinition extends DesiredDefinition {
  /** Somebody changed the object's spec by hand. */
  readonly isEdited?: boolean;
  /** Who did, and when, where that is known. */
  readonly changed?: { readonly by?: string; readonly at?: string };
  /** What it starts or runs, as `Kind/name`: that must not go before it. */
  readonly needs?: readonly string[];
  /** A person has confirmed that it may go. */
  readonly isConfirmed?: boolean;
}

/** A definition that somebody made past git. */
export interface ForeignDefinition {
  readonly kind: EntityKind;
  readonly name: string;
  readonly changed: { readonly by?: string; readonly at?: string };
}

/** One object to write or to delete. */
export type PlannedChange =
  | { readonly action: 'create' | 'update'; readonly to: DesiredDefinition; readonly from?: LiveDefinition }
  /** The same closure from another file, or undoing an edit: the closure did not change. */
  | { readonly action: 'restore'; readonly to: DesiredDefinition; readonly from?: LiveDefinition }
  | { readonly action: 'prune'; readonly from: LiveDefinition };

/** What makes the live definitions equal to the desired ones: waves, each to be complete before the next. */
export interface Plan {
  readonly waves: readonly (readonly PlannedChange[])[];
  readonly unchanged: number;
  /** Definitions that are to go and stay until a person confirms it, and what they need. */
  readonly waiting: readonly { readonly kind: EntityKind; readonly name: string; readonly reason: string }[];
  /** Definitions that stand in the namespace and are not of the repository: nothing is done about them. The first ones. */
  readonly foreign?: readonly ForeignDefinition[];
  /** All removals were left out, since they would take most of what is active. */
  readonly held?: { readonly count: number; readonly of: number; readonly reason: string };
}

/** What protects definitions from being removed by mistake. */
export interface PruneGuard {
  /** A person has confirmed whatever this commit removes. */
  readonly isConfirmed: boolean;
  /** Definitions that are active and wanted in all, where a plan is made of a part of them. */
  readonly active: number;
  readonly wanted: number;
}

/** Later waves refer to earlier ones, so nothing active ever points at something that is not. */
const WAVES: readonly (readonly EntityKind[])[] = [
  ['Platform', 'Policy'],
  ['Task', 'Workflow'],
  ['LaunchPlan'],
  ['Schedule'],
];

/** Pure. Both lists may be in any order; the plan's order is by wave, then kind, then name. Without a guard all goes. */
export function planChanges(
  desired: readonly DesiredDefinition[],
  live: readonly LiveDefinition[],
  guard?: PruneGuard,
): Plan {
  const old = byKind(live);
  const writes: PlannedChange[] = [];
  let unchanged = 0;
  for (const to of desired) {
    const ofKind = old.get(to.kind);
    const from = ofKind?.get(to.name);
    ofKind?.delete(to.name);
    const change = changeOf(to, from);
    if (change === undefined) unchanged += 1;
    else writes.push(change);
  }
  const removed = [...old.values()].flatMap((ofKind) => [...ofKind.values()]);
  const waiting = guard === undefined || guard.isConfirmed ? NONE : waitingFor(removed);
  const prunes = removed
    .filter((definition) => !waiting.has(keyOf(definition)))
    .map((from): PlannedChange => ({ action: 'prune', from }));
  const held = guard === undefined ? undefined : heldBack(prunes.length, guard);
  const waves = [...inWaves(writes, WAVES), ...inWaves(held === undefined ? prunes : [], WAVES.toReversed())];
  return {
    waves,
    unchanged,
    waiting: [...waiting.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    ...(held !== undefined && { held }),
  };
}

/** One line a change, for people: `update Workflow/etl`. */
export function printPlan(plan: Plan): readonly string[] {
  const lines = plan.waves.flatMap((wave) => wave.map((change) => `${change.action} ${keyOf(definitionOf(change))}`));
  const waiting = plan.waiting.map((definition) => `keep ${keyOf(definition)} (${definition.reason})`);
  const held = plan.held === undefined ? [] : [`keep ${plan.held.count} definitions (${plan.held.reason})`];
  return [...lines, ...waiting, ...held];
}

/** The definition that a change is about. */
export function definitionOf(change: PlannedChange): DesiredDefinition {
  return change.action === 'prune' ? change.from : change.to;
}

/** By kind and then by name: to make a key of both for each of 10,000 costs more than to compare them. */
function byKind(live: readonly LiveDefinition[]): ReadonlyMap<EntityKind, Map<string, LiveDefinition>> {
  const found = new Map<EntityKind, Map<string, LiveDefinition>>();
  for (const definition of live) {
    let ofKind = found.get(definition.kind);
    if (ofKind === undefined) {
      ofKind = new Map();
      found.set(definition.kind, ofKind);
    }
    ofKind.set(definition.name, definition);
  }
  return found;
}

function changeOf(to: DesiredDefinition, from: LiveDefinition | undefined): PlannedChange | undefined {
  if (from === undefined) return { action: 'create', to };
  if (from.digest !== to.digest) return { action: 'update', to, from };
  if (from.file === to.file && from.prune === to.prune && from.isEdited !== true) return undefined;
  return { action: 'restore', to, from };
}

type Waiting = Plan['waiting'][number];
const NONE: ReadonlyMap<string, Waiting> = new Map();

/** Definitions that ask for a confirmation nobody gave, and all that these need. */
function waitingFor(removed: readonly LiveDefinition[]): ReadonlyMap<string, Waiting> {
  const found = new Map<string, Waiting>();
  const asking = removed.filter(({ prune, isConfirmed }) => prune !== undefined && isConfirmed !== true);
  if (asking.length === 0) return found;
  const byKey = new Map(removed.map((definition) => [keyOf(definition), definition]));
  const visit = (definition: LiveDefinition, reason: string): void => {
    const key = keyOf(definition);
    if (found.has(key)) return;
    found.set(key, { kind: definition.kind, name: definition.name, reason });
    for (const need of definition.needs ?? []) {
      const needed = byKey.get(need);
      if (needed !== undefined) visit(needed, `needed by ${key}`);
    }
  };
  for (const definition of asking) visit(definition, `prune: ${definition.prune}`);
  return found;
}

/** Whether so many removals look like a mistake. */
function heldBack(count: number, { isConfirmed, active, wanted }: PruneGuard): Plan['held'] {
  if (isConfirmed || count === 0) return undefined;
  if (wanted === 0) return { count, of: active, reason: 'the commit holds no definition at all' };
  if (count < MASS_PRUNE.minCount || count <= active * MASS_PRUNE.share) return undefined;
  return { count, of: active, reason: `the commit would remove ${count} of ${active} definitions` };
}

function inWaves(changes: readonly PlannedChange[], order: readonly (readonly EntityKind[])[]): PlannedChange[][] {
  return order
    .map((kinds) => changes.filter((change) => kinds.includes(definitionOf(change).kind)).sort(byKindAndName))
    .filter((wave) => wave.length > 0);
}

function byKindAndName(left: PlannedChange, right: PlannedChange): number {
  const [keyA, keyB] = [keyOf(definitionOf(left)), keyOf(definitionOf(right))];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

function keyOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return entityKey(kind, name);
}
