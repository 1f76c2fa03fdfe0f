import { isJsonObject, type Json } from '../base/index.ts';
import { ownMember, setMember } from './merge-patch.ts';
import type { KubeObject } from './object.ts';

/** Which fields a manager named, after Kubernetes' FieldsV1: `{ "f:spec": { "f:ref": {} } }`. Lists are atomic. */
export interface FieldSet {
  readonly [field: string]: FieldSet;
}

/** An entry of `metadata.managedFields`, as much of it as apply needs. */
interface ManagedFields {
  readonly manager: string;
  readonly operation: 'Apply';
  readonly apiVersion: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
}

/** Metadata that belongs to the server: an applied object neither sets nor owns it. */
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

/**
 * Server-side apply with force: `applied`'s fields win, and fields that `manager` named before, names no more, and no
 * other manager names are removed. Returns the object without status changes; `live` is undefined for a creation.
 */
export function applyFields(live: KubeObject | undefined, applied: KubeObject, manager: string): KubeObject {
  const { status: _, ...wanted } = applied;
  const metadata = Object.fromEntries(Object.entries(wanted.metadata).filter(([key]) => !SERVER_METADATA.has(key)));
  const { apiVersion: __, kind: ___, ...named } = { ...wanted, metadata };
  const fields = fieldsOf(named);
  const managers = managersOf(live);
  const before = managers.find((entry) => entry.manager === manager)?.fieldsV1;
  const others = managers.filter((entry) => entry.manager !== manager);
  const merged = overlay(live ?? {}, { ...wanted, metadata: { ...wanted.metadata } }) as Record<string, unknown>;
  const pruned = (before === undefined ? merged : prune(merged, before, fields, others)) as unknown as KubeObject;
  const mine: ManagedFields = {
    manager,
    operation: 'Apply',
    apiVersion: applied.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
  return { ...pruned, metadata: { ...pruned.metadata, managedFields: [...others, mine] } as KubeObject['metadata'] };
}

function managersOf(object: KubeObject | undefined): readonly ManagedFields[] {
  const entries = (object?.metadata as { managedFields?: unknown } | undefined)?.managedFields;
  return Array.isArray(entries) ? (entries as ManagedFields[]) : [];
}

function fieldsOf(value: Readonly<Record<string, unknown>>): FieldSet {
  const fields: Record<string, FieldSet> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) fields[`f:${key}`] = isJsonObject(member) ? fieldsOf(member) : {};
  }
  return fields;
}

function overlay(live: unknown, applied: unknown): Json {
  if (!isJsonObject(applied)) return applied as Json;
  const merged: Record<string, unknown> = isJsonObject(live) ? { ...live } : {};
  for (const key of Object.keys(applied)) {
    if (applied[key] !== undefined) setMember(merged, key, overlay(ownMember(merged, key), applied[key]));
  }
  return merged as Json;
}

/** Drops what `before` names and neither `now` nor any other manager does. */
function prune(value: unknown, before: FieldSet, now: FieldSet, others: readonly ManagedFields[]): unknown {
  return pruneAt(
    value,
    before,
    now,
    others.map((entry) => entry.fieldsV1),
  );
}

function pruneAt(value: unknown, before: FieldSet, now: FieldSet | undefined, others: readonly FieldSet[]): unknown {
  if (!isJsonObject(value)) return value;
  const kept: Record<string, unknown> = { ...value };
  for (const field of Object.keys(before)) {
    const key = field.slice(2);
    if (!Object.hasOwn(kept, key)) continue;
    const nowHere = ownMember(now ?? {}, field) as FieldSet | undefined;
    const othersHere = others
      .map((set) => ownMember(set, field) as FieldSet | undefined)
      .filter((set) => set !== undefined);
    const below = before[field] as FieldSet;
    if (nowHere === undefined && othersHere.length === 0 && Object.keys(below).length === 0) delete kept[key];
    else {
      const inner = pruneAt(kept[key], below, nowHere, othersHere);
      const emptied = isJsonObject(inner) && Object.keys(inner).length === 0 && Object.keys(below).length > 0;
      if (emptied && nowHere === undefined && othersHere.length === 0) delete kept[key];
      else setMember(kept, key, inner);
    }
  }
  return kept;
}
