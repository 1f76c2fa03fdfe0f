import { setFlagsFromString } from 'node:v8';

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

/** Callbacks between two turns of the real event loop. */
const BURST = 1_024;
const realSetImmediate = setImmediate;
/** Runs all promises that are ready. Asking the event loop for it costs more than most callbacks do. */
const settlePromises = nativeCheckpoint();

export function createTimeline(start: number): Timeline {
  const queue: Event[] = [];
  let now = start;
  let order = 0;
  let events = 0;

  function after(delayMs: number, run: () => void): () => void {
    const event: Event = { at: delayMs > 0 ? now + delayMs : now, order: order++, run };
    push(queue, event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs the next callback; false when there is none up to `until`. */
  function turn(until: number): boolean {
    for (;;) {
      const next = queue[0];
      if (next === undefined || next.at > until) return false;
      pop(queue);
      const { run } = next;
      if (run === undefined) continue;
      // Whoever could cancel it keeps nothing of what it needed.
      next.run = undefined;
      now = next.at;
      events++;
      run();
      return true;
    }
  }

  function drive(until: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const burst = (): void => {
        try {
          for (let left = BURST; left > 0; left--) {
            settlePromises();
            if (isOver()) {
              resolve();
              return;
            }
            if (turn(until)) continue;
            now = Math.max(now, until);
            resolve();
            return;
          }
        } catch (error) {
          reject(error);
          return;
        }
        realSetImmediate(burst);
      };
      realSetImmediate(burst);
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

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A binary heap as in `src/base/heap.ts`; this one's order is known where it is compiled, and it is the busiest of all. */
function push(queue: Event[], event: Event): void {
  let place = queue.length;
  queue.push(event);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = queue[above] as Event;
    if (!isBefore(event, parent)) break;
    queue[place] = parent;
    place = above;
  }
  queue[place] = event;
}

function pop(queue: Event[]): void {
  const last = queue.pop() as Event;
  const { length } = queue;
  if (length === 0) return;
  let place = 0;
  for (let below = 1; below < length; below = 2 * place + 1) {
    let child = queue[below] as Event;
    if (below + 1 < length && isBefore(queue[below + 1] as Event, child)) child = queue[++below] as Event;
    if (!isBefore(child, last)) break;
    queue[place] = child;
    place = below;
  }
  queue[place] = last;
}

/** V8's own microtask checkpoint, as Node makes one after each callback of the event loop. */
function nativeCheckpoint(): () => void {
  setFlagsFromString('--allow-natives-syntax');
  return new Function('%PerformMicrotaskCheckpoint()') as () => void;
}
