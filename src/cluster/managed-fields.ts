import type { Json } from '../base/index.ts';
import { isJsonObject, MAX_FIELD_MANAGERS, MAX_OBJECT_DEPTH, sameJson } from '../base/index.ts';
import { type FieldSet, isNoField, union } from './field-set.ts';
import { compareTrees, leftBy, treeOf } from './field-tree.ts';
import type { KubeObject, ManagedFields } from './object.ts';

/** Who writes without saying who they are. */
export const DEFAULT_FIELD_MANAGER = 'pipectl';
/** Owner of all that stood in an object before it was applied first, as Kubernetes calls it. */
export const BEFORE_FIRST_APPLY = 'before-first-apply';
/** Oldest changes of more managers than are kept, under the name that Kubernetes gives them. */
const ANCIENT = 'ancient-changes';
const ELEMENT = /^(?:[fvki]:.|\.$)/s;

/** Who owns fields of `object`; nobody when what stands there is none of Kubernetes' entries. */
export function managersOf({ metadata }: KubeObject): readonly ManagedFields[] {
  const { managedFields } = metadata as { readonly managedFields?: unknown };
  return isManagedFields(managedFields) ? managedFields : [];
}

function isManagedFields(entries: unknown): entries is readonly ManagedFields[] {
  return Array.isArray(entries) && entries.every(isEntry);
}

function isEntry(entry: unknown): entry is ManagedFields {
  if (!isJsonObject(entry)) return false;
  const { operation, apiVersion, fieldsType, fieldsV1, manager, time, subresource } = entry;
  return (
    (operation === 'Apply' || operation === 'Update') &&
    typeof apiVersion === 'string' &&
    apiVersion !== '' &&
    fieldsType === 'FieldsV1' &&
    typeof manager === 'string' &&
    (time === undefined || typeof time === 'string') &&
    (subresource === undefined || typeof subresource === 'string') &&
    isFieldSet(fieldsV1, 1)
  );
}

function isFieldSet(set: unknown, depth: number): boolean {
  if (!isJsonObject(set) || depth > MAX_OBJECT_DEPTH) return false;
  return Object.entries(set).every(([element, below]) => isElement(element) && isFieldSet(below, depth + 1));
}

function isElement(element: string): boolean {
  if (!ELEMENT.test(element)) return false;
  return !element.startsWith('k:') || isKey(element.slice(2));
}

function isKey(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text) as Json);
  } catch {
    return false;
  }
}

/** The entry of a manager. Who applies has one, whatever else the same name did. */
export function entryOf(
  entries: readonly ManagedFields[],
  manager: string,
  operation: ManagedFields['operation'],
): ManagedFields | undefined {
  return entries.find((entry) => {
    return entry.manager === manager && entry.operation === operation && entry.subresource === undefined;
  });
}

/**
 * Who owns fields of `wanted`, which comes in the place of `live` by any write but an apply: the fields that differ go to
 * `manager`. As in Kubernetes' first years of it, nobody is noted before somebody applied the object, or gave entries with it:
 * so what is never applied pays nothing. Entries that come with `wanted` are taken for those of the live object; a list of
 * none, or of one that is empty, forgets them all.
 */
export function managersAfter(
  live: KubeObject,
  wanted: KubeObject,
  manager: string,
  time: string,
): readonly ManagedFields[] | undefined {
  const { managedFields: given } = wanted.metadata;
  if (given === undefined && live.metadata.managedFields === undefined) return undefined;
  if (isReset(given)) return undefined;
  const known = managersOf(wanted);
  const entries = known.length > 0 ? known : managersOf(live);
  if (entries.length === 0) return undefined;
  const change = compareTrees(treeOf(live), treeOf(wanted));
  const left = withoutFields(entries, change);
  if (isNoField(change.changed)) return inOrder(left);
  const mine = entryOf(left, manager, 'Update');
  const fieldsV1 = union(mine?.fieldsV1 ?? {}, change.changed);
  const entry = newEntry(wanted, manager, 'Update', fieldsV1, time);
  return inOrder(bounded([...left.filter((each) => each !== mine), entry]));
}

function isReset(given: unknown): boolean {
  if (!Array.isArray(given) || given.length > 1) return false;
  return given.length === 0 || (isJsonObject(given[0]) && Object.keys(given[0]).length === 0);
}

/** The entries with what a change leaves of them; those of which nothing is left are gone. */
export function withoutFields(
  entries: readonly ManagedFields[],
  change: ReturnType<typeof compareTrees>,
): readonly ManagedFields[] {
  return entries
    .map((entry) => ({ ...entry, fieldsV1: leftBy(change, entry.fieldsV1) }))
    .filter((entry) => !isNoField(entry.fieldsV1));
}

export function newEntry(
  { apiVersion }: KubeObject,
  manager: string,
  operation: ManagedFields['operation'],
  fieldsV1: FieldSet,
  time: string,
): ManagedFields {
  return { manager, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 };
}

/** The order in which Kubernetes writes them. */
export function inOrder(entries: readonly ManagedFields[]): readonly ManagedFields[] {
  const keyOf = ({ operation, time = '', manager }: ManagedFields): string => `${operation}\0${time}\0${manager}`;
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Of too many that changed something, the oldest become one. */
function bounded(entries: readonly ManagedFields[]): readonly ManagedFields[] {
  const updates = inOrder(entries.filter(({ operation }) => operation === 'Update'));
  const excess = updates.length - MAX_FIELD_MANAGERS;
  if (excess <= 0) return entries;
  const oldest = updates.slice(0, excess + 1);
  const rest = entries.filter((entry) => !oldest.includes(entry));
  const last = oldest.at(-1) as ManagedFields;
  return [
    ...rest,
    oldest.reduce((sum, entry) => ({ ...last, manager: ANCIENT, fieldsV1: union(sum.fieldsV1, entry.fieldsV1) })),
  ];
}

/** `after` with the times of `before`, when nothing else of it differs: what changes nothing is no change. */
export function withKeptTimes(before: KubeObject, after: KubeObject): KubeObject {
  const kept = managersOf(before);
  const { managedFields } = after.metadata;
  if (managedFields === undefined || kept.length !== managedFields.length) return after;
  const withTimes = managedFields.map((entry) => {
    const { time } = entryOf(kept, entry.manager, entry.operation) ?? {};
    const { time: _, ...rest } = entry;
    return time === undefined ? rest : { ...rest, time };
  });
  const candidate = { ...after, metadata: { ...after.metadata, managedFields: inOrder(withTimes) } };
  return sameJson(candidate as unknown as Json, before as unknown as Json) ? candidate : after;
}
