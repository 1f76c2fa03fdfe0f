/** Bytes that the two sizes at the head of a delta can take. */
export const MAX_DELTA_HEAD_BYTES = 20;

/** The sizes that a delta says of its base and of its result, and where its instructions begin. */
export interface DeltaHead {
  readonly baseSize: number;
  readonly resultSize: number;
  readonly at: number;
}

/** Reads the head of a delta (gitformat-pack(5), "Deltified representation"); undefined when it is none. */
export function readDeltaHead(delta: Buffer): DeltaHead | undefined {
  const base = readSize(delta, 0);
  const result = base && readSize(delta, base.end);
  return base && result && { baseSize: base.size, resultSize: result.size, at: result.end };
}

/**
 * What a delta makes of its base; undefined when it is damaged or reaches outside of the base. Callers have looked at
 * `resultSize` before: so much is allocated.
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer | undefined {
  const head = readDeltaHead(delta);
  if (head === undefined || head.baseSize !== base.length) return undefined;
  const result = Buffer.allocUnsafe(head.resultSize);
  let { at } = head;
  let filled = 0;
  while (at < delta.length) {
    const code = delta[at++] as number;
    if (code === 0) return undefined;
    if (code < 128) {
      if (at + code > delta.length || filled + code > result.length) return undefined;
      delta.copy(result, filled, at, at + code);
      at += code;
      filled += code;
      continue;
    }
    let offset = 0;
    let size = 0;
    for (let bit = 0; bit < 4; bit += 1) if ((code & (1 << bit)) !== 0) offset += (delta[at++] ?? 0) * 2 ** (8 * bit);
    for (let bit = 0; bit < 3; bit += 1) if ((code & (16 << bit)) !== 0) size += (delta[at++] ?? 0) * 2 ** (8 * bit);
    if (size === 0) size = 65_536;
    if (at > delta.length || offset + size > base.length || filled + size > result.length) return undefined;
    base.copy(result, filled, offset, offset + size);
    filled += size;
  }
  return filled === result.length ? result : undefined;
}

function readSize(delta: Buffer, start: number): { readonly size: number; readonly end: number } | undefined {
  let size = 0;
  let at = start;
  for (let scale = 1; scale <= 2 ** 48; scale *= 128) {
    const byte = delta[at++];
    if (byte === undefined) return undefined;
    size += (byte & 127) * scale;
    if (byte < 128) return { size, end: at };
  }
  return undefined;
}
