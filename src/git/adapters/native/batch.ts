import { MAX_PENDING_READS, MAX_SKIPPED_BYTES, WaitError } from '../../../base/index.ts';
import { isOid, type ObjectReader, type ObjectType, type Oid, type ReadResult } from '../../index.ts';

/**
 * The client's side of one `git cat-file --batch`: requests are pipelined, answers come in order. The header tells an
 * object's size before its bytes, so a too large one is skipped, or, past MAX_SKIPPED_BYTES, ends the conversation.
 */
export interface BatchClient extends ObjectReader {
  /** Bytes that git wrote. Answers true while they belong to this conversation. */
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

const HEADER_LIMIT = 1_024;
const NEWLINE = 0x0a;

/** `send` writes request text to git; `abandon` is called when an object is too large to be worth skipping. */
export function createBatchClient(send: (text: string) => void, abandon: (reason: string) => void): BatchClient {
  const queue: Request[] = [];
  let head = 0;
  let outgoing = '';
  let reading: Reading = { kind: 'header' };
  let chunks: Uint8Array[] = [];
  let buffered = 0;
  let ended: string | undefined;

  function end(reason: string): void {
    if (ended !== undefined) return;
    ended = reason;
    for (const request of queue.splice(head)) request.reject(new WaitError(reason, 1_000));
    chunks = [];
    buffered = 0;
  }

  function flush(): void {
    const text = outgoing;
    outgoing = '';
    if (ended === undefined && text !== '') send(text);
  }

  function answer(result: ReadResult): void {
    const request = queue[head] as Request;
    head += 1;
    if (head > 1_024) {
      queue.splice(0, head);
      head = 0;
    }
    request.resolve(result);
  }

  /** Takes `size` bytes off the front of what is buffered. */
  function take(size: number): Uint8Array {
    const joined = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
    chunks = size < joined.length ? [joined.subarray(size)] : [];
    buffered = joined.length - size;
    return joined.subarray(0, size);
  }

  /** One header line, or undefined until it is there. */
  function takeLine(): string | undefined {
    if (buffered === 0) return undefined;
    if (chunks.length > 1) chunks = [Buffer.concat(chunks)];
    const at = (chunks[0] as Uint8Array).indexOf(NEWLINE);
    if (at < 0) {
      if (buffered > HEADER_LIMIT) fail('git answered with something that is no object header');
      return undefined;
    }
    return Buffer.from(take(at + 1))
      .toString('latin1')
      .slice(0, -1);
  }

  function fail(reason: string): void {
    end(reason);
    abandon(reason);
  }

  function onHeader(line: string): void {
    const request = queue[head];
    const match = /^([0-9a-f]{40}) (?:(commit|tree|blob|tag) (\d+)|missing)$/.exec(line);
    if (request === undefined || match === null || match[1] !== request.oid) {
      fail(request === undefined ? 'git answered without being asked' : `git could not read object ${request.oid}`);
      return;
    }
    if (match[2] === undefined) {
      answer({ kind: 'missing' });
      return;
    }
    const type = match[2] as ObjectType;
    const sizeBytes = Number(match[3]);
    const keep = sizeBytes <= request.maxBytes;
    reading = { kind: 'body', type, sizeBytes, keep };
    if (!keep) answer({ kind: 'tooLarge', type, sizeBytes });
    if (!keep && sizeBytes > MAX_SKIPPED_BYTES) fail(`object ${request.oid} has ${sizeBytes} bytes`);
  }

  /** Whether another step may be made with what is buffered. */
  function advance(): boolean {
    if (reading.kind === 'header') {
      const line = takeLine();
      if (line === undefined) return false;
      onHeader(line);
      return true;
    }
    const { type, sizeBytes, keep } = reading;
    if (buffered < sizeBytes + 1) return false;
    const body = take(sizeBytes + 1).subarray(0, sizeBytes);
    reading = { kind: 'header' };
    // A copy of its own: a view would keep the whole chunk of the pipe alive.
    if (keep) answer({ kind: 'found', type, bytes: Buffer.from(body) });
    return true;
  }

  return {
    get pending() {
      return queue.length - head;
    },
    end,
    receive(chunk) {
      if (ended !== undefined) return;
      chunks.push(chunk);
      buffered += chunk.length;
      // Joining at each chunk of a large body would be quadratic: wait for all of it.
      while (ended === undefined && advance());
    },
    read(oid, maxBytes) {
      if (!isOid(oid)) return Promise.resolve({ kind: 'missing' });
      if (ended !== undefined) return Promise.reject(new WaitError(ended, 1_000));
      if (queue.length - head >= MAX_PENDING_READS) {
        return Promise.reject(new WaitError('too many objects are being read at once', 1_000));
      }
      return new Promise((resolve, reject) => {
        queue.push({ oid, maxBytes, resolve, reject });
        // Requests of one turn go out in one write.
        if (outgoing === '') queueMicrotask(flush);
        outgoing += `${oid}\n`;
      });
    },
  };
}
