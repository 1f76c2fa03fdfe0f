/** A planted bug: a mistake that somebody could make, which the simulator must notice. */
export interface Canary {
  readonly name: string;
  /** Path below `src/`. */
  readonly file: string;
  /** Text that stands in the file exactly once, and what stands there instead. */
  readonly find: string;
  readonly replace: string;
}
