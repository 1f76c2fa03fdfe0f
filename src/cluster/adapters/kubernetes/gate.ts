/** Lets so many in at a time; the others wait in line. Whoever entered must leave. */
export interface Gate {
  enter(): Promise<void>;
  leave(): void;
}

export function createGate(places: number): Gate {
  const waiting: (() => void)[] = [];
  let head = 0;
  let inside = 0;
  return {
    enter() {
      if (inside < places) {
        inside++;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting[head];
      if (next === undefined) {
        inside--;
        return;
      }
      // Its place goes to the next. The line is an array that is read from its front: shed the read part now and then.
      head++;
      if (head > 1_024 || head === waiting.length) {
        waiting.splice(0, head);
        head = 0;
      }
      next();
    },
  };
}
