import { isJsonObject, type UnixMs } from '../../../base/index.ts';
import { type Hot, mainValue } from './entry.ts';
import { readStatus } from './status-tree.ts';

/** It has something to do, or nobody knows. */
export const NOT_PARKED = 0;
/** Until something from outside happens to it. */
export const PARKED_FOR_GOOD = 2 ** 31 - 1;

/** 2020-01-01T00:00:00Z. Whole seconds from here on are small integers of V8, without a heap number for each of a million entries. */
const EPOCH_MS = 1_577_836_800_000;

/**
 * Until when the object's `status.parked` says that there is nothing to do: whole seconds from 2020 on, rounded down;
 * NOT_PARKED when it does not say so, or says it of another generation of its spec.
 */
export function parkedUntilOf({ main, status }: Pick<Hot, 'main' | 'status'>): number {
  const parked = readStatus(status)?.parked;
  if (!isJsonObject(parked) || parked.generation !== mainValue(main).metadata.generation) return NOT_PARKED;
  if (parked.until === undefined) return PARKED_FOR_GOOD;
  const until = typeof parked.until === 'string' ? Date.parse(parked.until) : Number.NaN;
  return Number.isNaN(until) ? NOT_PARKED : secondsOf(until);
}

/** Whether an object with this `parkedUntil` is among those that `ListOptions.due` asks for. */
export function isDue(parkedUntil: number, due: { readonly from?: UnixMs; readonly before: UnixMs }): boolean {
  if (parkedUntil === NOT_PARKED) return due.from === undefined;
  // Rounded to the side of taking one more.
  return parkedUntil <= secondsOf(due.before) && (due.from === undefined || parkedUntil >= secondsOf(due.from));
}

/** Never one of the two numbers that mean something else. */
function secondsOf(at: UnixMs): number {
  return Math.min(Math.max(Math.floor((at - EPOCH_MS) / 1_000), NOT_PARKED + 1), PARKED_FOR_GOOD - 1);
}
