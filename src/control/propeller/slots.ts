import {
  createHeap,
  type Heap,
  instantMs,
  PRIORITY_AGE_MS,
  peekHeap,
  popHeap,
  pushHeap,
  type UnixMs,
} from '../../base/index.ts';
import type { Execution } from '../../cluster/index.ts';
import type { Observation } from '../../propeller/index.ts';

/**
 * Places of what limits how many executions run at once: a launch plan its own, and a schedule whose ticks must not overlap
 * to one. One worker loop decides and takes the place before it writes, so two executions never get the last one; after a
 * restart those that run are counted first. Of those that wait, the oldest is next, and priority counts as age: so none
 * waits for ever. Who needs two places takes that of its schedule first, and holds it while it waits for the other.
 */
export interface Slots {
  /** What an execution that may begin is to observe. Undefined: not known yet, it is woken later. */
  admit(key: string, execution: Execution): Observation | undefined;
  /**
   * All can see that this one has begun, or something else holds it up. Answers who is next in the lines where it has got its
   * place, or stands, and has room: they are to be woken.
   */
  behind(key: string): readonly string[];
  /** Counts an execution that runs already. */
  count(key: string, execution: Execution): void;
  /** Puts an execution in line that waited in it before a restart, or by a list that others made: at the next `open`. */
  requeue(key: string, execution: Execution): void;
  /** All running executions are counted and all that wait are known, after each list: returns the keys of those that are new, which are to be woken. */
  open(): readonly string[];
  /** The execution is over, or gone. Returns the keys of those who are next in line, which are to be woken. */
  release(key: string): readonly string[];
  /** Keys of all that have a place. */
  holders(): readonly string[];
  /** New ones, to be counted and opened, in which only these have the places that they have here. */
  keeping(keys: Iterable<string>): Slots;
}

/** Whether it must not run at the same time as some others. */
export function hasLimit({ concurrency, exclusive }: Execution['spec']): boolean {
  return concurrency !== undefined || exclusive !== undefined;
}

/** A place that an execution needs to run. */
interface Demand {
  readonly id: string;
  readonly limit: number;
  readonly whenFull: 'queue' | 'skip';
  /** Whose limit it is. */
  readonly of: string;
}

interface Place {
  readonly running: Set<string>;
  /** Those of `running` of which nobody can see yet that they have begun, and the limits of their versions of the plan. */
  readonly beginning: Map<string, number>;
  readonly waiting: Map<string, Waiter>;
  /** Those of `waiting`, the next one first; some that wait no more are still among them. */
  line: Heap<Waiter>;
  /** How many have joined the line so far. */
  turns: number;
}

interface Waiter {
  readonly key: string;
  /** When it was created; earlier by what its priority is worth. */
  readonly rank: UnixMs;
  readonly turn: number;
  /** Of its own version of the plan: those behind it may know of more places. */
  readonly limit: number;
}

export function createSlots(): Slots {
  return slotsOf({ places: new Map(), idsOf: new Map() });
}

function slotsOf(ledger: Ledger): Slots {
  const { places } = ledger;
  const early = new Map<string, Execution>();
  let isOpen = false;

  return {
    count(key, execution) {
      for (const demand of demandsOf(execution)) placeOf(ledger, key, demand).running.add(key);
    },
    admit(key, execution) {
      if (!hasLimit(execution.spec)) return ADMITTED;
      if (!isOpen) {
        early.set(key, execution);
        return undefined;
      }
      for (const demand of demandsOf(execution)) {
        const held = take(ledger, key, execution, demand);
        if (held !== undefined) return held;
      }
      return ADMITTED;
    },
    behind: (key) => behind(ledger, key),
    requeue(key, execution) {
      // Who stands in line already is woken in its turn. One that waits for something else may not stand anywhere.
      if (!isOpen || !ledger.idsOf.has(key)) early.set(key, execution);
    },
    open() {
      isOpen = true;
      const line = [...early].sort(([, a], [, b]) => compareAges(a, b));
      early.clear();
      for (const [key, execution] of line) joinFirst(ledger, key, execution);
      return line.map(([key]) => key);
    },
    release(key) {
      early.delete(key);
      return release(ledger, key);
    },
    holders: () => [...places.values()].flatMap(({ running }) => [...running]),
    keeping: (keys) => slotsOf(kept(ledger, keys)),
  };
}

interface Ledger {
  readonly places: Map<string, Place>;
  /** The places that a key has, or stands in line for. */
  readonly idsOf: Map<string, readonly string[]>;
}

function kept({ places, idsOf }: Ledger, keys: Iterable<string>): Ledger {
  const next: Ledger = { places: new Map(), idsOf: new Map() };
  for (const key of keys) {
    const ids = (idsOf.get(key) ?? NOBODY).filter((id) => places.get(id)?.running.has(key) === true);
    for (const id of ids) {
      const place = next.places.get(id) ?? newPlace();
      const limit = places.get(id)?.beginning.get(key);
      place.running.add(key);
      if (limit !== undefined) place.beginning.set(key, limit);
      next.places.set(id, place);
    }
    if (ids.length > 0) next.idsOf.set(key, ids);
  }
  return next;
}

function placeOf({ places, idsOf }: Ledger, key: string, { id }: Demand): Place {
  const ids = idsOf.get(key) ?? NOBODY;
  if (!ids.includes(id)) idsOf.set(key, [...ids, id]);
  const place = places.get(id) ?? newPlace();
  places.set(id, place);
  return place;
}

/** Puts it in line for the first place that it needs: for the next one when it has that. */
function joinFirst(ledger: Ledger, key: string, execution: Execution): void {
  const [first] = demandsOf(execution);
  if (first?.whenFull === 'queue') joinLine(placeOf(ledger, key, first), key, execution, first);
}

/** Undefined: it has the place. */
function take(ledger: Ledger, key: string, execution: Execution, demand: Demand): Observation | undefined {
  const place = placeOf(ledger, key, demand);
  const { id, limit, whenFull, of } = demand;
  if (whenFull === 'queue' && !place.running.has(key)) joinLine(place, key, execution, demand);
  const first = firstOf(place);
  const isNext = first === undefined || first.key === key;
  if (place.running.has(key)) {
    place.waiting.delete(key);
    return undefined;
  }
  if (place.running.size < limit && isNext) {
    // Of an older version that allows fewer, one is about to begin: where all look, it must not come as one too many.
    if ([...place.beginning.values()].some((fewer) => place.running.size >= fewer)) {
      joinLine(place, key, execution, demand);
      return { kind: 'Hold', message: `queued: ${of} is about to run another one` };
    }
    place.beginning.set(key, limit);
    place.waiting.delete(key);
    place.running.add(key);
    return undefined;
  }
  const full = `${of} already runs ${place.running.size} of at most ${limit} execution${limit === 1 ? '' : 's'}`;
  if (whenFull === 'queue') return { kind: 'Hold', message: `queued: ${full}` };
  place.waiting.delete(key);
  const others = (ledger.idsOf.get(key) ?? NOBODY).filter((other) => other !== id);
  ledger.idsOf.set(key, others);
  return { kind: 'Refuse', phase: 'Aborted', error: { reason: 'ConcurrencyLimit', message: `skipped: ${full}` } };
}

function behind({ places, idsOf }: Ledger, key: string): readonly string[] {
  const next: string[] = [];
  for (const id of idsOf.get(key) ?? NOBODY) {
    const place = places.get(id);
    place?.beginning.delete(key);
    const first = place && firstOf(place);
    if (place !== undefined && first !== undefined && place.running.size < first.limit) next.push(first.key);
  }
  return next;
}

function release({ places, idsOf }: Ledger, key: string): readonly string[] {
  const ids = idsOf.get(key);
  if (ids === undefined) return NOBODY;
  idsOf.delete(key);
  const next: string[] = [];
  for (const id of ids) {
    const place = places.get(id);
    if (place === undefined) continue;
    place.running.delete(key);
    place.beginning.delete(key);
    place.waiting.delete(key);
    shorten(place);
    const first = firstOf(place);
    if (first !== undefined) next.push(first.key);
    else if (place.running.size === 0) places.delete(id);
  }
  return next;
}

const ADMITTED: Observation = { kind: 'Admit' };
const NOBODY: readonly string[] = [];

function demandsOf({ metadata, spec }: Execution): readonly Demand[] {
  const { concurrency, exclusive, launchPlan = spec.workflow } = spec;
  const { namespace } = metadata;
  const demands: Demand[] = [];
  if (exclusive !== undefined) {
    const id = `${namespace}/exclusive:${exclusive}`;
    demands.push({ id, limit: 1, whenFull: 'queue', of: `schedule "${exclusive}"` });
  }
  if (concurrency !== undefined) {
    const id = `${namespace}/${spec.launchPlan ?? `workflow:${spec.workflow}`}`;
    demands.push({ id, ...concurrency, of: `launch plan "${launchPlan}"` });
  }
  return demands;
}

function joinLine(place: Place, key: string, { metadata, spec }: Execution, { limit }: Demand): void {
  if (place.waiting.has(key)) return;
  const rank = (instantMs(metadata.creationTimestamp) ?? 0) - (spec.priority ?? 0) * PRIORITY_AGE_MS;
  const waiter = { key, rank, turn: place.turns++, limit };
  place.waiting.set(key, waiter);
  pushHeap(place.line, waiter);
}

function newPlace(): Place {
  return { running: new Set(), beginning: new Map(), waiting: new Map(), line: newLine(), turns: 0 };
}

function newLine(): Heap<Waiter> {
  return createHeap((a, b) => a.rank < b.rank || (a.rank === b.rank && a.turn < b.turn));
}

/** Lets go of those who left a long line elsewhere than at its front. */
function shorten(place: Place): void {
  if (place.line.items.length < 1_024 || place.line.items.length < 2 * place.waiting.size) return;
  place.line = newLine();
  for (const waiter of place.waiting.values()) pushHeap(place.line, waiter);
}

/** The next in line. */
function firstOf({ waiting, line }: Place): Waiter | undefined {
  for (let first = peekHeap(line); first !== undefined; first = peekHeap(line)) {
    if (waiting.get(first.key) === first) return first;
    popHeap(line);
  }
  return undefined;
}

/** The line goes by creation. Within its second, by the last write: that of having been queued, in the order of queuing. */
function compareAges({ metadata: a }: Execution, { metadata: b }: Execution): number {
  const [createdA = '', createdB = ''] = [a.creationTimestamp, b.creationTimestamp];
  if (createdA !== createdB) return createdA < createdB ? -1 : 1;
  const [versionA = '', versionB = ''] = [a.resourceVersion, b.resourceVersion];
  if (versionA.length !== versionB.length) return versionA.length - versionB.length;
  return versionA < versionB ? -1 : 1;
}
