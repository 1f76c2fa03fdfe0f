/** A stretch of time in which a zone's offset stays the same. Instants and offsets in ms; wall = instant + offset. */
export interface ZoneSegment {
  /** First instant of the segment; -Infinity when the zone never changed before. */
  readonly from: number;
  /** First instant after it; Infinity when the zone never changes again. */
  readonly to: number;
  readonly offsetMs: number;
}

/** Zones kept with their last segments; a segment lookup through Temporal costs some 10 µs. */
const MAX_CACHED_ZONES = 1_000;
const MAX_CACHED_SEGMENTS = 64;
const NS_PER_MS = 1_000_000;
const UTC: ZoneSegment = { from: -Infinity, to: Infinity, offsetMs: 0 };

const segmentsByZone = new Map<string, ZoneSegment[]>();

/** Whether `name` is an IANA time zone of this runtime's database (`UTC`, `Europe/Berlin`); offsets are refused. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return false;
  let isKnown = knownZones.get(name);
  if (isKnown === undefined) {
    if (knownZones.size >= MAX_CACHED_ZONES) knownZones.clear();
    // Most names are usual ones, and the list of those is there long before the first formatter.
    usualZones ??= new Set(timeZoneNames());
    isKnown = usualZones.has(name) || hasRules(name);
    knownZones.set(name, isKnown);
  }
  return isKnown;
}

/** Answers of `hasRules`: each costs a formatter, some 16 KB outside the heap that are slow to come back. */
/** The usual names of all zones, in order; `isTimeZone` knows older ones, too. */
export function timeZoneNames(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

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

/** The segment of `zone` that holds `instant`. Throws RangeError for an unknown zone. */
export function segmentAt(zone: string, instant: number): ZoneSegment {
  if (zone === 'UTC') return UTC;
  let segments = segmentsByZone.get(zone);
  if (segments === undefined) {
    if (segmentsByZone.size >= MAX_CACHED_ZONES) segmentsByZone.clear();
    segments = [];
    segmentsByZone.set(zone, segments);
  }
  for (const segment of segments) if (segment.from <= instant && instant < segment.to) return segment;
  const found = lookUp(zone, instant);
  if (segments.length >= MAX_CACHED_SEGMENTS) segments.length = 0;
  segments.unshift(found);
  return found;
}

function lookUp(zone: string, instant: number): ZoneSegment {
  const at = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
  const offsetMs = at.offsetNanoseconds / NS_PER_MS;
  const next = at.getTimeZoneTransition('next');
  // "previous" is strictly before, so ask from one nanosecond later: an instant at the change belongs to what follows.
  const previous = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  return {
    from: previous === null ? -Infinity : previous.epochMilliseconds,
    to: next === null ? Infinity : next.epochMilliseconds,
    offsetMs,
  };
}
