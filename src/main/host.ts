import { randomBytes } from 'node:crypto';
import type { Clock, Random, UnixMs } from '../base/index.ts';

/** setTimeout takes 31 bits of milliseconds; longer waits are cut into pieces. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock. Timers do not keep the process alive: servers do. */
export const hostClock: Clock = {
  now: () => Date.now(),
  at: (at, run) => startTimer(at, run),
};

/** The machine's randomness. */
export const hostRandom: Random = {
  bytes: (size) => randomBytes(size),
  unit: () => Math.random(),
};

function startTimer(at: UnixMs, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const leftMs = at - Date.now();
    timer = setTimeout(leftMs > MAX_TIMEOUT_MS ? wait : run, Math.min(Math.max(leftMs, 0), MAX_TIMEOUT_MS));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
