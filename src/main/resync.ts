import { type Clock, type Log, RESYNC_BACKOFF, StalledError } from '../base/index.ts';
import type { Registration } from '../control/registration/index.ts';
import type { PushHandler } from '../git/index.ts';

export interface ResyncOptions {
  readonly registration: Registration;
  /** Names of all repositories. */
  readonly list: () => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Resync {
  /** Compares all repositories with their refs: for the start, when nobody can push yet. What fails is left to `allLater`. */
  all(): Promise<void>;
  /** Compares all once more, between pushes, until each could be: git may have moved a ref for a process that was gone by then. */
  allLater(inTurn: InTurn): void;
  /** Handles pushes; when the move of a ref could not be noted, it is made up for as soon as it can be. */
  handler(inTurn: InTurn): PushHandler;
  close(): void;
}

/** Runs work on a repository while no push to it is decided or lands. */
type InTurn = (repository: string, work: () => Promise<void>) => Promise<void>;

/** Makes up for refs that moved without being noted, for example because the process ended or the disk was full. */
export function createResync({ registration, list, clock, log }: ResyncOptions): Resync {
  const waiting = new Map<string, () => void>();
  let isClosed = false;
  let cancelAll = (): void => {};
  const compare = async (name: string): Promise<boolean> => {
    try {
      await registration.resync(name);
      return true;
    } catch (error) {
      const message = error instanceof StalledError ? error.message : String(error);
      log.write('error', 'a repository could not be compared with its refs', { repository: name, error: message });
      return false;
    }
  };
  const later = (name: string, inTurn: InTurn, delayMs: number): void => {
    if (waiting.has(name) || isClosed) return;
    const run = async (): Promise<void> => {
      waiting.delete(name);
      const nextMs = Math.min(delayMs * RESYNC_BACKOFF.factor, RESYNC_BACKOFF.maxMs);
      if (!(await compareInTurn(name, inTurn))) later(name, inTurn, nextMs);
    };
    const start = (): void => void run();
    waiting.set(name, clock.at(clock.now() + delayMs, start));
  };
  const compareInTurn = async (name: string, inTurn: InTurn): Promise<boolean> => {
    let isDone = false;
    await inTurn(name, async () => {
      isDone = isClosed || (await compare(name));
    });
    return isDone;
  };
  const compareAll = async (inTurn: InTurn): Promise<void> => {
    for (const name of await list()) {
      if (!(await compareInTurn(name, inTurn))) later(name, inTurn, RESYNC_BACKOFF.initialMs);
    }
  };
  const compareAllLater = (inTurn: InTurn, delayMs: number): void => {
    const start = (): void => {
      compareAll(inTurn).catch((error) => {
        log.write('error', 'the repositories could not be listed', { error: String(error) });
        if (!isClosed) compareAllLater(inTurn, Math.min(delayMs * RESYNC_BACKOFF.factor, RESYNC_BACKOFF.maxMs));
      });
    };
    cancelAll = clock.at(clock.now() + delayMs, start);
  };
  return {
    async all() {
      for (const name of await list()) await compare(name);
    },
    allLater: (inTurn) => compareAllLater(inTurn, RESYNC_BACKOFF.initialMs),
    handler: (inTurn) => ({
      decide: (push) => registration.decide(push),
      refused: (push) => registration.refused(push),
      async landed(push) {
        try {
          return await registration.landed(push);
        } catch (error) {
          later(push.repository, inTurn, RESYNC_BACKOFF.initialMs);
          throw error;
        }
      },
    }),
    close() {
      isClosed = true;
      cancelAll();
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
