import { MAX_REDACTOR_HELD_BYTES } from '../base/index.ts';
import { secretForms } from './secret-forms.ts';

/** What stands where a secret was. */
export const REDACTED = '***';

/** Takes secrets out of a stream of bytes. */
export interface Redactor {
  /** What of all output so far can be shown now; its end is kept back while a secret may have begun in it. */
  write(chunk: Uint8Array): Uint8Array;
  /** What was kept back, when nothing follows. The redactor may be used for another stream then. */
  end(): Uint8Array;
}

/** A form of a secret, with the lengths of its borders (Knuth, Morris and Pratt), by which partial finds go on. */
interface Pattern {
  readonly bytes: Buffer;
  readonly borders: Uint32Array;
}

/** A redactor for these values, in all the forms that `secretForms` tells; undefined when there is nothing to hide. */
export function createRedactor(values: readonly string[]): Redactor | undefined {
  const forms = new Map(values.flatMap(secretForms).map((bytes) => [bytes.toString('latin1'), bytes] as const));
  if (forms.size === 0) return undefined;
  const patterns = [...forms.values()].map((bytes): Pattern => ({ bytes, borders: bordersOf(bytes) }));
  const mark = Buffer.from(REDACTED);
  let held: Buffer = Buffer.alloc(0);
  /** So many bytes of `held` are known to be of a secret whose mark has been given. */
  let hiddenBytes = 0;

  const upTo = (data: Buffer, end: number, finds: readonly Range[]): Buffer => {
    const pieces: Uint8Array[] = [];
    let at = Math.min(hiddenBytes, end);
    for (const { from, to } of finds) {
      if (from >= end) break;
      if (from > at) pieces.push(data.subarray(at, from));
      // A find that goes on where a mark was given belongs to that mark.
      if (from > 0 || hiddenBytes === 0) pieces.push(mark);
      at = Math.min(to, end);
    }
    if (at < end) pieces.push(data.subarray(at, end));
    return Buffer.concat(pieces);
  };

  return {
    write(chunk) {
      const data = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      const finds = findsIn(data, patterns, hiddenBytes);
      const begun = begunAt(data, patterns);
      const around = finds.find(({ from, to }) => from < begun && begun < to);
      // A find that the kept back bytes began in is kept back with them, as long as that is not without end.
      const isShort = around !== undefined && data.length - around.from <= MAX_REDACTOR_HELD_BYTES;
      const cut = isShort ? around.from : begun;
      const shown = upTo(data, cut, finds);
      held = data.subarray(cut);
      hiddenBytes = around !== undefined && !isShort ? around.to - cut : Math.max(0, hiddenBytes - cut);
      return shown;
    },
    end() {
      const shown = upTo(held, held.length, findsIn(held, patterns, hiddenBytes));
      held = Buffer.alloc(0);
      hiddenBytes = 0;
      return shown;
    },
  };
}

/** `text` without the secrets that `redactor` knows. */
export function redactText(redactor: Redactor | undefined, text: string): string {
  if (redactor === undefined || text === '') return text;
  const pieces = [redactor.write(Buffer.from(text)), redactor.end()];
  return Buffer.concat(pieces).toString('utf8');
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Everything that is of a secret, in order: finds that overlap are one. */
function findsIn(data: Buffer, patterns: readonly Pattern[], hiddenBytes: number): readonly Range[] {
  const all: Range[] = hiddenBytes > 0 ? [{ from: 0, to: hiddenBytes }] : [];
  for (const { bytes, borders } of patterns) {
    // A find may begin in the one before it, but not before its next border.
    const step = bytes.length - (borders[bytes.length - 1] as number);
    for (let at = data.indexOf(bytes); at >= 0; at = data.indexOf(bytes, at + step)) {
      all.push({ from: at, to: at + bytes.length });
    }
  }
  if (all.length < 2) return all;
  const merged: Range[] = [];
  for (const find of all.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && find.from < last.to) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, find.to) };
    } else merged.push(find);
  }
  return merged;
}

/** Where the longest end of `data` begins that a secret begins with; the length of `data` when there is none. */
function begunAt(data: Buffer, patterns: readonly Pattern[]): number {
  let longest = 0;
  for (const { bytes, borders } of patterns) {
    let matched = 0;
    for (let at = Math.max(0, data.length - bytes.length + 1); at < data.length; at += 1) {
      while (matched > 0 && bytes[matched] !== data[at]) matched = borders[matched - 1] as number;
      if (bytes[matched] === data[at]) matched += 1;
    }
    longest = Math.max(longest, matched);
  }
  return data.length - longest;
}

function bordersOf(bytes: Buffer): Uint32Array {
  const borders = new Uint32Array(bytes.length);
  for (let at = 1, length = 0; at < bytes.length; at += 1) {
    while (length > 0 && bytes[length] !== bytes[at]) length = borders[length - 1] as number;
    if (bytes[length] === bytes[at]) length += 1;
    borders[at] = length;
  }
  return borders;
}
