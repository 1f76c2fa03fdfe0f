/** A generator of 32-bit numbers from a seed (mulberry32), so that a failing input can be made again. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export type Random = () => number;

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random() % items.length] as T;
}

/** A text of the corpus with up to `changes` things cut out, put in, doubled, or taken from another text of it. */
export function mutated(random: Random, corpus: readonly string[], junk: readonly string[], changes: number): string {
  let text = pick(random, corpus);
  for (let left = random() % (changes + 1); left > 0; left--) text = change(random, text, corpus, junk);
  return text;
}

function change(random: Random, text: string, corpus: readonly string[], junk: readonly string[]): string {
  const at = random() % (text.length + 1);
  const length = random() % 12;
  const part = text.slice(at, at + length);
  switch (random() % 8) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + part + text.slice(at);
    case 2: {
      const other = pick(random, corpus);
      const from = random() % (other.length + 1);
      return text.slice(0, at) + other.slice(from, from + (random() % 40)) + text.slice(at);
    }
    case 3: {
      // Lines are what indentation is about.
      const lines = text.split('\n');
      const line = random() % lines.length;
      lines.splice(
        line,
        random() % 2,
        `${' '.repeat(random() % 5)}${(lines[random() % lines.length] as string).trim()}`,
      );
      return lines.join('\n');
    }
    default:
      return text.slice(0, at) + pick(random, junk) + text.slice(at + (random() % 3));
  }
}
