import { randomBytes } from 'node:crypto';
import type { Clock, Log, Random, UnixMs } from '../base/index.ts';

/** setTimeout takes 31 bits of milliseconds; longer waits are cut into pieces. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's clock. Timers do not keep the process alive: servers do. */
export const hostClock: Clock = {
  now: () => Date.now(),
  at: (at, run) => startTimer(at, run),
};

/** The machine's randomness. */
export const hostRandom: Random = {
  bytes: randomOf,
  unit: () => Math.random(),
};

/** What every loop is given of the machine. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const pool = { bytes: Buffer.alloc(0), used: 0 };
const POOL_BYTES = 4_096;

/** Asking the system costs more than a thousand bytes do: a few at a time come out of one answer, and no byte comes twice. */
function randomOf(size: number): Uint8Array {
  if (size > POOL_BYTES / 16) return randomBytes(size);
  if (pool.used + size > pool.bytes.length) {
    pool.bytes = randomBytes(POOL_BYTES);
    pool.used = 0;
  }
  const start = pool.used;
  pool.used += size;
  return new Uint8Array(pool.bytes.subarray(start, pool.used));
}

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
