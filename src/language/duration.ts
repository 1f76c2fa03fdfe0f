import { MAX_DURATION_MS } from '../base/index.ts';

export type DurationResult =
  | { readonly kind: 'ok'; readonly ms: number }
  | { readonly kind: 'error'; readonly message: string; readonly help: string };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
  ['w', 7 * DAY],
]);
const MAX_LENGTH = 64;
const HELP = 'write for example 90s, 1h30m or 30d (units ms, s, m, h, d, w), or ISO 8601 such as PT5M';
/** ISO 8601 without years and months, which have no fixed length. */
const ISO =
  /^P(?:(\d+)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const ISO_UNITS = [7 * DAY, DAY, HOUR, MINUTE, SECOND];

/** `5m`, `1h30m`, `1.5h`, `30d`, `PT5M`, each with an optional `-` → whole milliseconds; a finer remainder is refused. */
export function parseDuration(text: string): DurationResult {
  if (text.length > MAX_LENGTH) return error('a duration of this length', 'is not one');
  const isNegative = text.startsWith('-');
  const body = isNegative ? text.slice(1) : text;
  const ms = body.startsWith('P') ? isoMs(body) : unitsMs(body);
  if (ms === undefined) {
    if (/^[0-9.]+$/.test(body)) return error(`"${text}"`, 'has no unit');
    if (/^P.*\d[YM]/.test(body) && !/T.*M/.test(body))
      return error(`"${text}"`, 'has years or months, whose length is not fixed');
    return error(`"${text}"`, 'is not a duration');
  }
  if (ms > MAX_DURATION_MS) return error(`"${text}"`, `is longer than ${MAX_DURATION_MS / DAY} days`);
  // 0.1s is 100.00000000000001 ms in binary: what is left must be more than such noise.
  const whole = Math.round(ms);
  if (Math.abs(ms - whole) > 1e-6 * Math.max(1, whole)) return error(`"${text}"`, 'is finer than a millisecond');
  return { kind: 'ok', ms: isNegative && whole !== 0 ? -whole : whole };
}

function error(what: string, wrong: string): DurationResult {
  return { kind: 'error', message: `${what} ${wrong}`, help: HELP };
}

function unitsMs(body: string): number | undefined {
  const part = /(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h|d|w)/y;
  let total = 0;
  let at = 0;
  while (at < body.length) {
    part.lastIndex = at;
    const found = part.exec(body);
    if (found === null) return undefined;
    total += Number(found[1]) * UNIT_MS.get(found[2]!)!;
    at = part.lastIndex;
  }
  return at === 0 ? undefined : total;
}

function isoMs(body: string): number | undefined {
  const found = ISO.exec(body);
  if (found === null || body === 'P') return undefined;
  return ISO_UNITS.reduce((total, unit, index) => total + Number(found[index + 1] ?? 0) * unit, 0);
}

/** Milliseconds in normal form: hours, minutes and seconds, zeros left out, `0s` for none: `1h30m0.5s`. */
export function printDuration(ms: number): string {
  if (ms === 0) return '0s';
  const size = Math.abs(ms);
  const hours = Math.floor(size / HOUR);
  const minutes = Math.floor((size % HOUR) / MINUTE);
  const milliseconds = size % MINUTE;
  const seconds = milliseconds === 0 ? '' : `${Math.floor(milliseconds / SECOND)}${fraction(milliseconds % SECOND)}s`;
  return `${ms < 0 ? '-' : ''}${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds}`;
}

function fraction(milliseconds: number): string {
  return milliseconds === 0 ? '' : `.${String(milliseconds).padStart(3, '0').replace(/0+$/, '')}`;
}
