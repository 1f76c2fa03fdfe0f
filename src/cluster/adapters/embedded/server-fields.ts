import type { Clock, Json, Random } from '../../../base/index.ts';
import { sameJson } from '../../../base/index.ts';
import { managersAfter, managersOf, withKeptTimes } from '../../managed-fields.ts';
import type { KubeObject, ManagedFields, ObjectMeta } from '../../object.ts';

/** `wanted` with the metadata that only the server sets taken from `live`. */
export function withServerFields(live: KubeObject, wanted: KubeObject): KubeObject {
  const { resourceVersion: _, deletionTimestamp: __, ...metadata } = wanted.metadata;
  const { uid, creationTimestamp, deletionTimestamp, generation } = live.metadata;
  const kept: ObjectMeta = {
    ...metadata,
    name: live.metadata.name,
    ...(live.metadata.namespace !== undefined && { namespace: live.metadata.namespace }),
    ...(uid !== undefined && { uid }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    generation: generation ?? 1,
  };
  const value = {
    ...withoutStatus(wanted),
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: kept,
  } as KubeObject;
  const { metadata: _a, ...before } = live;
  const { metadata: _b, ...after } = value;
  if (sameJson(before as unknown as Json, after as unknown as Json)) return value;
  return { ...value, metadata: { ...kept, generation: (generation ?? 1) + 1 } };
}

/** A kind with a status takes it through patchStatus only, as Kubernetes' status subresource wants it. */
export function withoutStatus(object: KubeObject): KubeObject {
  if (!('status' in object)) return object;
  const { status: _, ...rest } = object;
  return rest as KubeObject;
}

/** Seconds, as Kubernetes writes it. */
export function timestamp(clock: Clock): string {
  const second = Math.floor(clock.now() / 1_000);
  if (second !== lastSecond) {
    lastText = `${new Date(second * 1_000).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** Very many objects are created in the same second. */
let lastSecond = Number.NaN;
let lastText = '';

/** A version 4 UUID (RFC 9562). */
export function newUid(random: Random): string {
  const { buffer, byteOffset } = random.bytes(16);
  const bytes = Buffer.from(buffer, byteOffset, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `wanted` with its fields' owners after a write of `manager`, or, where these are told already, with no news of times alone. */
export function withOwners(
  live: KubeObject,
  wanted: KubeObject,
  manager: string | undefined,
  clock: Clock,
): KubeObject {
  const { managedFields } = wanted.metadata;
  if (managedFields === undefined && live.metadata.managedFields === undefined) return wanted;
  if (manager === undefined) return withKeptTimes(live, wanted);
  return withManagers(wanted, managersAfter(live, wanted, manager, timestamp(clock)));
}

/** Entries that come with a new object are kept where they are what they should be. */
export function withKnownManagers(object: KubeObject): KubeObject {
  return withManagers(object, managersOf(object));
}

function withManagers(object: KubeObject, managers: readonly ManagedFields[] | undefined): KubeObject {
  if (object.metadata.managedFields === undefined && managers === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  const isNobody = managers === undefined || managers.length === 0;
  return { ...object, metadata: isNobody ? metadata : { ...metadata, managedFields: managers } };
}
