import { statSync } from 'node:fs';
import { type Clock, type Log, SPAWNER_BEAT_LOOK_MS, SPAWNER_MISSED_BEATS } from '../../../base/index.ts';

/** A spawner that is to be alive: it has attempts, or has not said yet that it starts none any more. */
export interface Beating {
  /** What its beat touches; undefined: it has not said where it is. */
  readonly path: string | undefined;
  readonly pid: number | undefined;
  /** Ends exactly this process; what it ran is then lost, and ended by whoever finds that. */
  kill(): void;
}

/** Watches over spawners. */
export interface Heartbeats {
  /** There may be something to watch from now on. */
  watch(): void;
  close(): void;
}

/**
 * Ends spawners that hang. A live one touches its journal every SPAWNER_BEAT_MS. One whose journal has not moved at
 * SPAWNER_MISSED_BEATS looks in a row is killed, so that its attempts are lost in bounded time instead of running for
 * ever in the books. Looks are counted and not time: after the machine has slept, both have missed the same.
 */
export function openHeartbeats(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  spawners: () => readonly Beating[],
): Heartbeats {
  const known = new Map<string, { beatMs: number | undefined; missed: number }>();
  let cancel: (() => void) | undefined;
  let isClosed = false;

  const look = (): void => {
    cancel = undefined;
    const beating = spawners();
    const ids = new Set(beating.map(({ pid }) => String(pid)));
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    for (const spawner of beating) judge(spawner);
    if (beating.length > 0) watch();
  };
  const judge = ({ path, pid, kill }: Beating): void => {
    const id = String(pid);
    const beatMs = path === undefined ? undefined : beatOf(path);
    const before = known.get(id);
    const missed = before === undefined || before.beatMs !== beatMs ? 0 : before.missed + 1;
    known.set(id, { beatMs, missed });
    if (missed < SPAWNER_MISSED_BEATS) return;
    if (missed === SPAWNER_MISSED_BEATS) {
      log.write('error', 'a spawner does not answer and is killed; what it ran is tried again', { pid: pid ?? 0 });
    }
    kill();
  };
  const watch = (): void => {
    if (!isClosed) cancel ??= clock.at(clock.now() + SPAWNER_BEAT_LOOK_MS, look);
  };
  return {
    watch,
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}

function beatOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
