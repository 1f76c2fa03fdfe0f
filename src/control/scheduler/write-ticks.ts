import {
  BugError,
  ConflictError,
  instantText,
  type Json,
  StalledError,
  TAKEN_NAMES_AT_A_TIME,
} from '../../base/index.ts';
import {
  AlreadyExistsError,
  type Cluster,
  type Execution,
  ForbiddenError,
  findObject,
  InvalidError,
  type KubeObject,
  NotFoundError,
  UnauthorizedError,
  type Write,
} from '../../cluster/index.ts';
import type { DueTick } from './collect.ts';
import { type CreateWrite, createdExecution, createdName } from './launcher.ts';
import { type Fence, ownFence, STATE_KEY, type statePatch } from './state.ts';

/** A tick and the execution that is to be made of it. */
export interface Creation {
  readonly due: DueTick;
  readonly write: CreateWrite;
}

/** The end of an execution, in favour of the one of a tick that starts in this batch, or waits for it. */
export interface Ending {
  readonly write: Write;
  readonly of: Creation;
  readonly isStarted: boolean;
}

/** What a schedule says of itself. */
export type Note = Extract<Write, { readonly op: 'patchStatus' }>;

/** What one write makes durable. */
export interface TickBatch {
  creations: Creation[];
  /** Ends executions that these replace. */
  steering: Ending[];
  /** Ticks that it settles by leaving them out. */
  skipped: number;
  /** What schedules say of executions before these are there, by their number: which count, and how many began lately. */
  readonly claims: Map<number, Note>;
  /** What they say of how far they are, which is true only when all these executions are there. */
  readonly notes: Map<number, Note>;
  readonly state: ReturnType<typeof statePatch> & { readonly conditions?: Json };
}

export interface WriteOptions {
  readonly cluster: Cluster;
  readonly fence: Fence;
  readonly epoch: number;
  /** The execution cannot be made, for this reason: answers what its schedule says of that, in place of what it said before. */
  readonly refused: (creation: Creation, error: StalledError) => Note | undefined;
  /** It was there already, as it is now. */
  readonly adopted: (creation: Creation, found: Execution) => void;
}

/** Another scheduler works with the state. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError';
}

/**
 * Writes the executions of a batch and how far that settles their ticks, all or nothing where the cluster can. Executions
 * that are there already count as made when they are of the same tick. The batch is less what has been dealt with, so a
 * call after a failure goes on from there. Rejects with ReplacedError when another scheduler has taken over.
 */
export async function writeTicks(options: WriteOptions, batch: TickBatch): Promise<void> {
  const { cluster, fence } = options;
  for (;;) {
    try {
      const written = await cluster.write([...writesOf(batch), settled(batch, fence)], { lastVersion: true });
      moved(fence, written);
      return;
    } catch (error) {
      if (error instanceof AlreadyExistsError) await adopt(options, batch, error);
      else if (error instanceof NotFoundError) leaveOut(batch, error);
      else if (error instanceof ConflictError) {
        const found = await ownFence(cluster, fence, options.epoch);
        if (found === undefined) throw new ReplacedError('another scheduler has gone on with the state');
        if (found.resourceVersion === fence.resourceVersion) throw error;
        fence.resourceVersion = found.resourceVersion;
      } else if (isRefusal(error)) await findRefused(options, batch, error as Error);
      else throw error;
    }
  }
}

/**
 * Where a batch is written one by one, and may be cut off anywhere: a schedule names the execution before it can run unknown to
 * the next scheduler, and is past no tick before its execution is there and has ended what it replaces.
 */
function writesOf({ creations, steering, claims, notes }: TickBatch): Write[] {
  const writes: Write[] = [...claims.values()];
  for (const { write } of creations) writes.push(write);
  for (const { write } of steering) writes.push(write);
  writes.push(...notes.values());
  return writes;
}

/** Last: where a batch is written one by one, nothing is settled before it exists. */
function settled({ state }: TickBatch, { uid, resourceVersion }: Fence): Write {
  return { op: 'patchStatus', key: STATE_KEY, patch: state, if: { uid, resourceVersion } };
}

function moved(fence: Fence, written: readonly KubeObject[]): void {
  const version = written.at(-1)?.metadata.resourceVersion;
  if (version === undefined) throw new BugError('a write did not answer the version of the state');
  fence.resourceVersion = version;
}

/** Some name is taken: looks for all of them, since after a failover most may be. */
async function adopt(options: WriteOptions, batch: TickBatch, error: AlreadyExistsError): Promise<void> {
  const { creations } = batch;
  const left: Creation[] = [];
  for (let at = 0; at < creations.length; at += TAKEN_NAMES_AT_A_TIME) {
    const some = creations.slice(at, at + TAKEN_NAMES_AT_A_TIME);
    const found = await Promise.all(some.map((creation) => findLike(options.cluster, creation)));
    for (const [place, creation] of some.entries()) {
      const other = found[place];
      if (other === undefined) left.push(creation);
      else if (isOfSameTick(other, creation)) options.adopted(creation, other);
      else refuse(options, batch, creation, nameTaken(creation));
    }
  }
  // Else the same would be tried for ever: what took the name is gone again, or is no execution.
  if (left.length === creations.length) throw error;
  batch.creations = left;
}

/** What has the name of this execution. */
export function findLike(cluster: Cluster, { due, write }: Creation): Promise<Execution | undefined> {
  const { namespace } = due.entry.launch;
  return findObject<Execution>(cluster, { kind: 'Execution', namespace, name: createdName(write) });
}

/** A name is 64 bits of a hash: the stored tick tells whether it is ours. */
export function isOfSameTick(other: Execution, { write }: Creation): boolean {
  const [a, b] = [other.spec.trigger, createdExecution(write).spec.trigger];
  return a.kind === 'schedule' && b.kind === 'schedule' && a.tick === b.tick && a.schedule === b.schedule;
}

/** Why a tick waits whose name something else has. */
export function nameTaken({ write, due }: Creation): StalledError {
  return new StalledError(
    'NameTaken',
    `execution "${createdName(write)}" exists but is not of tick ${instantText(due.tick)}; delete or keep it, the tick waits`,
  );
}

/** What is gone needs neither a note nor an end. */
function leaveOut(batch: TickBatch, error: NotFoundError): void {
  const { kind, namespace, name } = error.key;
  const isIt = (write: Write): boolean =>
    'key' in write && write.key.kind === kind && write.key.namespace === namespace && write.key.name === name;
  const size = (): number => batch.steering.length + batch.claims.size + batch.notes.size;
  const before = size();
  batch.steering = batch.steering.filter(({ write }) => !isIt(write));
  for (const notes of [batch.claims, batch.notes]) {
    for (const [id, write] of notes) if (isIt(write)) notes.delete(id);
  }
  if (size() === before) throw new ReplacedError(error.message);
}

function isRefusal(error: unknown): boolean {
  if (error instanceof UnauthorizedError) return false;
  return error instanceof InvalidError || error instanceof ForbiddenError;
}

/** The cluster takes no batch with one bad execution in it: writes them in ever smaller parts until it is alone. */
async function findRefused(options: WriteOptions, batch: TickBatch, error: Error): Promise<void> {
  const { creations } = batch;
  // Then it is not an execution that is refused.
  if (creations.length === 0) throw error;
  const rest = await tryPart(options, batch, creations);
  if (rest.length === creations.length) throw error;
  batch.creations = rest;
}

/** Answers what of these is still to be written. */
async function tryPart(options: WriteOptions, batch: TickBatch, part: readonly Creation[]): Promise<Creation[]> {
  const { cluster, fence } = options;
  const writes = part.map(({ write }) => write);
  const { uid, resourceVersion } = fence;
  const fenced: Write = { op: 'patchStatus', key: STATE_KEY, patch: {}, if: { uid, resourceVersion } };
  try {
    moved(fence, await cluster.write([...writes, fenced], { lastVersion: true }));
    return [];
  } catch (error) {
    if (!isRefusal(error)) return [...part];
    const [only] = part;
    if (part.length === 1 && only !== undefined) {
      refuse(options, batch, only, new StalledError('Refused', (error as Error).message));
      return [];
    }
    const half = part.length >> 1;
    const first = await tryPart(options, batch, part.slice(0, half));
    return [...first, ...(await tryPart(options, batch, part.slice(half)))];
  }
}

function refuse({ refused }: WriteOptions, { notes }: TickBatch, creation: Creation, error: StalledError): void {
  const note = refused(creation, error);
  if (note !== undefined) addNote(notes, creation.due.entry.id, note);
}

/** Lets a schedule say this as well; of the same field the last word counts. */
export function addNote(notes: Map<number, Note>, id: number, note: Note): void {
  const before = notes.get(id);
  notes.set(id, before === undefined ? note : { ...note, patch: { ...before.patch, ...note.patch } });
}
