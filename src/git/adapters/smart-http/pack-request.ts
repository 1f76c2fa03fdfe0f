import type { PackRequest } from '../../index.ts';
import { DELIMITER, FLUSH, packetOf } from './pkt-line.ts';

/**
 * The request for a pack, and what was asked for that the server cannot do. Thin packs are not asked for: what comes is
 * whole without what we have.
 */
export function packRequest(
  { wants, haves, shallow, depth, filter }: PackRequest,
  features: ReadonlyMap<string, string>,
): { readonly body: string; readonly notes: readonly string[] } {
  const offered = new Set((features.get('fetch') ?? '').split(' '));
  const notes: string[] = [];
  const canCut = offered.has('shallow');
  if (depth !== undefined && !canCut) notes.push('the server cannot cut history off, so all of it is fetched');
  const isFiltered = filter !== undefined && offered.has('filter');
  if (filter !== undefined && !isFiltered) notes.push('the server cannot leave blobs out, so all are fetched');
  const body = [
    packetOf('command=fetch'),
    packetOf('agent=pipectl'),
    ...(features.has('object-format') ? [packetOf('object-format=sha1')] : []),
    DELIMITER,
    packetOf('no-progress'),
    packetOf('ofs-delta'),
    ...(canCut ? shallow.map((oid) => packetOf(`shallow ${oid}`)) : []),
    ...(depth !== undefined && canCut ? [packetOf(`deepen ${depth}`)] : []),
    ...(isFiltered ? [packetOf(`filter ${filter}`)] : []),
    ...wants.map((oid) => packetOf(`want ${oid}`)),
    ...haves.map((oid) => packetOf(`have ${oid}`)),
    packetOf('done'),
    FLUSH,
  ].join('');
  return { body, notes };
}
