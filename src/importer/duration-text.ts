import { printDuration } from '../language/index.ts';

/** `10s`, `2m`, `1h0m0s`, or plain seconds → a duration of ours; undefined when it is none. */
export function durationOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return printDuration(Number(text) * 1000);
  return /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text) ? text : undefined;
}
