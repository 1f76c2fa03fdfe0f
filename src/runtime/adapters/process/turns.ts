/** Who waits for the machine, in groups that take turns. */
export interface Turns<T> {
  readonly size: number;
  add(group: string, id: string, one: T): void;
  /** Leaves the line. */
  remove(group: string, id: string): void;
  /** The first of the group whose turn it is, which then goes to the end; undefined: nobody waits. */
  take(): T | undefined;
  clear(): void;
}

/**
 * A line in which each group has one turn after the other, and those of a group come in their order: however many one group
 * brings, another waits for no more turns than there are groups.
 */
export function createTurns<T>(): Turns<T> {
  const groups = new Map<string, Map<string, T>>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(group, id, one) {
      const line = groups.get(group) ?? new Map<string, T>();
      if (line.size === 0) groups.set(group, line);
      if (!line.has(id)) size += 1;
      line.set(id, one);
    },
    remove(group, id) {
      const line = groups.get(group);
      if (line?.delete(id) !== true) return;
      size -= 1;
      if (line.size === 0) groups.delete(group);
    },
    take() {
      const [next] = groups;
      if (next === undefined) return undefined;
      const [group, line] = next;
      const [first] = line;
      groups.delete(group);
      if (first === undefined) return undefined;
      line.delete(first[0]);
      size -= 1;
      if (line.size > 0) groups.set(group, line);
      return first[1];
    },
    clear() {
      groups.clear();
      size = 0;
    },
  };
}
