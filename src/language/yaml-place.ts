import type { Path, Place } from './document.ts';
import type { SourceText } from './source-text.ts';
import type { Mark, PairMark } from './yaml-mark.ts';

interface Found {
  readonly mark: Mark | undefined;
  readonly key: PairMark | undefined;
}

/** Where the value at `path` stands, or its nearest written ancestor; `range` is a part of a string value. */
export function placeOfValue(
  source: SourceText,
  root: Mark,
  path: Path,
  range?: { readonly start: number; readonly end: number },
): Place {
  const { mark, key } = find(root, path);
  // An empty value (`a:`) has no text of its own: its key stands for it.
  const isEmpty = mark === undefined || mark.start === mark.end;
  const { start, end } = (isEmpty ? key : undefined) ?? mark ?? root;
  if (range === undefined || isEmpty) return source.place(start, end);
  const inside = partOf(source.text, mark.text, start, end, range);
  return inside === undefined ? source.place(start, end) : source.place(...inside);
}

/** Where the key that ends `path` stands; for a list item, the item; for the root, its first line. */
export function placeOfKey(source: SourceText, root: Mark, path: Path): Place {
  const { mark, key } = find(root, path);
  const { start, end } = key ?? mark ?? root;
  return source.place(start, end);
}

function find(root: Mark, path: Path): Found {
  let found: Found = { mark: root, key: undefined };
  for (const segment of path) {
    const { mark } = found;
    if (mark?.pairs !== undefined) {
      const pair = pairOf(mark.pairs, String(segment));
      if (pair === undefined) return found;
      found = { mark: pair.value, key: pair };
    } else if (mark?.items !== undefined) {
      const item = mark.items[Number(segment)];
      if (item === undefined) return found;
      found = { mark: item, key: undefined };
    } else return found;
  }
  return found;
}

/** Of maps that are long enough for it: name → pair, made when first looked into. */
const BY_NAME = new WeakMap<readonly PairMark[], ReadonlyMap<string, PairMark>>();
const FEW = 16;

function pairOf(pairs: readonly PairMark[], name: string): PairMark | undefined {
  if (pairs.length <= FEW) return pairs.find((pair) => pair.name === name);
  const known = BY_NAME.get(pairs);
  if (known !== undefined) return known.get(name);
  // Of a name that stands twice the first counts.
  const index = new Map(pairs.toReversed().map((pair) => [pair.name, pair]));
  BY_NAME.set(pairs, index);
  return index.get(name);
}

/** The part of a scalar's text that shows [start, end) of its value, when the value stands there verbatim. */
function partOf(
  text: string,
  value: string | undefined,
  start: number,
  end: number,
  range: { readonly start: number; readonly end: number },
): [number, number] | undefined {
  if (value === undefined) return undefined;
  const written = text.slice(start, end);
  const quote = written[0] === '"' || written[0] === "'" ? 1 : 0;
  if (written.slice(quote, quote + value.length) === value)
    return [start + quote + range.start, start + quote + range.end];
  // Folded, escaped or block text: the first verbatim occurrence is the place if it is the only one.
  const part = value.slice(range.start, range.end);
  const at = written.indexOf(part);
  if (part === '' || at === -1 || written.indexOf(part, at + 1) !== -1) return undefined;
  return [start + at, start + at + part.length];
}
