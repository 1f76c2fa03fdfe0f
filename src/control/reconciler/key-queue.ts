import { type Clock, ConflictError, type Log, STALLED_RETRY_MS, StalledError } from '../../base/index.ts';

export interface KeyQueueOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly backoff: { readonly initialMs: number; readonly factor: number; readonly maxMs: number };
  /**
   * Makes one key right. An error repeats it after a back-off, a lost race at once, a stall when it is added again or a long
   * time has passed: nobody tells of a disk that has room again, or of a permission that was granted.
   */
  readonly work: (key: string) => Promise<void>;
}

/** Keys to be made right: each is worked on by one at a time, and what is added meanwhile is worked on once more. */
export interface KeyQueue {
  add(key: string): void;
  /** Takes no more; resolves when the work at hand is done. */
  close(): Promise<void>;
}

type KeyState = 'running' | 'again';

/** A lost race is repeated at once so often in a row, then backs off like any error. */
const RACES_AT_ONCE = 5;

export function createKeyQueue(options: KeyQueueOptions): KeyQueue {
  const { clock, log, backoff } = options;
  const states = new Map<string, KeyState>();
  const retries = new Map<string, { failures: number; cancel: () => void }>();
  const running = new Set<Promise<void>>();
  let isClosed = false;

  function add(key: string): void {
    if (isClosed) return;
    retries.get(key)?.cancel();
    if (states.has(key)) {
      states.set(key, 'again');
      return;
    }
    states.set(key, 'running');
    const run = turn(key).finally(() => running.delete(run));
    running.add(run);
  }

  async function turn(key: string): Promise<void> {
    do {
      states.set(key, 'running');
      try {
        await options.work(key);
        retries.delete(key);
      } catch (error) {
        onFailure(key, error as Error);
      }
    } while (states.get(key) === 'again' && !isClosed);
    states.delete(key);
  }

  function onFailure(key: string, error: Error): void {
    const failures = (retries.get(key)?.failures ?? 0) + 1;
    if (error instanceof ConflictError && failures <= RACES_AT_ONCE) {
      retries.set(key, { failures, cancel: () => undefined });
      states.set(key, 'again');
      return;
    }
    const isStalled = error instanceof StalledError;
    log.write('warn', 'reconciliation failed', { key, failures, error: error.message });
    const backoffMs = Math.min(backoff.initialMs * backoff.factor ** (failures - 1), backoff.maxMs);
    const cancel = clock.at(clock.now() + (isStalled ? STALLED_RETRY_MS : backoffMs), () => add(key));
    retries.set(key, { failures, cancel });
  }

  return {
    add,
    async close() {
      isClosed = true;
      for (const { cancel } of retries.values()) cancel();
      await Promise.allSettled(running);
    },
  };
}
