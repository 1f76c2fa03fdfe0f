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
