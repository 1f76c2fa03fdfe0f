import type { BlobRef, BlobRefs, Json } from '../../base/index.ts';

/** Outputs as people read them: of those that are in the object store, how large they are and the beginning of their digest. */
export function shownOutputs(
  outputs: Readonly<Record<string, Json>> | undefined,
  stored: BlobRefs | undefined,
): Readonly<Record<string, Json>> | undefined {
  if (stored === undefined) return outputs;
  const shown: Record<string, Json> = { ...outputs };
  for (const [name, ref] of Object.entries(stored)) shown[name] = storedText(ref);
  return shown;
}

/** `3.0 MB in the object store, SHA-256 1a2b3c4d5e6f…` */
export function storedText({ digest, sizeBytes }: BlobRef): string {
  const unit = sizeBytes >= 1e9 ? 'GB' : 'MB';
  const size = (sizeBytes / (unit === 'GB' ? 1e9 : 1e6)).toFixed(1);
  return `${size} ${unit} in the object store, SHA-256 ${digest.slice(0, 12)}…`;
}
