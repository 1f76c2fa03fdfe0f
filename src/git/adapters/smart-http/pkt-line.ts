/** Packets of git's protocol (gitprotocol-common): four hexadecimal digits of length, then the payload. */

/** A packet with a payload, or one of the two marks that have none. */
export type Packet = { readonly kind: 'data'; readonly text: string } | { readonly kind: 'flush' | 'delimiter' };

const SPECIAL_BYTES = 4;

/** A line as a packet. */
export function packetOf(line: string): string {
  const bytes = Buffer.byteLength(line) + SPECIAL_BYTES + 1;
  return `${bytes.toString(16).padStart(4, '0')}${line}\n`;
}

export const FLUSH = '0000';
export const DELIMITER = '0001';

/** The packets of a whole answer, texts without their line feed; undefined when it is not made of packets. */
export function readPackets(bytes: Buffer): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const digits = bytes.toString('latin1', at, at + SPECIAL_BYTES);
    if (!/^[0-9a-f]{4}$/i.test(digits)) return undefined;
    const length = Number.parseInt(digits, 16);
    if (length < SPECIAL_BYTES) {
      if (length > 2) return undefined;
      packets.push({ kind: length === 0 ? 'flush' : 'delimiter' });
      at += SPECIAL_BYTES;
      continue;
    }
    if (at + length > bytes.length) return undefined;
    packets.push({ kind: 'data', text: bytes.toString('utf8', at + SPECIAL_BYTES, at + length).replace(/\n$/, '') });
    at += length;
  }
  return packets;
}

/** A packet as it stands in a stream; `end` is the mark that a server sends behind its last answer. */
export type RawPacket =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'flush' | 'delimiter' | 'end' };

/** The whole packets at the beginning of `bytes`, and what is behind them; undefined when there is something else. */
export function splitPackets(
  bytes: Buffer,
): { readonly packets: readonly RawPacket[]; readonly rest: Buffer } | undefined {
  const packets: RawPacket[] = [];
  let at = 0;
  while (at + SPECIAL_BYTES <= bytes.length) {
    const digits = bytes.toString('latin1', at, at + SPECIAL_BYTES);
    if (!/^[0-9a-f]{4}$/i.test(digits)) return undefined;
    const length = Number.parseInt(digits, 16);
    if (length < SPECIAL_BYTES) {
      if (length > 2) return undefined;
      packets.push({ kind: length === 0 ? 'flush' : length === 1 ? 'delimiter' : 'end' });
      at += SPECIAL_BYTES;
      continue;
    }
    if (at + length > bytes.length) break;
    packets.push({ kind: 'data', bytes: bytes.subarray(at + SPECIAL_BYTES, at + length) });
    at += length;
  }
  return { packets, rest: bytes.subarray(at) };
}
