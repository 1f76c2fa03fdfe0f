import {
  instantMs,
  instantText,
  type Json,
  MAX_CACHE_WAITS,
  parseBlobRefs,
  RESERVATION_GRACE_MS,
  type UnixMs,
} from '../../base/index.ts';
import {
  API_VERSION,
  type CacheEntry,
  type CacheOrigin,
  type Cluster,
  type Execution,
  findObject,
  isTerminalPhase,
  LABEL,
  labelValue,
  type ObjectKey,
  type Write,
} from '../../cluster/index.ts';
import {
  type CacheEffect,
  type Effect,
  isSubtaskLive,
  type Lookup,
  type LookupObservation,
} from '../../propeller/index.ts';
import { type Engine, entryOf as knownEntry, wake } from './engine.ts';
import { type Entry, splitKey } from './entry.ts';

/** Answers a step's lookups, all at once: one read each, and one for each execution that holds a reservation. */
export function answerLookups(
  engine: Engine,
  entry: Entry,
  execution: Execution,
  lookups: readonly Lookup[],
): Promise<readonly LookupObservation[]> {
  const holders = new Map<string, Promise<Execution | undefined>>();
  const { cluster, clock } = engine.options;
  const read = (name: string): Promise<Execution | undefined> => {
    const known = holders.get(name) ?? findObject<Execution>(cluster, executionKey(execution, name));
    holders.set(name, known);
    return known;
  };
  return Promise.all(
    lookups.map(async (lookup): Promise<LookupObservation> => {
      const { node, index, key, serialize } = lookup;
      for (;;) {
        // Before the read: what changes after it is told.
        const isNoted = serialize && waitFor(engine, entry, key);
        const found = await look({ cluster, execution, lookup, read, now: clock.now() });
        const isMissed = isNoted && found.kind === 'Held' && !isWaiting(engine, entry, key);
        if (found.kind !== 'Held') waitNoMore(engine, entry, key);
        if (!isMissed) return { kind: 'Lookup', node, index, key, found };
        holders.clear();
      }
    }),
  );
}

function executionKey({ metadata }: Execution, name: string): ObjectKey {
  return { kind: 'Execution', namespace: metadata.namespace ?? '', name };
}

interface Looking {
  readonly cluster: Cluster;
  readonly execution: Execution;
  readonly lookup: Lookup;
  readonly read: (name: string) => Promise<Execution | undefined>;
  readonly now: UnixMs;
}

async function look({ cluster, execution, lookup, read, now }: Looking): Promise<LookupObservation['found']> {
  const entry = await findObject<CacheEntry>(cluster, entryKey(execution, lookup.key));
  if (entry === undefined) return { kind: 'Miss', version: undefined };
  const { spec, metadata } = entry;
  const version = metadata.resourceVersion;
  if (spec.outputs !== undefined && spec.madeBy !== undefined && isGood(spec, lookup.ttlMs, now)) {
    const { outputs, storedOutputs, madeBy, madeAt } = spec;
    const stored = storedOutputs === undefined ? undefined : parseBlobRefs(storedOutputs);
    return { kind: 'Hit', outputs, ...(stored && { storedOutputs: stored }), by: madeBy, at: madeAt, version };
  }
  const { reservation } = spec;
  const isFree = reservation === undefined || !lookup.serialize || isOwn(execution, lookup, reservation);
  if (isFree) return { kind: 'Miss', version };
  return (await isHeld(reservation, read, now)) ? { kind: 'Held', by: reservation } : { kind: 'Miss', version };
}

/** An entry's own end counts, and that of who asks: what lasts less long now does so for what is there as well. */
function isGood({ expiresAt, madeAt }: CacheEntry['spec'], ttlMs: number | undefined, now: UnixMs): boolean {
  const endsAt = instantMs(expiresAt);
  if (endsAt !== undefined && endsAt <= now) return false;
  return ttlMs === undefined || (instantMs(madeAt) ?? 0) + ttlMs > now;
}

function isOwn({ metadata }: Execution, { path, index }: Lookup, holder: CacheOrigin): boolean {
  return holder.uid === metadata.uid && holder.node === path && (holder.index ?? -1) === index;
}

/** A holder holds as long as its node has not ended, and is not put off by a pause. */
async function isHeld(
  holder: NonNullable<CacheEntry['spec']['reservation']>,
  read: Looking['read'],
  now: UnixMs,
): Promise<boolean> {
  const execution = await read(holder.execution);
  if (execution === undefined || execution.metadata.uid !== holder.uid) return false;
  const { status, spec } = execution;
  if (isTerminalPhase(status?.phase ?? 'Pending')) return false;
  const nodes = status?.nodes ?? {};
  const node = Object.hasOwn(nodes, holder.node) ? nodes[holder.node] : undefined;
  if (node === undefined) return now - (instantMs(holder.since) ?? 0) < RESERVATION_GRACE_MS;
  if (isTerminalPhase(node.phase)) return false;
  if (
    holder.index !== undefined &&
    node.map !== undefined &&
    now - (instantMs(holder.since) ?? 0) > RESERVATION_GRACE_MS
  ) {
    return isSubtaskLive(node.map, holder.index);
  }
  return spec.desired !== 'Paused' || node.retryAt === undefined;
}

/** The writes of a step's cache effects. Of several about one entry the first counts: all would say the same. */
export function cacheWrites(execution: Execution, effects: readonly Effect[]): Write[] {
  const writes: Write[] = [];
  const keys = new Set<string>();
  for (const effect of effects) {
    if (effect.kind !== 'FillEntry' && effect.kind !== 'ReserveEntry') continue;
    if (keys.has(effect.key)) continue;
    keys.add(effect.key);
    writes.push(effect.kind === 'FillEntry' ? fillWrite(execution, effect) : reserveWrite(execution, effect));
  }
  return writes;
}

type Fill = Extract<CacheEffect, { kind: 'FillEntry' }>;
type Reserve = Extract<CacheEffect, { kind: 'ReserveEntry' }>;

function fillWrite(execution: Execution, effect: Fill): Write {
  const entry = entryOf(execution, effect);
  const expiresAt = effect.ttlMs === undefined ? undefined : instantText(effect.at + effect.ttlMs);
  const spec = {
    ...entry.spec,
    outputs: effect.outputs,
    ...(effect.storedOutputs && { storedOutputs: JSON.stringify(effect.storedOutputs) }),
    madeBy: originOf(execution, effect),
    madeAt: instantText(effect.at),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const object: CacheEntry = { ...entry, spec };
  // Who reserved it finds it there; all others do not, as a rule.
  return effect.task.closure.cache?.serialize === true ? replacing(object) : { op: 'create', object };
}

function reserveWrite(execution: Execution, effect: Reserve): Write {
  const entry = entryOf(execution, effect);
  const reservation = { ...originOf(execution, effect), since: instantText(effect.at) };
  const object: CacheEntry = { ...entry, spec: { ...entry.spec, reservation } };
  if (effect.version === undefined) return { op: 'create', object };
  return { op: 'update', object: { ...object, metadata: { ...object.metadata, resourceVersion: effect.version } } };
}

/** Fills an entry that is there, whatever it holds. */
function replacing({ metadata, spec }: CacheEntry): Write {
  const { namespace = '', name, labels = {} } = metadata;
  const cleared = { reservation: null, expiresAt: null, storedOutputs: null };
  const patch = { metadata: { labels }, spec: { ...cleared, ...(spec as unknown as Record<string, Json>) } };
  return { op: 'patch', key: { kind: 'CacheEntry', namespace, name }, patch };
}

/**
 * The other way to fill an entry: create where it was to be replaced and is gone, replace where it was to be created and
 * is there. Undefined: it is a reservation, which another one won.
 */
export function otherFill(execution: Execution, write: Write): Write | undefined {
  if (write.op === 'create') {
    const entry = write.object as CacheEntry;
    return entry.spec.outputs === undefined ? undefined : replacing(entry);
  }
  if (write.op !== 'patch') return undefined;
  const { spec, metadata } = write.patch as unknown as {
    readonly spec: Record<string, Json>;
    readonly metadata: { readonly labels: Record<string, string> };
  };
  const kept = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
  const { namespace = '', name } = write.key;
  const object = {
    apiVersion: API_VERSION,
    kind: 'CacheEntry',
    metadata: { namespace: execution.metadata.namespace ?? namespace, name, labels: metadata.labels },
    spec: kept,
  };
  return { op: 'create', object };
}

function entryKey({ metadata }: Execution, name: string): ObjectKey {
  return { kind: 'CacheEntry', namespace: metadata.namespace ?? '', name };
}

function entryOf(execution: Execution, { key, task }: Fill | Reserve): CacheEntry {
  const { workflow, commit } = execution.spec;
  const { name } = task.closure;
  return {
    apiVersion: API_VERSION,
    kind: 'CacheEntry',
    metadata: {
      namespace: execution.metadata.namespace ?? '',
      name: key,
      labels: { [LABEL.task]: labelValue(name), [LABEL.workflow]: labelValue(workflow) },
    },
    spec: { task: name, workflow, commit },
  };
}

function originOf({ metadata }: Execution, { path, index }: Fill | Reserve): CacheOrigin {
  return { execution: metadata.name, uid: metadata.uid ?? '', node: path, ...(index >= 0 && { index }) };
}

/** Notes who is to be told when an entry changes; false when there is no room. What is not told is found by polling. */
function waitFor(engine: Engine, entry: Entry, key: string): boolean {
  const id = waitId(entry, key);
  const waiting = engine.cacheWaiters.get(id) ?? new Set<string>();
  if (waiting.size === 0 && engine.cacheWaiters.size >= MAX_CACHE_WAITS) return false;
  engine.cacheWaiters.set(id, waiting.add(entry.key));
  return true;
}

function isWaiting(engine: Engine, entry: Entry, key: string): boolean {
  return engine.cacheWaiters.get(waitId(entry, key))?.has(entry.key) === true;
}

function waitNoMore(engine: Engine, entry: Entry, key: string): void {
  const id = waitId(entry, key);
  const waiting = engine.cacheWaiters.get(id);
  waiting?.delete(entry.key);
  if (waiting?.size === 0) engine.cacheWaiters.delete(id);
}

function waitId(entry: Entry, key: string): string {
  return `${splitKey(entry.key).namespace}/${key}`;
}

/** Tells executions that wait for entries which a step has filled or let go; call it once that is durable. */
export function tellWaiters(engine: Engine, entry: Entry, effects: readonly Effect[]): void {
  if (engine.cacheWaiters.size === 0) return;
  for (const effect of effects) {
    if (effect.kind !== 'FillEntry' && effect.kind !== 'ReleaseEntry') continue;
    const { key } = effect;
    const id = waitId(entry, key);
    const waiting = engine.cacheWaiters.get(id);
    if (waiting === undefined) continue;
    engine.cacheWaiters.delete(id);
    for (const name of waiting) {
      knownEntry(engine, name).inbox.push({ kind: 'CacheChange', key });
      wake(engine, name);
    }
  }
}
