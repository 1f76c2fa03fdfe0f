import type { UnixMs } from '../base/index.ts';
import { normalInstant } from '../language/index.ts';

/**
 * What a person calls a moment: an instant with its offset, a local time of the zone (`2026-01-02T06:00`), or a day, which is
 * its beginning there, or as the end of a span its own end. Undefined for what is none of these.
 */
export function localInstant(text: string, timeZone: string, edge: 'begin' | 'end'): UnixMs | undefined {
  const instant = normalInstant(text);
  if (instant !== undefined) return Date.parse(instant);
  if (!LOCAL.test(text)) return undefined;
  try {
    if (text.length > DAY_LENGTH) return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds;
    const day = Temporal.PlainDate.from(text);
    return (edge === 'end' ? day.add({ days: 1 }) : day).toZonedDateTime(timeZone).epochMilliseconds;
  } catch {
    // A month of 32 days, or an hour 25.
    return undefined;
  }
}

const LOCAL = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$/;
const DAY_LENGTH = 10;
