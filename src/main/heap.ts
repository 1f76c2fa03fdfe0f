import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow by more than half before a full collection: V8's own tenth meant one for every 20 pushes, 20 ms
 * long and with two marking threads beside git's processes. What a burst leaves is given back when the process is
 * quiet; see releaseIdleMemory. Call it at the start.
 */
export function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=80');
}
