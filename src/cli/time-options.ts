import type { UnixMs } from '../base/index.ts';
import { isTimeZone, timeZoneNames, wallTimeOf } from '../calendar/index.ts';
import { didYouMean, normalInstant } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import { UsageError } from './errors.ts';
import { printable } from './terminal.ts';

/** The zone that --zone names. Throws UsageError for one that is in no database. */
export function zoneOption(input: CommandInput): string | undefined {
  const zone = input.text('zone');
  if (zone === undefined || isTimeZone(zone)) return zone;
  const help = didYouMean(zone, timeZoneNames()) ?? 'use a name of the IANA database, for example Europe/Berlin or UTC';
  throw new UsageError(`--zone: there is no time zone "${printable(zone)}"`, help);
}

/** An RFC 3339 instant that may leave out its seconds, as people write `2026-01-02T03:04Z`; undefined for anything else. */
export function instantOption(text: string): UnixMs | undefined {
  const whole = text.replace(/^([^T]*T\d\d:\d\d)(Z|[+-]\d\d:\d\d)$/, '$1:00$2');
  const instant = normalInstant(whole);
  return instant === undefined ? undefined : Date.parse(instant);
}

/** What --from names: an RFC 3339 instant, or a day or a day and time on the clocks of `zone`; `now` without it. */
export function fromOption(input: CommandInput, zone: string, now: UnixMs): UnixMs {
  const text = input.text('from');
  if (text === undefined) return now;
  const instant = instantOption(text);
  if (instant !== undefined) return instant;
  if (wallTimeOf(text) === undefined) {
    throw new UsageError(
      `--from: "${printable(text)}" is no time`,
      'write an instant (2026-01-02T03:04:05Z), or a day or local time (2026-01-02, 2026-01-02T03:04)',
    );
  }
  return Temporal.PlainDateTime.from(text.replace(' ', 'T')).toZonedDateTime(zone).epochMilliseconds;
}
