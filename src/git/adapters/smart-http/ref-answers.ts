import { followedRef, type RemoteRefs } from '../../index.ts';
import { DELIMITER, FLUSH, packetOf, readPackets } from './pkt-line.ts';

/**
 * The request of protocol version 2 for branches and tags (gitprotocol-v2, ls-refs). It needs no capabilities asked for
 * before: they are what every version 2 server has.
 */
export const LS_REFS = [
  packetOf('command=ls-refs'),
  packetOf('agent=pipectl'),
  packetOf('object-format=sha1'),
  DELIMITER,
  packetOf('symrefs'),
  packetOf('ref-prefix HEAD'),
  packetOf('ref-prefix refs/heads/'),
  packetOf('ref-prefix refs/tags/'),
  FLUSH,
].join('');

/** Reads the answer to LS_REFS; undefined when it is none, as of a server that knows only older versions. */
export function readLsRefs(bytes: Buffer): RemoteRefs | undefined {
  const packets = readPackets(bytes);
  if (packets?.at(-1)?.kind !== 'flush') return undefined;
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const packet of packets) {
    if (packet.kind !== 'data') continue;
    const [oid = '', ref = '', ...attributes] = packet.text.split(' ');
    if (!/^(?:[0-9a-f]{40}|unborn)$/.test(oid)) return undefined;
    if (ref === 'HEAD') head = attributes.find((each) => each.startsWith('symref-target:'))?.slice(14);
    const followed = followedRef(oid, ref);
    if (followed !== undefined) refs.set(...followed);
  }
  return withHead(refs, head);
}

/** Reads the advertisement of protocol version 0 (gitprotocol-http, smart server response); undefined when it is none. */
export function readAdvertisement(bytes: Buffer): RemoteRefs | undefined {
  const [service, flush, ...packets] = readPackets(bytes) ?? [];
  if (service?.kind !== 'data' || service.text !== '# service=git-upload-pack' || flush?.kind !== 'flush')
    return undefined;
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const packet of packets) {
    if (packet.kind !== 'data') continue;
    const [line = '', capabilities] = packet.text.split('\0', 2);
    head ??= / ?symref=HEAD:(\S+)/.exec(capabilities ?? '')?.[1];
    const followed = followedRef(line.slice(0, 40), line.slice(41));
    if (followed !== undefined) refs.set(...followed);
  }
  return withHead(refs, head);
}

function withHead(refs: ReadonlyMap<string, string>, head: string | undefined): RemoteRefs {
  return { refs, ...(head !== undefined && refs.has(head) && { head }) };
}
