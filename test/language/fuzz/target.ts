/** One parser under fuzzing. */
export interface FuzzTarget {
  readonly name: string;
  /** Of 100 inputs, how many are for this one. */
  readonly share: number;
  readonly corpus: readonly string[];
  /** What is put in between. */
  readonly junk: readonly string[];
  /** Gives the input to the parser and throws when an answer is not as it must be; the parser itself must not throw. */
  readonly check: (text: string) => void;
}

/** Throws when a promise of a parser does not hold. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}
