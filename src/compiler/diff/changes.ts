import type { EntityClosure } from '../closure.ts';
import { keyOf } from '../workspace.ts';
import type { Comparison } from './caller-state.ts';
import type { ChangedEntity, ChangeLevel, FieldChange, FieldKind } from './contract.ts';
import { gravest } from './level.ts';
import { viewsOfPair } from './nodes.ts';
import { byKey, type EntityPair } from './pairs.ts';
import { compareTrees, type TreeChange } from './tree.ts';

/** The fields that differ, entity by entity; entities without any are left out. */
export function findChanges(comparison: Comparison, pairs: readonly EntityPair[]): readonly ChangedEntity[] {
  const changed: ChangedEntity[] = [];
  const otherOutputs = new Set<string>();
  let waiting: readonly EntityPair[] = pairs;
  for (let size = -1; waiting.length !== size; ) {
    size = waiting.length;
    const later: EntityPair[] = [];
    for (const pair of waiting) {
      if (!isWorthLooking(pair, otherOutputs)) {
        later.push(pair);
        continue;
      }
      const entity = changedEntity(comparison, pair);
      if (entity === undefined) continue;
      changed.push(entity);
      const hasOutputs = entity.changes.some(({ path }) => path[1] === 'outputs');
      if (hasOutputs) otherOutputs.add(keyOf(entity.kind, entity.name));
    }
    waiting = later;
  }
  return changed.sort(byKey);
}

/**
 * An entity whose text is the same differs only by what it takes from others: a task the content of its folder and the
 * digests of its images, a schedule the days of the files that it names, a workflow the types of its outputs, and that only
 * when what it calls has other outputs.
 */
function isWorthLooking({ before, after }: EntityPair, otherOutputs: ReadonlySet<string>): boolean {
  if (before.blob !== after.blob || before.file !== after.file) return true;
  return after.kind === 'Task' || after.kind === 'Schedule' || after.refs.some((ref) => otherOutputs.has(ref));
}

function changedEntity(comparison: Comparison, { before, after }: EntityPair): ChangedEntity | undefined {
  const oldKey = keyOf(before.kind, before.name);
  const newKey = keyOf(after.kind, after.name);
  const old = comparison.before.definition(oldKey);
  const fresh = comparison.after.definition(newKey);
  if (old === undefined || fresh === undefined) return undefined;
  const [oldClosure, freshClosure] = bothOf(comparison.before.closure(oldKey), comparison.after.closure(newKey));
  const views = viewsOfPair(
    { definition: old, closure: oldClosure },
    { definition: fresh, closure: freshClosure },
    comparison.newKey,
  );
  const isSame = before.digest !== undefined && before.digest === after.digest;
  const changes = compareTrees(views.before, views.after)
    .map(fieldChange)
    // What is not in the closure cannot change what runs; what is in it has not changed.
    .filter(({ kind }) => !isSame || UNCOMPILED.has(kind));
  if (changes.length + views.renamedNodes.length === 0) return undefined;
  const { kind, name, file } = after;
  return {
    kind,
    name,
    file,
    ...(before.name !== name && { previousName: before.name }),
    level: gravest(changes.map(({ level }) => level)) ?? 'cosmetic',
    changes,
    renamedNodes: views.renamedNodes,
  };
}

const UNCOMPILED: ReadonlySet<FieldKind> = new Set(['description', 'label', 'annotation']);

/** Values of one are comparable with those of the other only when both went through the compiler. */
function bothOf(
  before: EntityClosure | undefined,
  after: EntityClosure | undefined,
): readonly [EntityClosure | undefined, EntityClosure | undefined] {
  return before === undefined || after === undefined ? [undefined, undefined] : [before, after];
}

function fieldChange({ path, field, before, after }: TreeChange): FieldChange {
  return {
    path,
    kind: field,
    level: levelOf(field),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
}

function levelOf(field: FieldKind): ChangeLevel {
  return field === 'description' || field === 'annotation' ? 'cosmetic' : 'behaviour';
}
