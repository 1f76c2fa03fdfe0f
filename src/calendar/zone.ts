import { MAX_KNOWN_ZONES } from '../base/index.ts';

/** Whether `name` is an IANA time zone of this runtime's database (`UTC`, `Europe/Berlin`); offsets are refused. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return false;
  let isKnown = knownZones.get(name);
  if (isKnown === undefined) {
    if (knownZones.size >= MAX_KNOWN_ZONES) knownZones.clear();
    // Most names are usual ones, and the list of those is there long before the first formatter.
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

/** Answers of `hasRules`: each costs a formatter, some 16 KB outside the heap that are slow to come back. */
const knownZones = new Map<string, boolean>();
let usualZones: ReadonlySet<string> | undefined;

function hasRules(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
