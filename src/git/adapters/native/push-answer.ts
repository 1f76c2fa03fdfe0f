import { MAX_OBJECT_OF_PUSH_BYTES, MAX_PUSH_BYTES } from '../../../base/index.ts';

const MiB = 1024 * 1024;
/** Bands of git's side-band-64k (gitprotocol-pack(5)): text for people, and a last word before the connection ends. */
const TEXT_BAND = 2;
const ERROR_BAND = 3;

/** What git says when a bound of ours ends it, and what a person should read instead of it alone. */
const EXPLANATIONS: readonly (readonly [said: string, meant: string])[] = [
  [
    'attempting to allocate',
    `an object of this push is larger than ${MAX_OBJECT_OF_PUSH_BYTES / MiB} MiB: keep such files out of git`,
  ],
  [
    'pack exceeds maximum allowed size',
    `a push has at most ${MAX_PUSH_BYTES / MiB} MiB: push in parts, and keep large files out of git`,
  ],
];

/** How lines begin that say what is wrong, of git's and of ours; and how much of them is kept, in characters. */
const COMPLAINT = /^(error|fatal|pipectl): /;
const MAX_COMPLAINTS = 1_000;

/** What receive-pack answers, line by line of its protocol, so that something can be said in between. */
export interface PushAnswer {
  /** What may be passed on of what is known by now. */
  receive(chunk: Buffer): Buffer;
  /** What ends an answer whose process was ended for this reason; what it had begun to say is dropped. */
  breakOff(reason: string): Buffer;
  /** What was said so far of what is wrong, by git or in the place of it; undefined: nothing. */
  problem(): string | undefined;
}

export function createPushAnswer(): PushAnswer {
  let rest: Buffer = Buffer.alloc(0);
  let complaints = '';
  const note = (text: string): void => {
    const lines = text.split('\n').filter((line) => COMPLAINT.test(line));
    if (lines.length > 0) complaints = `${complaints}${lines.join('\n')}\n`.slice(0, MAX_COMPLAINTS);
  };
  return {
    problem: () => complaints.trimEnd() || undefined,
    receive(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const parts: Buffer[] = [];
      for (let line = firstLine(rest); line !== undefined; line = firstLine(rest)) {
        rest = rest.subarray(line.length);
        parts.push(line);
        if (line[4] !== TEXT_BAND) continue;
        note(line.toString('utf8', 5));
        const meant = explanation(line);
        if (meant === undefined) continue;
        parts.push(band(TEXT_BAND, `pipectl: ${meant}\n`));
        note(`pipectl: ${meant}`);
      }
      return Buffer.concat(parts);
    },
    breakOff(reason) {
      note(`pipectl: ${reason}`);
      return band(ERROR_BAND, `pipectl: ${reason}\n`);
    },
  };
}

/** The first whole pkt-line: four hexadecimal digits that count themselves, or 0000. Undefined until it is all there. */
function firstLine(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 4) return undefined;
  const length = Number.parseInt(bytes.toString('latin1', 0, 4), 16);
  // What is none, as a text in place of the protocol, is passed on as it comes.
  if (Number.isNaN(length)) return bytes;
  const size = Math.max(4, length);
  return bytes.length < size ? undefined : bytes.subarray(0, size);
}

function explanation(line: Buffer): string | undefined {
  const text = line.toString('latin1', 5);
  return EXPLANATIONS.find(([said]) => text.includes(said))?.[1];
}

function band(number: number, text: string): Buffer {
  const content = Buffer.from(text);
  const length = (content.length + 5).toString(16).padStart(4, '0');
  return Buffer.concat([Buffer.from(length), Buffer.from([number]), content]);
}
