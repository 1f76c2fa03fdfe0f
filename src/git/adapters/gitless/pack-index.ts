import { createHash } from 'node:crypto';

/** The index of a pack, version 2 (gitformat-pack(5)): ids in order, and where each object begins. */
export interface PackIndex {
  readonly count: number;
  /** The entry of an id, or -1. */
  find(oid: Buffer): number;
  offsetAt(entry: number): number;
  idAt(entry: number): string;
}

const MAGIC = Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]);
const FANOUT_AT = MAGIC.length;
const IDS_AT = FANOUT_AT + 256 * 4;
const OID_BYTES = 20;
const LARGE = 0x8000_0000;

/** Reads an index; undefined when it is of another version, or is none. Its bytes are kept, not copied. */
export function readPackIndex(bytes: Buffer): PackIndex | undefined {
  if (bytes.length < IDS_AT + 2 * OID_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const count = bytes.readUInt32BE(FANOUT_AT + 255 * 4);
  const crcsAt = IDS_AT + count * OID_BYTES;
  const offsetsAt = crcsAt + count * 4;
  const largeAt = offsetsAt + count * 4;
  if (bytes.length < largeAt + 2 * OID_BYTES) return undefined;
  return {
    count,
    find(oid) {
      const first = oid[0] as number;
      let low = first === 0 ? 0 : bytes.readUInt32BE(FANOUT_AT + (first - 1) * 4);
      let high = Math.min(bytes.readUInt32BE(FANOUT_AT + first * 4), count);
      while (low < high) {
        const middle = (low + high) >>> 1;
        const at = IDS_AT + middle * OID_BYTES;
        const order = oid.compare(bytes, at, at + OID_BYTES);
        if (order === 0) return middle;
        if (order < 0) high = middle;
        else low = middle + 1;
      }
      return -1;
    },
    offsetAt(entry) {
      const offset = bytes.readUInt32BE(offsetsAt + entry * 4);
      if (offset < LARGE) return offset;
      const at = largeAt + (offset - LARGE) * 8;
      return at + 8 > bytes.length ? Number.NaN : Number(bytes.readBigUInt64BE(at));
    },
    idAt: (entry) => bytes.toString('hex', IDS_AT + entry * OID_BYTES, IDS_AT + (entry + 1) * OID_BYTES),
  };
}

/** What an index holds of the objects of a pack: ids one behind the other, in the order of the pack. */
export interface IndexedObjects {
  readonly count: number;
  readonly ids: Buffer;
  readonly offsets: Uint32Array;
  readonly crcs: Uint32Array;
  /** The checksum at the end of the pack. */
  readonly packChecksum: Buffer;
}

/** The bytes of the index of a pack of less than 2 GiB. */
export function writePackIndex({ count, ids, offsets, crcs, packChecksum }: IndexedObjects): Buffer {
  const order = Uint32Array.from({ length: count }, (_, at) => at).sort((a, b) =>
    ids.compare(ids, b * OID_BYTES, (b + 1) * OID_BYTES, a * OID_BYTES, (a + 1) * OID_BYTES),
  );
  const bytes = Buffer.alloc(IDS_AT + count * (OID_BYTES + 8) + 2 * OID_BYTES);
  MAGIC.copy(bytes);
  const fanout = new Uint32Array(256);
  for (const [place, at] of order.entries()) {
    const id = at * OID_BYTES;
    fanout[ids[id] as number] = (fanout[ids[id] as number] as number) + 1;
    ids.copy(bytes, IDS_AT + place * OID_BYTES, id, id + OID_BYTES);
    bytes.writeUInt32BE(crcs[at] as number, IDS_AT + count * OID_BYTES + place * 4);
    bytes.writeUInt32BE(offsets[at] as number, IDS_AT + count * (OID_BYTES + 4) + place * 4);
  }
  let total = 0;
  for (let first = 0; first < 256; first += 1) {
    total += fanout[first] as number;
    bytes.writeUInt32BE(total, FANOUT_AT + first * 4);
  }
  const end = bytes.length - 2 * OID_BYTES;
  packChecksum.copy(bytes, end);
  createHash('sha1')
    .update(bytes.subarray(0, end + OID_BYTES))
    .digest()
    .copy(bytes, end + OID_BYTES);
  return bytes;
}
