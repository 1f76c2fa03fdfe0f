import type { Json } from '../base/index.ts';

/**
 * Bytes of a value as JSON text in UTF-8: exact for what is large, never too small for what is not.
 * Small values, nearly all there are, cost no text.
 */
export function valueBytes(value: Json | Readonly<Record<string, Json>>): number {
  const bound = upperBound(value);
  return bound <= EXACT_ABOVE ? bound : Buffer.byteLength(JSON.stringify(value));
}

const EXACT_ABOVE = 16 * 1024;

/** Stops counting once it is past EXACT_ABOVE. A UTF-16 unit is at most six bytes (`\u0000`), a number at most 24. */
function upperBound(value: Json): number {
  if (typeof value === 'string') return value.length * 6 + 2;
  if (typeof value !== 'object' || value === null) return 24;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      bytes += 1 + upperBound(item);
      if (bytes > EXACT_ABOVE) return bytes;
    }
    return bytes;
  }
  for (const key in value) {
    bytes += key.length * 6 + 4 + upperBound((value as Record<string, Json>)[key] as Json);
    if (bytes > EXACT_ABOVE) return bytes;
  }
  return bytes;
}
