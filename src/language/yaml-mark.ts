import type { Document, Range } from 'yaml';
import { rangeOf } from './yaml-json.ts';
import { yaml } from './yaml-library.ts';

/**
 * Where a value stands, [start, end) of the text, with what is inside of it: `pairs` of a map, `items` of a list, else the
 * `text` of a string. A block's end may be any past its first line.
 */
export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly pairs?: readonly PairMark[];
  readonly items?: readonly Mark[];
  readonly text?: string;
}

/** A key's place and its value's; a value that is left empty has none. */
export interface PairMark {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value: Mark | undefined;
}

/** The marks of a syntax tree whose text begins at `offset`; a document without contents is marked at its start. */
export function marksOfTree(document: Document.Parsed, offset = 0): Mark {
  const start = document.range[0] + offset;
  return markOf(document.contents, offset) ?? { start, end: start + 1 };
}

function markOf(node: unknown, offset: number): Mark | undefined {
  const { isMap, isScalar, isSeq } = yaml();
  const placeOf = (placed: { readonly range?: Range | null }): [number, number] => {
    const [start, end] = rangeOf(placed);
    return [start + offset, end + offset];
  };
  if (isMap(node)) {
    const [start, end] = placeOf(node);
    const pairs = node.items.map(({ key, value }): PairMark => {
      const [keyStart, keyEnd] = placeOf((key ?? {}) as { readonly range?: null });
      // A key that is a number or a boolean goes by its letters.
      const name = isScalar(key) ? (typeof key.value === 'string' ? key.value : (key.source ?? '')) : '';
      return { name, start: keyStart, end: keyEnd, value: markOf(value, offset) };
    });
    return { start, end, pairs };
  }
  if (isSeq(node)) {
    const [start, end] = placeOf(node);
    const items = node.items.map((item) => markOf(item, offset) ?? { start, end });
    return { start, end, items };
  }
  if (node === null || typeof node !== 'object') return undefined;
  const [start, end] = placeOf(node);
  return isScalar(node) && typeof node.value === 'string' ? { start, end, text: node.value } : { start, end };
}
