/** A node of a graph: its name and those that must come before it. */
export interface Ordered {
  readonly order: readonly string[];
  /** Each cycle found, as a path that begins and ends with one name: `['a', 'b', 'a']`. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * The names in topological order: each after all that it needs, else as written. Names that need a cycle or are part of
 * one are left out of the order. Linear; recursion would not survive a chain of 10,000 nodes.
 */
export function topologicalOrder(upstream: ReadonlyMap<string, Iterable<string>>): Ordered {
  const order: string[] = [];
  const cycles: (readonly string[])[] = [];
  const state = new Map<string, 'open' | 'done' | 'stuck'>();
  for (const start of upstream.keys()) {
    if (state.has(start)) continue;
    const path: { readonly name: string; readonly rest: Iterator<string>; isStuck: boolean }[] = [];
    const enter = (name: string): void => {
      state.set(name, 'open');
      path.push({ name, rest: (upstream.get(name) ?? [])[Symbol.iterator](), isStuck: false });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.next();
      if (next.done === true) {
        path.pop();
        state.set(top.name, top.isStuck ? 'stuck' : 'done');
        if (!top.isStuck) order.push(top.name);
        const above = path.at(-1);
        if (above !== undefined && top.isStuck) above.isStuck = true;
        continue;
      }
      if (!upstream.has(next.value)) continue;
      const seen = state.get(next.value);
      if (seen === undefined) enter(next.value);
      else if (seen === 'stuck') top.isStuck = true;
      else if (seen === 'open') {
        top.isStuck = true;
        const from = path.findIndex((step) => step.name === next.value);
        cycles.push([...path.slice(from).map((step) => step.name), next.value]);
      }
    }
  }
  return { order, cycles };
}
