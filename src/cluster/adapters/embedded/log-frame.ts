import { crc32 } from 'node:zlib';

/**
 * A frame of the log: one group of batches, all or nothing.
 *
 *   0 magic u32 | 4 payload bytes u32 | 8 segment u32 | 12 crc32 u32 | 16 sequence f64 | 24 payload, UTF-8 | zeros to 8
 *
 * The checksum covers all but magic and itself. The segment's number is in it, so frames of a file's earlier life
 * (segments are recycled) never count. The magic holds bytes that UTF-8 text cannot, so no payload looks like a frame.
 */
export interface Frame {
  readonly offset: number;
  /** Offset behind it. */
  readonly end: number;
  readonly sequence: number;
  readonly payload: string;
}

const MAGIC = 0xff_fe_c7_01;
export const FRAME_HEADER_BYTES = 24;

/** Bytes that a payload takes in the log. */
export function frameBytes(payloadBytes: number): number {
  return (FRAME_HEADER_BYTES + payloadBytes + 7) & ~7;
}

/** Writes a frame at the start of `buffer`, which has room for `frameBytes(payloadBytes)`. */
export function encodeFrame(
  buffer: Buffer,
  segment: number,
  sequence: number,
  payload: string,
  payloadBytes: number,
): void {
  buffer.writeUInt32LE(MAGIC, 0);
  buffer.writeUInt32LE(payloadBytes, 4);
  buffer.writeUInt32LE(segment, 8);
  buffer.writeDoubleLE(sequence, 16);
  buffer.write(payload, FRAME_HEADER_BYTES, payloadBytes, 'utf8');
  buffer.fill(0, FRAME_HEADER_BYTES + payloadBytes, frameBytes(payloadBytes));
  buffer.writeUInt32LE(checksum(buffer, 0, payloadBytes), 12);
}

/** The frame at `offset`, or undefined where none of this segment stands whole. */
function frameAt(bytes: Buffer, offset: number, segment: number): Frame | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(offset) !== MAGIC) return undefined;
  const payloadBytes = bytes.readUInt32LE(offset + 4);
  if (bytes.readUInt32LE(offset + 8) !== segment) return undefined;
  if (offset + FRAME_HEADER_BYTES + payloadBytes > bytes.length) return undefined;
  if (checksum(bytes, offset, payloadBytes) !== bytes.readUInt32LE(offset + 12)) return undefined;
  const start = offset + FRAME_HEADER_BYTES;
  return {
    offset,
    end: offset + frameBytes(payloadBytes),
    sequence: bytes.readDoubleLE(offset + 16),
    payload: bytes.toString('utf8', start, start + payloadBytes),
  };
}

/**
 * The whole frames of a segment in order. Where one is damaged the search goes on behind it: whether something is
 * missing shows in the sequence, and a torn tail is simply where no more follows.
 */
export function* framesOf(bytes: Buffer, segment: number): Generator<Frame> {
  let offset = 0;
  for (;;) {
    const frame = frameAt(bytes, offset, segment) ?? searchFrame(bytes, offset, segment);
    if (frame === undefined) return;
    yield frame;
    offset = frame.end;
  }
}

function searchFrame(bytes: Buffer, offset: number, segment: number): Frame | undefined {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC, 0);
  for (let at = bytes.indexOf(magic, offset); at !== -1; at = bytes.indexOf(magic, at + 1)) {
    const frame = at % 8 === 0 ? frameAt(bytes, at, segment) : undefined;
    if (frame !== undefined) return frame;
  }
  return undefined;
}

function checksum(bytes: Buffer, offset: number, payloadBytes: number): number {
  const head = crc32(bytes.subarray(offset + 4, offset + 12));
  return crc32(bytes.subarray(offset + 16, offset + FRAME_HEADER_BYTES + payloadBytes), head);
}
