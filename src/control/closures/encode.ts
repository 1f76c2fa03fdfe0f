import { gzipSync } from 'node:zlib';
import { CLOSURE_GZIP_FROM_BYTES, type Digest, MAX_CLOSURE_CHUNK_BYTES, sha256 } from '../../base/index.ts';
import { API_VERSION, type Closure, SYSTEM_NAMESPACE } from '../../cluster/index.ts';

/** What a closure object holds: the spec's `of`, the entity's name, and the canonical JSON text. */
export interface ClosureContent {
  readonly of: Closure['spec']['of'];
  readonly name?: string;
  /** Named by the SHA-256 of `text`. */
  readonly digest: Digest;
  readonly text: string;
}

/**
 * The objects that store `content`, in the order to write them: chunks first, so that a closure that exists is whole.
 * Small texts stay readable JSON; larger ones are gzipped when that saves at least a tenth.
 */
export function encodeClosure(content: ClosureContent): readonly Closure[] {
  const { encoding, stored } = encodeText(content.text);
  const head = { of: content.of, ...(content.name !== undefined && { name: content.name }), encoding };
  if (stored.length <= MAX_CLOSURE_CHUNK_BYTES && byteLength(stored) <= MAX_CLOSURE_CHUNK_BYTES) {
    return [closureObject(content.digest, { ...head, content: stored })];
  }
  const chunks = cut(stored).map((part) =>
    closureObject(sha256(part), { of: 'Chunk', encoding: 'json', content: part }),
  );
  return [...chunks, closureObject(content.digest, { ...head, chunks: chunks.map((chunk) => chunk.metadata.name) })];
}

function encodeText(text: string): { readonly encoding: 'json' | 'gzip'; readonly stored: string } {
  if (text.length < CLOSURE_GZIP_FROM_BYTES) return { encoding: 'json', stored: text };
  // Level 1: a push waits for this, and higher levels gain a few percent on JSON at several times the cost.
  const packed = gzipSync(text, { level: 1 }).toString('base64');
  if (packed.length > text.length * 0.9) return { encoding: 'json', stored: text };
  return { encoding: 'gzip', stored: packed };
}

/** Parts of at most a chunk's bytes. A surrogate pair is never split, so every part is valid Unicode. */
function cut(stored: string): string[] {
  // A UTF-16 unit is at most three bytes of UTF-8.
  const units = Math.floor(MAX_CLOSURE_CHUNK_BYTES / 3);
  const parts: string[] = [];
  for (let start = 0; start < stored.length; ) {
    let end = Math.min(stored.length, start + units);
    const last = stored.charCodeAt(end - 1);
    if (end < stored.length && last >= 0xd800 && last < 0xdc00) end -= 1;
    parts.push(stored.slice(start, end));
    start = end;
  }
  return parts;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function closureObject(name: Digest, spec: Closure['spec']): Closure {
  return { apiVersion: API_VERSION, kind: 'Closure', metadata: { name, namespace: SYSTEM_NAMESPACE }, spec };
}
