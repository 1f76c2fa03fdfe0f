import type { BlobRef, BlobRefs, Digest, Json } from '../base/index.ts';

/**
 * Stands for a value whose JSON text is a blob of the object store. It is handed on whole and never looked into. A class,
 * so that no data can look like one.
 */
export class StoredValue implements BlobRef {
  readonly digest: Digest;
  readonly sizeBytes: number;
  constructor({ digest, sizeBytes }: BlobRef) {
    this.digest = digest;
    this.sizeBytes = sizeBytes;
    Object.freeze(this);
  }
}

/** Named values, and beside them those that are in the object store. */
export interface SplitValues {
  readonly values: Readonly<Record<string, Json>>;
  /** Absent: none is. */
  readonly stored?: BlobRefs;
}

/** Takes the stored values out, as references; what is left is JSON. */
export function splitStored(values: Readonly<Record<string, Json>>): SplitValues {
  if (!holdsStored(values)) return { values };
  const inline = Object.create(null) as Record<string, Json>;
  const stored = Object.create(null) as Record<string, BlobRef>;
  for (const name in values) {
    const value: unknown = values[name];
    if (value instanceof StoredValue) stored[name] = { digest: value.digest, sizeBytes: value.sizeBytes };
    else inline[name] = value as Json;
  }
  return { values: inline, stored };
}

/** What `splitStored` took apart. */
export function joinStored({ values, stored }: SplitValues): Readonly<Record<string, Json>> {
  if (stored === undefined) return values;
  const joined = Object.assign(Object.create(null), values) as Record<string, Json>;
  for (const name of Object.keys(stored)) joined[name] = new StoredValue(stored[name] as BlobRef) as unknown as Json;
  return joined;
}

/** Whether one of these is in the object store. */
export function holdsStored(values: Readonly<Record<string, Json>>): boolean {
  for (const name in values) if ((values[name] as unknown) instanceof StoredValue) return true;
  return false;
}
