import { constants, inflateSync } from 'node:zlib';

/** Bytes that an object of `size` bytes takes at most when zlib packs it (deflateBound), and a little more. */
export function packedBound(size: number): number {
  return size + Math.ceil(size / 1_000) + 128;
}

export interface Inflated {
  readonly bytes: Buffer;
  /** Bytes of the input that it took. */
  readonly taken: number;
}

/**
 * Unpacks what must give exactly `size` bytes. `short`: the input ends too early; `damaged`: it is something else. No
 * more than `size` bytes are ever made of it.
 */
export function inflateExactly(input: Buffer, size: number): Inflated | 'short' | 'damaged' {
  try {
    const { buffer, engine } = inflateSync(input, {
      info: true,
      chunkSize: Math.min(Math.max(size, constants.Z_MIN_CHUNK), CHUNK_BYTES),
      maxOutputLength: Math.max(size, 1),
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    return buffer.length === size ? { bytes: buffer, taken: engine.bytesWritten } : 'damaged';
  } catch (error) {
    return (error as { readonly code?: string }).code === 'Z_BUF_ERROR' ? 'short' : 'damaged';
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Packed bytes that hold the tables of a first block (RFC 1951, 3.2.7) and some of what they pack, whatever it is. */
export const PACKED_START_BYTES = 1_024;

/** The first bytes of what is packed, as many as can be had and at most `size`. */
export function inflateStart(input: Buffer, size: number): Buffer | undefined {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 4_096, maxOutputLength: 2 * CHUNK_BYTES };
    return inflateSync(input.subarray(0, PACKED_START_BYTES), options).subarray(0, size);
  } catch {
    return undefined;
  }
}
