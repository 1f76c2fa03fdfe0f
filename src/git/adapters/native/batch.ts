import { MAX_PENDING_READS, MAX_SKIPPED_BYTES, WaitError } from '../../../base/index.ts';
import { isOid, type ObjectReader, type ObjectType, type Oid, type ReadResult } from '../../index.ts';

/**
 * The client's side of one `git cat-file --batch`: requests are pipelined, answers come in order. The header tells an
 * object's size before its bytes, so a too large one is skipped, or, past MAX_SKIPPED_BYTES, ends the conversation.
 */
export interface BatchClient extends ObjectReader {
  /** Bytes that git wrote. */
  receive(chunk: Uint8Array): void;
  /** No more answers will come: all that wait are rejected, and so is every later read. */
  end(reason: string): void;
  readonly pending: number;
}

interface Request {
  readonly oid: Oid;
  readonly maxBytes: number;
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: Error) => void;
}

/** What the stream is in the middle of: a header line, or an object's bytes. */
type Reading =
  | { readonly kind: 'header' }
  | { readonly kind: 'body'; readonly type: ObjectType; readonly sizeBytes: number; readonly keep: boolean };

interface Conversation {
  readonly send: (text: string) => void;
  readonly abandon: (reason: string) => void;
  /** Requests from `head` on wait for their answers. */
  readonly queue: Request[];
  head: number;
  /** Request lines of this turn, not sent yet. */
  outgoing: string;
  reading: Reading;
  /** Bytes received and not consumed, and how many. */
  chunks: Uint8Array[];
  buffered: number;
  /** Why it is over. */
  ended: string | undefined;
}

const HEADER_LIMIT = 1_024;
const NEWLINE = 0x0a;
/** Answered requests are dropped from the queue so many at a time. */
const QUEUE_SLACK = 1_024;

/** `send` writes request text to git; `abandon` is called when an object is too large to be worth skipping. */
export function createBatchClient(send: (text: string) => void, abandon: (reason: string) => void): BatchClient {
  const talk: Conversation = {
    send,
    abandon,
    queue: [],
    head: 0,
    outgoing: '',
    reading: { kind: 'header' },
    chunks: [],
    buffered: 0,
    ended: undefined,
  };
  return {
    get pending() {
      return talk.queue.length - talk.head;
    },
    end: (reason) => end(talk, reason),
    receive: (chunk) => receive(talk, chunk),
    read: (oid, maxBytes) => read(talk, oid, maxBytes),
  };
}

function read(talk: Conversation, oid: Oid, maxBytes: number): Promise<ReadResult> {
  if (!isOid(oid)) return Promise.resolve({ kind: 'missing' });
  if (talk.ended !== undefined) return Promise.reject(new WaitError(talk.ended, 1_000));
  if (talk.queue.length - talk.head >= MAX_PENDING_READS) {
    return Promise.reject(new WaitError('too many objects are being read at once', 1_000));
  }
  return new Promise((resolve, reject) => {
    talk.queue.push({ oid, maxBytes, resolve, reject });
    // Requests of one turn go out in one write.
    if (talk.outgoing === '') queueMicrotask(() => flush(talk));
    talk.outgoing += `${oid}\n`;
  });
}

function flush(talk: Conversation): void {
  const text = talk.outgoing;
  talk.outgoing = '';
  if (talk.ended === undefined && text !== '') talk.send(text);
}

function receive(talk: Conversation, chunk: Uint8Array): void {
  if (talk.ended !== undefined) return;
  talk.chunks.push(chunk);
  talk.buffered += chunk.length;
  while (talk.ended === undefined && advance(talk));
}

/** Makes one step with what is buffered; false when more must come first. */
function advance(talk: Conversation): boolean {
  const { reading } = talk;
  if (reading.kind === 'header') {
    const line = takeLine(talk);
    if (line !== undefined) onHeader(talk, line);
    return line !== undefined;
  }
  // Joining at each chunk of a large body would be quadratic: wait for all of it.
  if (talk.buffered < reading.sizeBytes + 1) return false;
  const body = take(talk, reading.sizeBytes + 1).subarray(0, reading.sizeBytes);
  talk.reading = { kind: 'header' };
  // A copy of its own: a view would keep the whole chunk of the pipe alive.
  if (reading.keep) answer(talk, { kind: 'found', type: reading.type, bytes: Buffer.from(body) });
  return true;
}

function onHeader(talk: Conversation, line: string): void {
  const request = talk.queue[talk.head];
  const match = /^([0-9a-f]{40}) (?:(commit|tree|blob|tag) (\d+)|missing)$/.exec(line);
  if (request === undefined || match === null || match[1] !== request.oid) {
    fail(talk, request === undefined ? 'git answered without being asked' : `git could not read object ${request.oid}`);
    return;
  }
  if (match[2] === undefined) {
    answer(talk, { kind: 'missing' });
    return;
  }
  const type = match[2] as ObjectType;
  const sizeBytes = Number(match[3]);
  const keep = sizeBytes <= request.maxBytes;
  talk.reading = { kind: 'body', type, sizeBytes, keep };
  if (!keep) answer(talk, { kind: 'tooLarge', type, sizeBytes });
  if (!keep && sizeBytes > MAX_SKIPPED_BYTES) fail(talk, `object ${request.oid} has ${sizeBytes} bytes`);
}

function answer(talk: Conversation, result: ReadResult): void {
  const request = talk.queue[talk.head] as Request;
  talk.head += 1;
  if (talk.head > QUEUE_SLACK) {
    talk.queue.splice(0, talk.head);
    talk.head = 0;
  }
  request.resolve(result);
}

function fail(talk: Conversation, reason: string): void {
  end(talk, reason);
  talk.abandon(reason);
}

function end(talk: Conversation, reason: string): void {
  if (talk.ended !== undefined) return;
  talk.ended = reason;
  for (const request of talk.queue.splice(talk.head)) request.reject(new WaitError(reason, 1_000));
  talk.chunks = [];
  talk.buffered = 0;
}

/** Takes `size` bytes off the front of what is buffered. */
function take(talk: Conversation, size: number): Uint8Array {
  const joined = talk.chunks.length === 1 ? (talk.chunks[0] as Uint8Array) : Buffer.concat(talk.chunks);
  talk.chunks = size < joined.length ? [joined.subarray(size)] : [];
  talk.buffered = joined.length - size;
  return joined.subarray(0, size);
}

/** One header line, or undefined until it is there. */
function takeLine(talk: Conversation): string | undefined {
  if (talk.buffered === 0) return undefined;
  if (talk.chunks.length > 1) talk.chunks = [Buffer.concat(talk.chunks)];
  const at = (talk.chunks[0] as Uint8Array).indexOf(NEWLINE);
  if (at >= 0)
    return Buffer.from(take(talk, at + 1))
      .toString('latin1')
      .slice(0, -1);
  if (talk.buffered > HEADER_LIMIT) fail(talk, 'git answered with something that is no object header');
  return undefined;
}
