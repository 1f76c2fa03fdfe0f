import { FAST_YAML } from '../../base/index.ts';

/** Short texts at a place that a few of their characters tell. */
const words: string[] = Array.from({ length: FAST_YAML.words }, () => '');
/** What told the place of a word, and of the last text that was said once. */
const kept = new Int32Array(FAST_YAML.words);
const seen = new Int32Array(FAST_YAML.words);

/**
 * The text from `start` to `end`. Definitions say the same words again and again: for one that was said lately this is the
 * very same string, and looking a name up by it costs far less than by a new one.
 */
export function wordAt(text: string, start: number, end: number): string {
  const length = end - start;
  if (length > FAST_YAML.maxWordLength || length < 2) return text.slice(start, end);
  const sum =
    text.charCodeAt(start) +
    text.charCodeAt(end - 1) * 31 +
    text.charCodeAt(start + (length >> 1)) * 961 +
    text.charCodeAt(start + (length >> 2)) * 29791 +
    length * 923521;
  const slot = (sum ^ (sum >>> 11)) & (FAST_YAML.words - 1);
  const known = words[slot] as string;
  if (known.length === length && text.startsWith(known, start)) return known;
  const word = text.slice(start, end);
  if (kept[slot] === sum) return word;
  if (seen[slot] !== sum) {
    seen[slot] = sum;
    return word;
  }
  kept[slot] = sum;
  words[slot] = ownText(word);
  return words[slot] as string;
}

/** The same text as a name of V8's: a piece of a file's text would keep all of that alive. */
function ownText(piece: string): string {
  // A hash table: V8 would keep the form of any other object with this name.
  const table = Object.create(null) as Record<string, true>;
  table[piece] = true;
  return Object.keys(table)[0] as string;
}
