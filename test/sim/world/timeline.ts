import { createHeap, peekHeap, popHeap, pushHeap } from '../../../src/base/index.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Simulated time: a queue of callbacks. Each runs alone, all promises that it settles run out before the next one, and
 * time moves only from one callback to the next. So a run is a function of what is put in.
 */
export interface Timeline {
  /** Milliseconds since the Unix epoch; never goes back. */
  readonly now: number;
  readonly events: number;
  /** Runs `run` once, `delayMs` from now, after all that was asked for earlier for that time. The result cancels. */
  after(delayMs: number, run: () => void): () => void;
  sleep(delayMs: number): Promise<void>;
  /** Runs everything up to `until`, or until `isOver` says so after a callback. */
  drive(until: number, isOver: () => boolean): Promise<void>;
}

/** Callbacks given to the event loop at a time: between two of them Node runs all promises that are ready. */
const BURST = 256;
const realSetImmediate = setImmediate;

export function createTimeline(start: number): Timeline {
  const queue = createHeap<Event>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  let now = start;
  let order = 0;
  let events = 0;

  function after(delayMs: number, run: () => void): () => void {
    const event: Event = { at: now + Math.max(0, delayMs), order: order++, run };
    pushHeap(queue, event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs the next callback; false when there is none up to `until`. */
  function turn(until: number): boolean {
    for (;;) {
      const next = peekHeap(queue);
      if (next === undefined || next.at > until) return false;
      popHeap(queue);
      if (next.run === undefined) continue;
      now = next.at;
      events++;
      next.run();
      return true;
    }
  }

  function drive(until: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = BURST;
      let isDone = false;
      const end = (settle: () => void): void => {
        isDone = true;
        settle();
      };
      const one = (): void => {
        if (isDone) return;
        try {
          if (isOver()) end(resolve);
          else if (!turn(until)) {
            now = Math.max(now, until);
            end(resolve);
          }
        } catch (error) {
          end(() => reject(error));
        }
        if (--left === 0) burst();
      };
      const burst = (): void => {
        left = BURST;
        for (let i = 0; i < BURST; i++) realSetImmediate(one);
      };
      burst();
    });
  }

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    after,
    sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
    drive,
  };
}
