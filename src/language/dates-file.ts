import { MAX_CALENDAR_FILE_BYTES, MAX_EXCLUDED_DATES } from '../base/index.ts';
import type { Place } from './document.ts';
import { decodeText } from './gate.ts';
import { sourceText, startOfFile } from './source-text.ts';

export type DatesFile =
  /** Ascending, each once, as `2026-12-25`. */
  | { readonly kind: 'dates'; readonly dates: readonly string[] }
  /** The first thing that is wrong with it, and where. */
  | { readonly kind: 'error'; readonly message: string; readonly place: Place };

/** A day; what follows it, after a space, is its name. */
const LINE = /^(\d{4}-\d{2}-\d{2})(?:[ \t].*)?$/;

/** Reads a file of days: one on each line, as ISO 8601, with its name if it has one; empty lines and `#` comments. */
export function parseDatesFile(path: string, bytes: Uint8Array): DatesFile {
  const whole: Place = { span: startOfFile(path), frame: '' };
  if (bytes.length > MAX_CALENDAR_FILE_BYTES) {
    const message = `${path} has more than ${MAX_CALENDAR_FILE_BYTES} bytes`;
    return { kind: 'error', message, place: whole };
  }
  const decoded = decodeText(bytes);
  if (decoded.kind === 'refused') return { kind: 'error', message: `${path}: ${decoded.message}`, place: whole };
  const dates = new Set<string>();
  let offset = 0;
  for (const [index, raw] of decoded.text.split('\n').entries()) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const day = LINE.exec(line)?.[1];
    const place = (): Place => sourceText(path, decoded.text).place(start, start + Math.max(1, line.length));
    if (day === undefined || !isDay(day)) {
      const shown = JSON.stringify(line.slice(0, 40));
      return { kind: 'error', message: `line ${index + 1} of ${path} is no day: ${shown}`, place: place() };
    }
    if (dates.size >= MAX_EXCLUDED_DATES && !dates.has(day)) {
      const message = `${path} has more than ${MAX_EXCLUDED_DATES} days`;
      return { kind: 'error', message, place: place() };
    }
    dates.add(day);
  }
  if (dates.size === 0) return { kind: 'error', message: `${path} has no day in it`, place: whole };
  return { kind: 'dates', dates: [...dates].sort() };
}

/** Whether the calendar has this day, of the form `2026-12-25`. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  if (year < 1000 || month < 1 || month > 12 || day < 1) return false;
  return Date.UTC(year, month - 1, day) <= Date.UTC(year, month, 0);
}
