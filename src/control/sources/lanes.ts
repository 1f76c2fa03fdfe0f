/** Gives work a place to run in, a bounded number at a time in all and for each group. */
export interface Lanes {
  run<T>(group: string, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly group: string;
  readonly start: () => void;
}

/**
 * Work of one group waits in order; a group whose places are taken holds up no other. Callers bound what waits: each
 * repository has one piece of work at a time.
 */
export function createLanes(options: { readonly total: number; readonly perGroup: number }): Lanes {
  const running = new Map<string, number>();
  const waiting: Waiting[] = [];
  let total = 0;

  function isFree(group: string): boolean {
    return total < options.total && (running.get(group) ?? 0) < options.perGroup;
  }

  function take(group: string): void {
    total += 1;
    running.set(group, (running.get(group) ?? 0) + 1);
  }

  function leave(group: string): void {
    total -= 1;
    const left = (running.get(group) ?? 1) - 1;
    if (left === 0) running.delete(group);
    else running.set(group, left);
    const at = waiting.findIndex((each) => isFree(each.group));
    const [next] = at < 0 ? [] : waiting.splice(at, 1);
    next?.start();
  }

  return {
    async run(group, work) {
      if (isFree(group)) take(group);
      else {
        await new Promise<void>((resolve) => {
          waiting.push({
            group,
            start() {
              take(group);
              resolve();
            },
          });
        });
      }
      try {
        return await work();
      } finally {
        leave(group);
      }
    },
  };
}
