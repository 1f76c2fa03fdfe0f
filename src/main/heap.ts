import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap live with bursts that are minutes apart. Call it at the start.
 *
 * It may grow by more than half before a full collection: V8's own tenth meant one for every 20 pushes, 20 ms long and
 * with two marking threads beside git's processes. What a burst leaves is given back when the process is quiet; see
 * releaseIdleMemory. And compiled code is kept: without it the first push after a pause took 20 ms longer.
 *
 * V8's own way to give memory back, seconds after a burst, stops everything for 200 to 1,300 ms where a million schedules
 * are in memory, and the next ticks were as late. It is off.
 */
export function tuneHeap(): void {
  setFlagsFromString('--heap-growing-percent=80');
  setFlagsFromString('--no-flush-bytecode');
  setFlagsFromString('--memory-reducer-gc-count=0');
}
