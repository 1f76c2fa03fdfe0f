/**
 * Long work in slices: each `yield` is a place where the caller may let others run before it goes on. The work itself is
 * pure, and comes out the same however it is interrupted.
 */
export type Slices<T> = Generator<undefined, T, void>;

/** Nodes of a workflow that are compiled without a place to pause at: some milliseconds. */
export const NODES_PER_SLICE = 256;

/** All of it at once. */
export function finished<T>(slices: Slices<T>): T {
  for (;;) {
    const next = slices.next();
    if (next.done === true) return next.value;
  }
}
