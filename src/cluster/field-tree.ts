import { isJsonObject, type Json, sameJson } from '../base/index.ts';
import { DEFINITION_KINDS } from './definitions.ts';
import { difference, type FieldSet, isNoField, memberOf, NO_FIELDS } from './field-set.ts';
import { setMember } from './merge-patch.ts';
import type { KubeObject } from './object.ts';

/** An object as the fields that managers own: branches whose members have names of a FieldSet, and values below. */
export type FieldTree =
  | { readonly isList: boolean; readonly members: Map<string, FieldTree> }
  | { readonly value: Json };
export type Branch = Extract<FieldTree, { readonly isList: boolean }>;

/** Metadata that nobody owns: the server's own, and what names the object. */
const SERVER_METADATA: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
  'name',
  'namespace',
]);
const UNOWNED: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/**
 * What of `object` can be owned; status cannot. Lists are owned as a whole, but for finalizers and owner references, of which
 * everybody has their own. So is the spec of a definition: half of it from git and half from elsewhere would be neither.
 */
export function treeOf(object: KubeObject): Branch {
  const root = branch();
  const metadata = branch();
  for (const [key, value] of Object.entries(object.metadata)) {
    if (SERVER_METADATA.has(key) || value === undefined || value === null) continue;
    metadata.members.set(`f:${key}`, metadataTree(key, value as Json));
  }
  if (metadata.members.size > 0) root.members.set('f:metadata', metadata);
  for (const [key, value] of Object.entries(object)) {
    if (UNOWNED.has(key) || value === undefined || value === null) continue;
    const isWhole = key === 'spec' && DEFINITION_KINDS.has(object.kind);
    root.members.set(`f:${key}`, isWhole ? { value: value as Json } : valueTree(value as Json));
  }
  return root;
}

function metadataTree(key: string, value: Json): FieldTree {
  const isShared = key === 'finalizers' || key === 'ownerReferences';
  if (!Array.isArray(value) || value.length === 0 || !isShared) return valueTree(value);
  const members = new Map<string, FieldTree>();
  for (const item of value)
    members.set(key === 'finalizers' ? `v:${JSON.stringify(item)}` : ownerElement(item), { value: item });
  return { isList: true, members };
}

/** Kubernetes tells owner references apart by their uid. */
function ownerElement(owner: Json): string {
  return `k:${JSON.stringify({ uid: isJsonObject(owner) ? (owner.uid ?? null) : owner })}`;
}

/** A null is as good as nothing, as it is in objects of Kubernetes. */
function valueTree(value: Json): FieldTree {
  if (!isJsonObject(value)) return { value };
  const tree = branch();
  for (const [key, member] of Object.entries(value)) {
    if (member !== null && member !== undefined) tree.members.set(`f:${key}`, valueTree(member));
  }
  return tree.members.size === 0 ? { value: {} } : tree;
}

function branch(): Branch {
  return { isList: false, members: new Map() };
}

/** `live` with all fields of `tree` as they are there, in the metadata and beside it. */
export function objectOf(live: KubeObject, tree: Branch): KubeObject {
  const server = Object.entries(live.metadata).filter(([key]) => SERVER_METADATA.has(key));
  const { metadata = {}, ...fields } = jsonOf(tree) as { readonly metadata?: Readonly<Record<string, Json>> };
  return {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { ...Object.fromEntries(server), ...metadata } as KubeObject['metadata'],
    ...fields,
  };
}

function jsonOf(tree: FieldTree): Json {
  if ('value' in tree) return tree.value;
  if (tree.isList) return [...tree.members.values()].map(jsonOf);
  const object: Record<string, unknown> = {};
  for (const [element, member] of tree.members) setMember(object, element.slice(2), jsonOf(member));
  return object as Json;
}

/** The names of all fields. */
export function fieldsOf(tree: FieldTree): FieldSet {
  if ('value' in tree) return NO_FIELDS;
  const fields: Record<string, FieldSet> = {};
  for (const [element, member] of tree.members) setMember(fields, element, fieldsOf(member));
  return fields;
}

/** `live` with what `applied` names as it is there. Shares no branch with either. */
export function mergeTrees(live: FieldTree | undefined, applied: FieldTree): FieldTree {
  if ('value' in applied) return isEmptyMap(applied) && live !== undefined && 'members' in live ? copy(live) : applied;
  const isSame = live !== undefined && 'members' in live && live.isList === applied.isList;
  const members = isSame ? copy(live).members : new Map<string, FieldTree>();
  for (const [element, member] of applied.members) members.set(element, mergeTrees(members.get(element), member));
  return { isList: applied.isList, members };
}

function copy(tree: Branch): Branch {
  const members = new Map<string, FieldTree>();
  for (const [element, member] of tree.members) members.set(element, 'members' in member ? copy(member) : member);
  return { isList: tree.isList, members };
}

/** Takes out of `tree` what `before` names and `kept` does not. What only others put below such a field stays. */
export function pruneTree(tree: Branch, before: FieldSet, kept: FieldSet): void {
  for (const [element, below] of Object.entries(before)) {
    const member = tree.members.get(element);
    if (member === undefined) continue;
    const keptHere = memberOf(kept, element);
    if ('value' in member) {
      if (keptHere === undefined) tree.members.delete(element);
      continue;
    }
    pruneTree(member, below, keptHere ?? NO_FIELDS);
    if (member.members.size === 0 && keptHere === undefined) tree.members.delete(element);
  }
}

/** What differs between two trees. */
export interface FieldChange {
  /** Fields of the newer one that the other lacks, or has otherwise. */
  readonly changed: FieldSet;
  /** Fields of the older one that are gone. */
  readonly removed: FieldSet;
}

export function compareTrees(before: Branch, after: Branch): FieldChange {
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  for (const [element, old] of before.members) {
    if (!after.members.has(element)) setMember(removed, element, fieldsOf(old));
  }
  for (const [element, now] of after.members) {
    const difference = compareMembers(before.members.get(element), now);
    if (difference.changed !== undefined) setMember(changed, element, difference.changed);
    if (difference.removed !== undefined) setMember(removed, element, difference.removed);
  }
  return { changed, removed };
}

function compareMembers(old: FieldTree | undefined, now: FieldTree): Partial<FieldChange> {
  if (old === undefined) return { changed: fieldsOf(now) };
  if ('value' in old && 'value' in now) return sameJson(old.value, now.value) ? {} : { changed: NO_FIELDS };
  if ('value' in now && 'members' in old) {
    return isEmptyMap(now) ? { removed: fieldsOf(old) } : { changed: NO_FIELDS, removed: fieldsOf(old) };
  }
  if ('value' in old || 'value' in now) return { changed: fieldsOf(now) };
  const { changed, removed } = compareTrees(old, now);
  return { ...(!isNoField(changed) && { changed }), ...(!isNoField(removed) && { removed }) };
}

/** The fields of `set` that a change leaves alone. */
export function leftBy({ changed, removed }: FieldChange, set: FieldSet): FieldSet {
  return difference(difference(set, changed), removed);
}

function isEmptyMap(tree: FieldTree): boolean {
  return 'value' in tree && isJsonObject(tree.value) && Object.keys(tree.value).length === 0;
}
