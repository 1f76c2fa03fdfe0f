import type { Digest } from './digest.ts';

/** Names bytes that are kept in the object store. */
export type BlobRef = {
  /** SHA-256 of the bytes. */
  readonly digest: Digest;
  readonly sizeBytes: number;
};

/** Blobs by the names of the values that they are. */
export type BlobRefs = Readonly<Record<string, BlobRef>>;

/** JSON text → the references in it; undefined: it is none that we wrote. */
export function parseBlobRefs(text: string): BlobRefs | undefined {
  const refs = Object.create(null) as Record<string, BlobRef>;
  try {
    const parsed = JSON.parse(text) as Readonly<Record<string, Partial<BlobRef> | null>>;
    for (const [name, ref] of Object.entries(parsed)) {
      const { digest, sizeBytes } = ref ?? {};
      if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
      if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes)) return undefined;
      refs[name] = { digest, sizeBytes };
    }
  } catch {
    return undefined;
  }
  return refs;
}
