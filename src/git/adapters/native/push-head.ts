import type { IncomingMessage } from 'node:http';
import { MAX_CUT_OFF_COMMITS, MAX_PUSH_REFS } from '../../../base/index.ts';
import { isOid, type Oid, type RefUpdate } from '../../index.ts';

/** What a push says of itself before it sends objects (gitprotocol-pack(5), "Reference Update Request"). */
export interface PushHead {
  /** Commits at which the history of the pusher's clone is cut off. */
  readonly cutOff: ReadonlySet<Oid>;
  /** Refs that it wants to move, the first MAX_PUSH_REFS of them. None of a push that is signed as a whole. */
  readonly updates: readonly RefUpdate[];
}

/** Reads along; what it returns grows as the request comes in. Past MAX_CUT_OFF_COMMITS the rest is not looked at. */
export function watchPushHead(request: IncomingMessage): PushHead {
  const cutOff = new Set<Oid>();
  const updates: RefUpdate[] = [];
  const head = { cutOff, updates };
  let rest: Buffer = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    const left = takeLines(Buffer.concat([rest, chunk]), head);
    if (left === undefined) request.off('data', read);
    rest = left ?? Buffer.alloc(0);
  };
  request.on('data', read);
  return head;
}

/** Takes whole lines off the front. What is left, or undefined when nothing more is wanted. */
function takeLines(bytes: Buffer, head: { cutOff: Set<Oid>; updates: RefUpdate[] }): Buffer | undefined {
  for (let at = 0; ; ) {
    if (bytes.length < at + 4) return bytes.subarray(at);
    const size = Number.parseInt(bytes.toString('latin1', at, at + 4), 16);
    // 0000 ends the head; what is no packet line ends it, too.
    if (!(size > 4 && size <= MAX_LINE_BYTES)) return undefined;
    if (bytes.length < at + size) return bytes.subarray(at);
    if (!takeLine(bytes.toString('utf8', at + 4, at + size), head)) return undefined;
    at += size;
  }
}

/** A ref, two ids and what the client can do, all as long as git takes them. */
const MAX_LINE_BYTES = 8 * 1024;

function takeLine(line: string, { cutOff, updates }: { cutOff: Set<Oid>; updates: RefUpdate[] }): boolean {
  // What the client can do follows the first ref behind a NUL.
  const [text = ''] = line.replace(/\n$/, '').split('\0');
  if (text.startsWith('shallow ')) {
    const oid = text.slice('shallow '.length);
    if (!isOid(oid) || cutOff.size >= MAX_CUT_OFF_COMMITS) return false;
    cutOff.add(oid);
    return true;
  }
  const [before = '', after = ''] = [text.slice(0, 40), text.slice(41, 81)];
  if (!isOid(before) || !isOid(after) || updates.length >= MAX_PUSH_REFS) return false;
  updates.push({ before, after, ref: text.slice(82) });
  return true;
}
