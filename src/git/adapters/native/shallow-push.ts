import type { IncomingMessage } from 'node:http';
import { MAX_ANCESTRY_COMMITS, MAX_COMMIT_BYTES, MAX_CUT_OFF_COMMITS } from '../../../base/index.ts';
import { isOid, type ObjectReader, type Oid, parseCommit, type RefUpdate, ZERO_OID } from '../../index.ts';

/**
 * The commits at which the history of the pusher's clone is cut off: packet lines `shallow <oid>`, which come before
 * anything else. Past MAX_CUT_OFF_COMMITS the rest is not looked at.
 */
export function watchShallow(request: IncomingMessage): () => ReadonlySet<Oid> {
  const ends = new Set<Oid>();
  let rest: Buffer = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    const left = takeShallow(Buffer.concat([rest, chunk]), ends);
    if (left === undefined) request.off('data', read);
    rest = left ?? Buffer.alloc(0);
  };
  request.on('data', read);
  return () => ends;
}

/** Takes whole lines off the front. What is left, or undefined when no more can come. */
function takeShallow(bytes: Buffer, ends: Set<Oid>): Buffer | undefined {
  for (let at = 0; ; ) {
    const size = Number.parseInt(bytes.toString('latin1', at, at + 4), 16);
    if (bytes.length < at + 4 || bytes.length < at + Math.min(size, MAX_SHALLOW_LINE_BYTES)) return bytes.subarray(at);
    const [word, oid = ''] = bytes
      .toString('latin1', at + 4, at + size)
      .trimEnd()
      .split(' ');
    if (word !== 'shallow' || !isOid(oid) || ends.size >= MAX_CUT_OFF_COMMITS) return undefined;
    ends.add(oid);
    at += size;
  }
}

/** One such line, with room for the longer names of SHA-256. */
const MAX_SHALLOW_LINE_BYTES = 80;

/**
 * Whether history of what is pushed ends where it did not end before: at a new commit that the pusher's clone is cut
 * off at (`ends`), or at one that is neither in `pushed` nor `stored`. Git refuses the first even if the commit behind
 * it is stored. Walks what is new only; past MAX_ANCESTRY_COMMITS the answer is left to git.
 */
export async function endsInNothing(
  updates: readonly RefUpdate[],
  ends: ReadonlySet<Oid>,
  pushed: ObjectReader,
  stored: ObjectReader,
): Promise<boolean> {
  const seen = new Set<Oid>(updates.map(({ after }) => after).filter((oid) => oid !== ZERO_OID));
  // A set gives what is added to it meanwhile as well.
  for (const oid of seen) {
    if (seen.size > MAX_ANCESTRY_COMMITS) return false;
    if ((await stored.read(oid, MAX_COMMIT_BYTES)).kind === 'found') continue;
    const object = await pushed.read(oid, MAX_COMMIT_BYTES);
    if (object.kind === 'missing' || ends.has(oid)) return true;
    if (object.kind !== 'found') continue;
    for (const next of behind(object.type, object.bytes)) seen.add(next);
  }
  return false;
}

/** The parents of a commit, and what a tag is of. */
function behind(type: string, bytes: Uint8Array): readonly Oid[] {
  if (type === 'commit') return parseCommit(bytes)?.parents ?? [];
  const target = type === 'tag' ? Buffer.from(bytes.subarray(7, 47)).toString('latin1') : '';
  return isOid(target) ? [target] : [];
}
