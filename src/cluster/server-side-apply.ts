import { FieldConflictError } from './errors.ts';
import { type FieldSet, fieldPaths, intersection, isNoField, union } from './field-set.ts';
import { type Branch, compareTrees, fieldsOf, mergeTrees, objectOf, pruneTree, treeOf } from './field-tree.ts';
import { BEFORE_FIRST_APPLY, entryOf, inOrder, managersOf, newEntry, withoutFields } from './managed-fields.ts';
import type { KubeObject, ManagedFields } from './object.ts';

export interface Applier {
  readonly manager: string;
  /** Whether fields of others are taken over; else they are a conflict. */
  readonly force: boolean;
  /** RFC 3339, to the second. */
  readonly time: string;
}

/**
 * Server-side apply, as Kubernetes does it: `applied`'s fields are set and owned; those that the manager named before, names
 * no more, and nobody else owns are removed; all others stay. Returns the object without status changes; `live` is
 * undefined for a creation. Throws FieldConflictError when, without force, a field that another manager owns would change.
 */
export function applyFields(live: KubeObject | undefined, applied: KubeObject, applier: Applier): KubeObject {
  const { manager, force, time } = applier;
  const before: Branch = live === undefined ? { isList: false, members: new Map() } : treeOf(live);
  const managers = live === undefined ? [] : managersBefore(live, before, time);
  const mine = entryOf(managers, manager, 'Apply');
  const others = managers.filter((entry) => entry !== mine);
  const named = treeOf(applied);
  const fields = fieldsOf(named);
  const merged = mergeTrees(before, named) as Branch;
  if (mine !== undefined) {
    const kept = others.reduce((sum, entry) => union(sum, entry.fieldsV1), fields);
    pruneTree(merged, mine.fieldsV1, kept);
  }
  const change = compareTrees(before, merged);
  if (!force) refuseConflicts(others, change.changed);
  const entry = newEntry(applied, manager, 'Apply', fields, time);
  const left = withoutFields(others, change);
  const managedFields = inOrder(isNoField(fields) ? left : [...left, entry]);
  const result = objectOf(live ?? applied, merged);
  return { ...result, metadata: { ...result.metadata, managedFields } };
}

function managersBefore(live: KubeObject, tree: Branch, time: string): readonly ManagedFields[] {
  const managers = managersOf(live);
  if (managers.length > 0) return managers;
  const fields = fieldsOf(tree);
  return isNoField(fields) ? [] : [newEntry(live, BEFORE_FIRST_APPLY, 'Update', fields, time)];
}

function refuseConflicts(others: readonly ManagedFields[], changed: FieldSet): void {
  const causes = others.flatMap((entry) => {
    return fieldPaths(intersection(entry.fieldsV1, changed)).map((field) => ({ manager: managerText(entry), field }));
  });
  if (causes.length > 0) throw new FieldConflictError(causes);
}

/** As Kubernetes names a manager in conflicts. */
function managerText({ manager, operation, apiVersion, subresource, time }: ManagedFields): string {
  const name = `${JSON.stringify(manager)}${subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  if (operation === 'Apply') return name;
  return `${name} using ${apiVersion}${time === undefined ? '' : ` at ${time}`}`;
}
