import {
  BugError,
  ConflictError,
  type Json,
  POD_REFUSED_RETRY_MS,
  ROUND_BACKOFF,
  StalledError,
  sameJson,
  WaitError,
} from '../../base/index.ts';
import {
  AlreadyExistsError,
  ANNOTATION,
  type CacheEntry,
  type Execution,
  type ExecutionError,
  ForbiddenError,
  findObject,
  InvalidError,
  type KubeObject,
  NotFoundError,
  type Pod,
  UnauthorizedError,
  type Write,
} from '../../cluster/index.ts';
import type { PodForm } from '../../runtime/index.ts';
import { otherFill } from './cache.ts';
import { seenByName } from './children.ts';
import type { Engine } from './engine.ts';
import { type Entry, splitKey } from './entry.ts';
import { withoutNotification } from './notifications.ts';
import { refusedAttempt } from './pod.ts';

/** What to do about a round that failed. */
export type Verdict =
  | { readonly kind: 'Gone' }
  | { readonly kind: 'Again'; readonly afterMs: number }
  /** No repeat helps: the execution ends with this error. */
  | { readonly kind: 'Quarantine'; readonly error: ExecutionError; readonly afterMs: number };

export function judgeFailure(engine: Engine, entry: Entry, error: unknown): Verdict {
  const { initialMs, factor, maxMs } = ROUND_BACKOFF;
  const afterMs = Math.min(maxMs, initialMs * factor ** (entry.failures - 1));
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConflictError) {
    engine.counters.conflicts++;
    return { kind: 'Again', afterMs: entry.failures === 1 ? 0 : afterMs };
  }
  engine.counters.failures++;
  if (error instanceof NotFoundError && error.key.kind === 'Closure') {
    const what = `closure ${error.key.name} of workflow "${entry.execution?.spec.workflow}" is not registered; push its commit again`;
    return { kind: 'Quarantine', error: { reason: 'ClosureMissing', message: what }, afterMs };
  }
  // Somebody deleted what a map keeps; what is loaded again sees to it that it is there.
  if (error instanceof NotFoundError && error.key.kind === 'MapResults') return { kind: 'Again', afterMs };
  if (error instanceof NotFoundError) return { kind: 'Gone' };
  const wait = waitForRoom(engine, entry, error);
  if (wait !== undefined) return wait;
  if (error instanceof WaitError) return { kind: 'Again', afterMs: Math.max(error.retryAfterMs, afterMs) };
  // Credentials that have expired, or a rule that is missing, are no fault of the execution: it goes on when they are there.
  if (error instanceof ForbiddenError) {
    if (entry.failures === 1) {
      engine.options.log.write('warn', 'execution waits', {
        execution: entry.key,
        reason: error instanceof UnauthorizedError ? 'Unauthorized' : 'Forbidden',
        error: message,
      });
    }
    return { kind: 'Again', afterMs };
  }
  if (error instanceof InvalidError) {
    const what = `the control plane refused what the engine wrote: ${message}`;
    return { kind: 'Quarantine', error: { reason: 'StatusRefused', message: what }, afterMs };
  }
  if (error instanceof StalledError) {
    engine.options.log.write('warn', 'execution waits', { execution: entry.key, reason: error.reason, error: message });
    return { kind: 'Again', afterMs };
  }
  // Anything unforeseen is as much a fault of ours as a BugError is.
  const reason = error instanceof BugError ? 'Bug' : 'UnexpectedError';
  return {
    kind: 'Quarantine',
    error: { reason, message: `the engine cannot run this execution: ${message}` },
    afterMs,
  };
}

/** The cluster takes no pod of it now: the next round offers none, and says why. */
function waitForRoom({ options: { pods, clock } }: Engine, entry: Entry, error: unknown): Verdict | undefined {
  if (pods === undefined || !(error instanceof ForbiddenError) || error.key?.kind !== 'Pod') return undefined;
  const verdict = pods.judgeRefusal(error);
  if (verdict?.kind !== 'Wait') return undefined;
  entry.refused = { message: verdict.message, until: clock.now() + POD_REFUSED_RETRY_MS };
  return { kind: 'Again', afterMs: 0 };
}

/** Writes a round's batch. What is refused is written again without what stands in its way, as far as that can be helped. */
export async function writeRound(
  engine: Engine,
  entry: Entry,
  writes: readonly Write[],
): Promise<readonly KubeObject[]> {
  try {
    return await engine.options.cluster.write(
      writes,
      engine.owned === 'all' ? { discard: true } : { lastVersion: true },
    );
  } catch (error) {
    return writeAgain(engine, entry, writes, error);
  }
}

/**
 * Writes a refused batch again without what stands in its way: a pod that exists and is the same attempt is adopted, a
 * pod to be ended that is gone needs no end. Both are told to the next round as observations of those pods. Rejects
 * with what cannot be helped.
 */
async function writeAgain(
  engine: Engine,
  entry: Entry,
  writes: readonly Write[],
  refusal: unknown,
): Promise<readonly KubeObject[]> {
  let left = writes;
  for (let error = refusal; ; ) {
    const rest = await withoutObstacle(engine, entry, left, error);
    if (rest === undefined) throw error;
    left = rest;
    try {
      return await engine.options.cluster.write(
        left,
        engine.owned === 'all' ? { discard: true } : { lastVersion: true },
      );
    } catch (next) {
      error = next;
    }
  }
}

async function withoutObstacle(
  engine: Engine,
  entry: Entry,
  writes: readonly Write[],
  error: unknown,
): Promise<readonly Write[] | undefined> {
  const { cluster } = engine.options;
  if (error instanceof ConflictError) {
    const rest = await withoutReserved(engine, entry, writes);
    if (rest !== undefined) return rest;
  }
  const { pods } = engine.options;
  if (pods !== undefined && (error instanceof ForbiddenError || error instanceof InvalidError)) {
    return withoutRejected(pods, entry, writes, error);
  }
  if (!(error instanceof AlreadyExistsError || error instanceof NotFoundError)) return undefined;
  const { kind, name } = error.key;
  // A closure is named by what it holds.
  if (kind === 'Closure') return writes.filter((write) => write.op !== 'create' || write.object.metadata.name !== name);
  if (kind === 'Notification') return withoutNotification(writes, name);
  if (kind === 'CacheEntry') return otherEntry(entry, writes, name);
  const obstacle = writes.find((write) => isOf(write, kind, name));
  if (obstacle === undefined) return undefined;
  const key = { kind, namespace: splitKey(entry.key).namespace, name };
  if (obstacle.op === 'create') {
    const found = await findObject<KubeObject>(cluster, key);
    if (found === undefined) return writes;
    if (kind === 'Pod') adoptPod(entry, obstacle.object as Pod, found as Pod);
    else entry.children.push(...seenByName(obstacle.object as Execution, found as Execution));
  }
  return writes.filter((write) => write !== obstacle);
}

/** A pod that will not be taken as it is ends its attempt, and holds up nothing else. */
function withoutRejected(
  pods: PodForm,
  entry: Entry,
  writes: readonly Write[],
  error: ForbiddenError | InvalidError,
): readonly Write[] | undefined {
  const refused = refusedPod(writes, error);
  const verdict = refused && pods.judgeRefusal(error);
  if (refused === undefined || verdict?.kind !== 'Reject') return undefined;
  refuseAttempt(entry, refused, verdict);
  return writes.filter((write) => write.op !== 'create' || write.object !== refused);
}

/** The pod whose creation this refuses; undefined: it refuses something else. */
function refusedPod(writes: readonly Write[], { key }: ForbiddenError | InvalidError): Pod | undefined {
  if (key?.kind !== 'Pod') return undefined;
  const write = writes.find((each) => each.op === 'create' && isOf(each, 'Pod', key.name));
  return write?.op === 'create' ? (write.object as Pod) : undefined;
}

function adoptPod(entry: Entry, wanted: Pod, pod: Pod): void {
  const isSame = pod.metadata.annotations?.[ANNOTATION.digest] === wanted.metadata.annotations?.[ANNOTATION.digest];
  if (isSame) entry.pods.push({ pod, isGone: false });
  else refuseAttempt(entry, wanted, { reason: 'NameTaken', message: taken(wanted) });
}

/** The attempt is over before it has a pod: the next round is told. */
export function refuseAttempt(
  entry: Entry,
  wanted: Pod,
  why: { readonly reason: string; readonly message: string },
): void {
  const observation = entry.run && refusedAttempt(entry.run.state, wanted, why);
  if (observation !== undefined) entry.inbox.push(observation);
}

/**
 * On a cluster without transactions what stood before a refused write is done, and refused itself when it is repeated: a
 * reservation that is there as this batch makes it needs no second one. Undefined: there is none.
 */
async function withoutReserved(
  engine: Engine,
  entry: Entry,
  writes: readonly Write[],
): Promise<readonly Write[] | undefined> {
  const made = new Set<Write>();
  for (const write of writes) {
    if ((write.op !== 'create' && write.op !== 'update') || write.object.kind !== 'CacheEntry') continue;
    const { metadata, spec } = write.object as CacheEntry;
    if (spec.reservation === undefined) continue;
    const key = { kind: 'CacheEntry', namespace: splitKey(entry.key).namespace, name: metadata.name };
    const found = await findObject<CacheEntry>(engine.options.cluster, key);
    if (sameJson(found?.spec.reservation as Json | undefined, spec.reservation as unknown as Json)) made.add(write);
  }
  return made.size === 0 ? undefined : writes.filter((write) => !made.has(write));
}

/** A cache entry is there, or gone, against what was thought: it is filled the other way. A reservation is lost by that. */
function otherEntry({ execution }: Entry, writes: readonly Write[], name: string): readonly Write[] {
  const refused = writes.find((write) => {
    const key =
      write.op === 'create' || write.op === 'update' ? write.object : write.op === 'patch' ? write.key : undefined;
    return key?.kind === 'CacheEntry' && ('metadata' in key ? key.metadata.name : key.name) === name;
  });
  const other = refused && execution && otherFill(execution, refused);
  if (other === undefined) throw new ConflictError(`cache entry "${name}" was changed by another execution`);
  return writes.map((write) => (write === refused ? other : write));
}

/** An attempt whose name somebody else's pod has: it ends by the system's fault, and the next attempt has another name. */
function taken(wanted: Pod): string {
  return `a pod named "${wanted.metadata.name}" exists that is not this attempt`;
}

/** Whether a write makes or patches this pod or child execution. The execution's own status is no such write. */
function isOf(write: Write, kind: string, name: string): boolean {
  if (kind !== 'Pod' && kind !== 'Execution') return false;
  if (write.op === 'create') return write.object.kind === kind && write.object.metadata.name === name;
  return (write.op === 'patch' || write.op === 'delete') && write.key.kind === kind && write.key.name === name;
}
