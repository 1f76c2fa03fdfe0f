import type { Digest } from '../../base/index.ts';
import { entityKey } from '../../cluster/index.ts';
import type { EntityKind } from '../../compiler/index.ts';

/** A definition that is to be active. */
export interface DesiredDefinition {
  readonly kind: EntityKind;
  readonly name: string;
  readonly digest: Digest;
  readonly file: string;
}

/** A definition that is active, as its object tells. */
export interface LiveDefinition extends DesiredDefinition {
  /** Somebody changed the object's spec by hand. */
  readonly isEdited?: boolean;
}

/** One object to write or to delete. */
export type PlannedChange =
  | { readonly action: 'create' | 'update'; readonly to: DesiredDefinition }
  /** The same closure from another file, or undoing an edit: the closure did not change. */
  | { readonly action: 'restore'; readonly to: DesiredDefinition }
  | { readonly action: 'prune'; readonly from: LiveDefinition };

/** What makes the live definitions equal to the desired ones: waves, each to be complete before the next. */
export interface Plan {
  readonly waves: readonly (readonly PlannedChange[])[];
  readonly unchanged: number;
}

/** Later waves refer to earlier ones, so nothing active ever points at something that is not. */
const WAVES: readonly (readonly EntityKind[])[] = [
  ['Platform', 'Policy'],
  ['Task', 'Workflow'],
  ['LaunchPlan'],
  ['Schedule'],
];

/** Pure. Both lists may be in any order; the plan's order is by wave, then kind, then name. */
export function planChanges(desired: readonly DesiredDefinition[], live: readonly LiveDefinition[]): Plan {
  const old = new Map(live.map((definition) => [entityKey(definition.kind, definition.name), definition]));
  const writes: PlannedChange[] = [];
  let unchanged = 0;
  for (const to of desired) {
    const key = entityKey(to.kind, to.name);
    const from = old.get(key);
    old.delete(key);
    const change = changeOf(to, from);
    if (change === undefined) unchanged += 1;
    else writes.push(change);
  }
  const prunes = [...old.values()].map((from): PlannedChange => ({ action: 'prune', from }));
  const waves = [...inWaves(writes, WAVES), ...inWaves(prunes, WAVES.toReversed())];
  return { waves, unchanged };
}

/** One line a change, for people: `update Workflow/etl`. */
export function printPlan(plan: Plan): readonly string[] {
  return plan.waves.flatMap((wave) =>
    wave.map((change) => {
      const { kind, name } = definitionOf(change);
      return `${change.action} ${entityKey(kind, name)}`;
    }),
  );
}

function changeOf(to: DesiredDefinition, from: LiveDefinition | undefined): PlannedChange | undefined {
  if (from === undefined) return { action: 'create', to };
  if (from.digest !== to.digest) return { action: 'update', to };
  if (from.file === to.file && from.isEdited !== true) return undefined;
  return { action: 'restore', to };
}

function inWaves(changes: readonly PlannedChange[], order: readonly (readonly EntityKind[])[]): PlannedChange[][] {
  return order
    .map((kinds) => changes.filter((change) => kinds.includes(definitionOf(change).kind)).sort(byKindAndName))
    .filter((wave) => wave.length > 0);
}

function definitionOf(change: PlannedChange): DesiredDefinition {
  return change.action === 'prune' ? change.from : change.to;
}

function byKindAndName(left: PlannedChange, right: PlannedChange): number {
  const a = definitionOf(left);
  const b = definitionOf(right);
  const [keyA, keyB] = [entityKey(a.kind, a.name), entityKey(b.kind, b.name)];
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}
