import { REMEMBERED_TEXTS } from './limits/index.ts';

/**
 * A pure function of a text that remembers what it gave for the last short texts: definitions say the same things again and
 * again. Its results are shared, so they must be immutable. `isKept`: what is worth remembering; all by default.
 */
export function remembered<V>(
  of: (text: string) => V,
  isKept: (value: V) => boolean = () => true,
): (text: string) => V {
  // Two generations: what is asked for stays, and no order is kept.
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  return (text) => {
    const found = young.get(text);
    if (found !== undefined) return found;
    if (text.length > REMEMBERED_TEXTS.maxLength) return of(text);
    // A piece of a file's text would keep all of that alive, and so would what is made of it: a copy does not.
    const copy = JSON.parse(JSON.stringify(text)) as string;
    const value = old.get(text) ?? of(copy);
    if (!isKept(value)) return value;
    if (young.size >= REMEMBERED_TEXTS.count) {
      old = young;
      young = new Map();
    }
    young.set(copy, value);
    return value;
  };
}
