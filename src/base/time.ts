import type { UnixMs } from './ports.ts';

let lastMs = Number.NaN;
let lastText = '';

/** An instant as RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.000Z`. */
export function instantText(ms: UnixMs): string {
  // Many writes of one millisecond carry the same instant: one text serves them all.
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}

/** Milliseconds since the Unix epoch of an RFC 3339 instant; undefined for none or for what is no instant. */
export function instantMs(text: string | undefined): UnixMs | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
