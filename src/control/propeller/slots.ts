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
 * Places of launch plans that limit how many of their executions run at once. One worker loop decides and takes the
 * place before it writes, so two executions never get the last one; after a restart those that run are counted first.
 * Of those that wait, the oldest is next, and priority counts as age: so none waits for ever.
 */
export interface Slots {
  /** What an execution that may begin is to observe. Undefined: not known yet, it is woken later. */
  admit(key: string, execution: Execution): Observation | undefined;
  /** Counts an execution that runs already. */
  count(key: string, execution: Execution): void;
  /** Puts an execution in line that waited in it before a restart. */
  requeue(key: string, execution: Execution): void;
  /** All running executions are counted and all that wait are known: returns the keys of those, which are to be woken. */
  open(): readonly string[];
  /** The execution is over, or gone. Returns the key of the next in line, which is to be woken. */
  release(key: string): string | undefined;
  /** Keys of all that have a place. */
  holders(): readonly string[];
}

interface Place {
  readonly running: Set<string>;
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
}

export function createSlots(): Slots {
  const places = new Map<string, Place>();
  const placeOfKey = new Map<string, string>();
  const early = new Map<string, Execution>();
  let isOpen = false;

  const placeOf = (key: string, execution: Execution): Place => {
    const id = placeId(execution);
    placeOfKey.set(key, id);
    const place = places.get(id) ?? newPlace();
    places.set(id, place);
    return place;
  };
  return {
    count(key, execution) {
      if (execution.spec.concurrency !== undefined) placeOf(key, execution).running.add(key);
    },
    admit(key, execution) {
      const { concurrency, launchPlan = execution.spec.workflow } = execution.spec;
      if (concurrency === undefined) return { kind: 'Admit' };
      if (!isOpen) {
        early.set(key, execution);
        return undefined;
      }
      const place = placeOf(key, execution);
      const { limit, whenFull } = concurrency;
      if (whenFull === 'queue' && !place.running.has(key)) joinLine(place, key, execution);
      const first = firstOf(place);
      const isNext = first === undefined || first === key;
      if (place.running.has(key) || (place.running.size < limit && isNext)) {
        place.waiting.delete(key);
        place.running.add(key);
        return { kind: 'Admit' };
      }
      if (whenFull === 'skip') placeOfKey.delete(key);
      return noRoom(launchPlan, place.running.size, concurrency);
    },
    requeue(key, execution) {
      if (isOpen) joinLine(placeOf(key, execution), key, execution);
      else early.set(key, execution);
    },
    open() {
      if (isOpen) return [];
      isOpen = true;
      const line = [...early].sort(([, a], [, b]) => compareAges(a, b));
      early.clear();
      for (const [key, execution] of line) {
        if (execution.spec.concurrency?.whenFull === 'queue') joinLine(placeOf(key, execution), key, execution);
      }
      return line.map(([key]) => key);
    },
    release(key) {
      early.delete(key);
      const id = placeOfKey.get(key);
      const place = id === undefined ? undefined : places.get(id);
      if (id === undefined || place === undefined) return undefined;
      placeOfKey.delete(key);
      place.running.delete(key);
      place.waiting.delete(key);
      shorten(place);
      const next = firstOf(place);
      if (next === undefined && place.running.size === 0) places.delete(id);
      return next;
    },
    holders: () => [...places.values()].flatMap(({ running }) => [...running]),
  };
}

function noRoom(
  launchPlan: string,
  running: number,
  { limit, whenFull }: NonNullable<Execution['spec']['concurrency']>,
): Observation {
  const full = `launch plan "${launchPlan}" already runs ${running} of at most ${limit} execution${limit === 1 ? '' : 's'}`;
  if (whenFull !== 'skip') return { kind: 'Hold', message: `queued: ${full}` };
  return { kind: 'Refuse', phase: 'Aborted', error: { reason: 'ConcurrencyLimit', message: `skipped: ${full}` } };
}

function joinLine(place: Place, key: string, { metadata, spec }: Execution): void {
  if (place.waiting.has(key)) return;
  const rank = (instantMs(metadata.creationTimestamp) ?? 0) - (spec.priority ?? 0) * PRIORITY_AGE_MS;
  const waiter = { key, rank, turn: place.turns++ };
  place.waiting.set(key, waiter);
  pushHeap(place.line, waiter);
}

function newPlace(): Place {
  return { running: new Set(), waiting: new Map(), line: newLine(), turns: 0 };
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
function firstOf({ waiting, line }: Place): string | undefined {
  for (let first = peekHeap(line); first !== undefined; first = peekHeap(line)) {
    if (waiting.get(first.key) === first) return first.key;
    popHeap(line);
  }
  return undefined;
}

function placeId({ metadata, spec }: Execution): string {
  return `${metadata.namespace}/${spec.launchPlan ?? `workflow:${spec.workflow}`}`;
}

/** The line goes by creation. Within its second, by the last write: that of having been queued, in the order of queuing. */
function compareAges({ metadata: a }: Execution, { metadata: b }: Execution): number {
  const [createdA = '', createdB = ''] = [a.creationTimestamp, b.creationTimestamp];
  if (createdA !== createdB) return createdA < createdB ? -1 : 1;
  const [versionA = '', versionB = ''] = [a.resourceVersion, b.resourceVersion];
  if (versionA.length !== versionB.length) return versionA.length - versionB.length;
  return versionA < versionB ? -1 : 1;
}
