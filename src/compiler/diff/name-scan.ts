/**
 * Looks for words in texts of definitions, without parsing them. What is not found is not there; what is found may be a
 * comment.
 */
export interface NameScan {
  /** Asks for a word wherever it stands. */
  seek(word: string): void;
  /** Asks for a word that follows another, as the value of a field follows its name. `about`: what finding it means. */
  seekAfter(before: string, word: string, about: Exclude<Found, undefined>): void;
  /** Whether more was asked for since the last begin. */
  hasNews(): boolean;
  begin(): void;
  look(bytes: Uint8Array): Found;
}

/** Whether a text mentions what was sought, or only declares it. */
export type Found = 'mention' | 'declaration' | undefined;

export function openNameScan(): NameScan {
  const words = new Set<number>();
  const pairs = new Map<number, Exclude<Found, undefined>>();
  // Most words of a text are none of these: one look at a small table tells.
  const table = new Uint8Array(TABLE_SIZE);
  let isNew = false;
  const note = (hash: number): void => {
    table[hash & TABLE_MASK] = 1;
    isNew = true;
  };
  return {
    seek(word) {
      const hash = hashOf(word);
      if (words.has(hash)) return;
      words.add(hash);
      note(hash);
    },
    seekAfter(before, word, about) {
      const hash = hashOf(word);
      const pair = pairOf(hashOf(before), hash);
      if (pairs.has(pair)) return;
      pairs.set(pair, about);
      note(hash);
    },
    hasNews: () => isNew,
    begin: () => {
      isNew = false;
    },
    look: (bytes) =>
      lookAt(bytes, (before, hash) => {
        if (table[hash & TABLE_MASK] === 0) return undefined;
        return words.has(hash) ? 'mention' : pairs.get(pairOf(before, hash));
      }),
  };
}

/** Shows each word with the one before it, until one is a mention. */
function lookAt(bytes: Uint8Array, judge: (before: number, word: number) => Found): Found {
  const { pairs, mayHide } = wordsOf(bytes);
  // A word may be written with escapes, or be broken by one.
  if (mayHide) return 'mention';
  let found: Found;
  for (let at = 0; at < pairs.length; at += 2) {
    const judged = judge(pairs[at] as number, pairs[at + 1] as number);
    if (judged === 'mention') return judged;
    found ??= judged;
  }
  return found;
}

/** The words of a text by their hashes, each behind that of the word before it. */
interface Words {
  readonly pairs: Int32Array;
  readonly mayHide: boolean;
}

/** A text is looked at again whenever another word is sought: its words are found once, as long as its bytes are kept. */
const WORDS = new WeakMap<Uint8Array, Words>();

function wordsOf(bytes: Uint8Array): Words {
  const known = WORDS.get(bytes);
  if (known !== undefined) return known;
  const words = readWords(bytes);
  WORDS.set(bytes, words);
  return words;
}

/** Anchors, tags and comments come between no two words. */
function readWords(bytes: Uint8Array): Words {
  // Between two words is one byte at least.
  const pairs = new Int32Array(bytes.length + 2);
  let [hash, start, before, size] = [OFFSET, 0, 0, 0];
  let isComment = false;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = at === bytes.length ? LINE_FEED : (bytes[at] as number);
    if (IS_WORD[byte] === 1) {
      if (hash === OFFSET) start = at;
      hash = Math.imul(hash ^ byte, PRIME);
      continue;
    }
    if (hash !== OFFSET) {
      pairs[size] = before;
      pairs[size + 1] = hash;
      size += 2;
      const mark = start === 0 ? 0 : bytes[start - 1];
      if (!isComment && mark !== AMPERSAND && mark !== EXCLAMATION) before = hash;
      hash = OFFSET;
    }
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) isComment = false;
    else if (byte === NUMBER_SIGN) isComment = true;
    else if (byte === BACKSLASH && MAY_HIDE.has(bytes[at + 1] ?? 0)) return { pairs: NO_WORDS, mayHide: true };
  }
  return { pairs: pairs.slice(0, size), mayHide: false };
}

const NO_WORDS = new Int32Array(0);

/** FNV-1a, over bytes. */
const OFFSET = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const TABLE_SIZE = 1 << 16;
const TABLE_MASK = TABLE_SIZE - 1;
const [LINE_FEED, CARRIAGE_RETURN, EXCLAMATION, NUMBER_SIGN, AMPERSAND, BACKSLASH] = [10, 13, 33, 35, 38, 92];
/** What follows a backslash where YAML makes other characters of it: `\x41`, `\u0041`, `\U00000041`, a line's end. */
const MAY_HIDE: ReadonlySet<number> = new Set([...'xuU\r\n'].map((character) => character.charCodeAt(0)));

/** Letters, digits, and what else a name may hold; bytes of other scripts too. */
const IS_WORD = Uint8Array.from({ length: 256 }, (_none, byte) =>
  byte >= 0x80 || /[A-Za-z0-9._-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

function hashOf(word: string): number {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(word)) hash = Math.imul(hash ^ byte, PRIME);
  return hash;
}

function pairOf(before: number, word: number): number {
  return Math.imul(before, 31) ^ word;
}
