import { MAX_IDENTIFIER_LENGTH, MAX_LABEL_LENGTH } from '../base/index.ts';

/** Gives each thing of one room a name that no other has. */
export interface NameBook {
  /** The same name each time for the same `key`. */
  readonly nameOf: (key: string, wanted: string, second?: string) => string;
}

/** Names of definitions and nodes: lower-case letters, digits and dashes. */
export function labelBook(): NameBook {
  return book(labelFrom, (name, count) => `${name.slice(0, MAX_LABEL_LENGTH - 6)}-${count}`);
}

/** Names of inputs and outputs: letters, digits and `_`; no two that differ in case alone. */
export function identifierBook(): NameBook {
  return book(identifierFrom, (name, count) => `${name.slice(0, MAX_IDENTIFIER_LENGTH - 6)}_${count}`);
}

function book(shape: (text: string) => string, numbered: (name: string, count: number) => string): NameBook {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  const nameOf: NameBook['nameOf'] = (key, wanted, second) => {
    const known = given.get(key);
    if (known !== undefined) return known;
    const candidates = second === undefined ? [shape(wanted)] : [shape(wanted), shape(second)];
    let name = candidates.find((candidate) => !taken.has(candidate.toLowerCase()));
    for (let count = 2; name === undefined; count++) {
      const next = numbered(candidates.at(-1)!, count);
      if (!taken.has(next.toLowerCase())) name = next;
    }
    given.set(key, name);
    taken.add(name.toLowerCase());
    return name;
  };
  return { nameOf };
}

export function labelFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LABEL_LENGTH + 1);
  return name.replace(/^-+/, '').slice(0, MAX_LABEL_LENGTH).replace(/-+$/, '') || 'unnamed';
}

export function identifierFrom(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_]/g, '_').slice(0, MAX_IDENTIFIER_LENGTH);
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`.slice(0, MAX_IDENTIFIER_LENGTH);
}
