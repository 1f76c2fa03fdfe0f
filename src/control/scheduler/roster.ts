import type { Schedule } from '../../cluster/index.ts';
import { isSameEntry, type ScheduleEntry, scheduleEntry, sinceOf } from './schedule-entry.ts';

/** The active schedules, each with a dense number as long as it is there. */
export interface Roster {
  readonly size: () => number;
  /** All numbers are below this. */
  readonly end: () => number;
  readonly at: (id: number) => ScheduleEntry | undefined;
  readonly of: (namespace: string, name: string) => ScheduleEntry | undefined;
  /** Takes in an active schedule. `isNews`: it ticks or starts otherwise than what was known. */
  readonly put: (schedule: Schedule, now: number) => { readonly entry: ScheduleEntry; readonly isNews: boolean };
  /** Lets it owe nothing from before its last tick, as its status has it. */
  readonly clip: (entry: ScheduleEntry) => void;
  /** Notes that a tick of its present rule is settled; undefined: that is known already. */
  readonly know: (entry: ScheduleEntry) => ScheduleEntry | undefined;
  /** Its number is free again afterwards. */
  readonly remove: (namespace: string, name: string) => ScheduleEntry | undefined;
}

export function createRoster(): Roster {
  const byName = new Map<string, Map<string, number>>();
  const entries: (ScheduleEntry | undefined)[] = [];
  const free: number[] = [];
  let size = 0;
  const of = (namespace: string, name: string): ScheduleEntry | undefined => {
    const id = byName.get(namespace)?.get(name);
    return id === undefined ? undefined : entries[id];
  };
  return {
    size: () => size,
    end: () => entries.length,
    at: (id) => entries[id],
    of,
    put(schedule, now) {
      const { namespace = '', name } = schedule.metadata;
      const known = of(namespace, name);
      const id = known?.id ?? free.pop() ?? entries.length;
      const read = scheduleEntry(id, schedule, now);
      // What has just been settled may not be in its status yet.
      const isKnown = known?.knownSince === sinceOf(read);
      const entry = isKnown ? { ...read, knownSince: sinceOf(read) } : read;
      entries[id] = entry;
      if (known === undefined) {
        const names = byName.get(namespace) ?? new Map<string, number>();
        byName.set(namespace, names.set(name, id));
        size += 1;
      }
      return { entry, isNews: known === undefined || !isSameEntry(known, entry) };
    },
    clip(entry) {
      const { lastTick, spans } = entry;
      if (lastTick === undefined) return;
      const clipped = spans.map((span) => ({ ...span, since: Math.max(span.since, lastTick) }));
      entries[entry.id] = { ...entry, spans: clipped.filter(({ since, until }) => since < until) };
    },
    know(entry) {
      const knownSince = sinceOf(entry);
      if (entry.knownSince === knownSince) return undefined;
      const known = { ...entry, knownSince };
      entries[entry.id] = known;
      return known;
    },
    remove(namespace, name) {
      const known = of(namespace, name);
      if (known === undefined) return undefined;
      entries[known.id] = undefined;
      free.push(known.id);
      byName.get(namespace)?.delete(name);
      size -= 1;
      return known;
    },
  };
}
