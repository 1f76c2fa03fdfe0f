/**
 * Long work in slices: each `yield` is a place where the caller may let others run before it goes on. The work itself is
 * pure, and comes out the same however it is interrupted.
 */
export type Slices<T> = Generator<undefined, T, void>;

/** All of it at once. */
export function finished<T>(slices: Slices<T>): T {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}
