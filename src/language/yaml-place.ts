import { type Document, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Path, Place } from './document.ts';
import type { SourceText } from './source-text.ts';
import { rangeOf } from './yaml-json.ts';

interface Found {
  readonly node: Node | undefined;
  readonly key: Node | undefined;
}

/** Where the value at `path` stands, or its nearest written ancestor; `range` is a part of a string value. */
export function placeOfValue(
  source: SourceText,
  document: Document.Parsed,
  path: Path,
  range?: { readonly start: number; readonly end: number },
): Place {
  const { node, key } = find(document, path);
  const target = node ?? key ?? document.contents;
  const [start, end] = target ? rangeOf(target) : [document.range[0], document.range[0] + 1];
  // An empty value (`a:`) has no text of its own: its key stands for it.
  if (start === end && key !== undefined) return source.place(...rangeOf(key));
  if (range === undefined || !isScalar(target)) return source.place(start, end);
  const inside = partOf(source.text, target.value, start, end, range);
  return inside === undefined ? source.place(start, end) : source.place(...inside);
}

/** Where the key that ends `path` stands; for a list item, the item; for the root, its first line. */
export function placeOfKey(source: SourceText, document: Document.Parsed, path: Path): Place {
  const { node, key } = find(document, path);
  const target = key ?? node ?? document.contents;
  return target ? source.place(...rangeOf(target)) : source.place(document.range[0], document.range[0] + 1);
}

function find(document: Document.Parsed, path: Path): Found {
  let found: Found = { node: (document.contents as Node | null) ?? undefined, key: undefined };
  for (const segment of path) {
    const { node } = found;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => isNamed(item.key, String(segment)));
      if (pair === undefined) return found;
      found = { node: (pair.value as Node | null) ?? undefined, key: pair.key as Node };
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)];
      if (item === undefined) return found;
      found = { node: item as Node, key: undefined };
    } else return found;
  }
  return found;
}

function isNamed(key: unknown, name: string): boolean {
  return isScalar(key) && (key.value === name || key.source === name);
}

/** The part of a scalar's text that shows [start, end) of its value, when the value stands there verbatim. */
function partOf(
  text: string,
  value: unknown,
  start: number,
  end: number,
  range: { readonly start: number; readonly end: number },
): [number, number] | undefined {
  if (typeof value !== 'string') return undefined;
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
