import { MAX_KNOWN_ZONES } from '../base/index.ts';

/** Whether `name` is an IANA time zone of this runtime's database (`UTC`, `Europe/Berlin`); offsets are refused. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return false;
  let isKnown = knownZones.get(name);
  if (isKnown === undefined) {
    if (knownZones.size >= MAX_KNOWN_ZONES) knownZones.clear();
    // Most names are usual ones, and the list of those is there at once.
    usualZones ??= new Set(timeZoneNames());
    isKnown = usualZones.has(name) || hasRules(name);
    knownZones.set(name, isKnown);
  }
  return isKnown;
}

/** The usual names of all zones, in order; `isTimeZone` knows older ones, too. */
export function timeZoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

/** Answers of `hasRules`: an exception for each unknown name would cost more than the name. */
const knownZones = new Map<string, boolean>();
let usualZones: ReadonlySet<string> | undefined;

function hasRules(name: string): boolean {
  try {
    // Intl knows names that Temporal does not, such as PST and the removed US/Pacific-New.
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}
