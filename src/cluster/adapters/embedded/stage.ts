import {
  type Clock,
  ConflictError,
  isJsonObject,
  type Json,
  type JsonObject,
  MAX_OBJECT_BYTES,
  MAX_STATUS_PATCH_BYTES,
  type Random,
  sameJson,
} from '../../../base/index.ts';
import { checkChange, checkKey, checkObject } from '../../admission.ts';
import { AlreadyExistsError, InvalidError, NotFoundError } from '../../errors.ts';
import { kindInfo } from '../../kinds.ts';
import { DEFAULT_FIELD_MANAGER } from '../../managed-fields.ts';
import { mergePatch } from '../../merge-patch.ts';
import type { KubeObject, ObjectKey } from '../../object.ts';
import type { ApplyWrite, Preconditions, Write } from '../../port.ts';
import type { SealSecret } from '../../secret.ts';
import { applyFields } from '../../server-side-apply.ts';
import type { Stencil } from '../../stencil.ts';
import { type Entry, type Main, mainOf, mainText, mainValue } from './entry.ts';
import { deleteLine, putLine, statusLine } from './log-line.ts';
import { newUid, timestamp, withKnownManagers, withOwners, withoutStatus, withServerFields } from './server-fields.ts';
import { type Alike, stageAlike } from './stage-alike.ts';
import { addEntry, heat, latestEntry, removeEntry, shelfOf, type Table } from './table.ts';

export interface PutOp {
  readonly kind: 'put';
  readonly entry: Entry;
  readonly rv: number;
  readonly main: Main;
}

/** One accepted change, to be made visible once its line is on the disk. */
export type Op =
  | PutOp
  | {
      readonly kind: 'status';
      readonly entry: Entry;
      readonly rv: number;
      readonly patch: JsonObject;
      readonly bytes: number;
    }
  | { readonly kind: 'delete'; readonly entry: Entry; readonly rv: number }
  /** Nothing to change: answers with the object as it is once all before it is on the disk. */
  | { readonly kind: 'none'; readonly entry: Entry };

export interface StageContext {
  readonly table: Table;
  readonly clock: Clock;
  readonly random: Random;
  /** Further checks of whole objects, after the built-in ones; throws InvalidError or ForbiddenError. */
  readonly admit: ((write: Write) => void) | undefined;
  readonly seal?: SealSecret | undefined;
}

/** What a batch became: its ops in order and their text for the log. */
export interface Staged {
  readonly ops: readonly Op[];
  /** Index into `ops` of each write's own op: a write may need others, such as its namespace. */
  readonly answers: readonly number[];
  readonly text: string;
}

/**
 * Checks a batch against everything accepted so far, on disk or not, and stages it: later writes are checked against
 * it, readers do not see it. Throws the refusal of the first bad write, and then nothing is staged.
 */
export function stage(context: StageContext, writes: readonly Write[], maxBytes: number): Staged {
  const isLoneDelta = writes.length === 1 && writes[0]?.op === 'patchStatus';
  const batch = newBatch(context, isLoneDelta ? undefined : []);
  try {
    stageWrites(batch, writes, maxBytes);
  } catch (error) {
    takeBack(batch);
    throw error;
  }
  return batch;
}

/** Stages a batch as `stage` does, only to ask `answer` of it: then it is as if nothing had been. */
export function rehearse<T>(
  context: StageContext,
  writes: readonly Write[],
  maxBytes: number,
  answer: (staged: Staged) => T,
): T {
  const { table } = context;
  const { lastRv } = table;
  const batch = newBatch(context, []);
  try {
    stageWrites(batch, writes, maxBytes);
    return answer(batch);
  } finally {
    takeBack(batch);
    table.lastRv = lastRv;
  }
}

function newBatch(context: StageContext, undo: Batch['undo']): Batch {
  return { context, ops: [], answers: [], text: '', lines: [], length: 0, alikes: new Map(), undo };
}

function stageWrites(batch: Batch, writes: readonly Write[], maxBytes: number): void {
  for (const write of writes) {
    batch.context.admit?.(write);
    batch.answers.push(stageWrite(batch, write));
    if (batch.length > maxBytes) throw new InvalidError(`a batch of more than ${maxBytes} bytes`);
  }
  batch.text = batch.lines.length === 1 ? (batch.lines[0] as string) : batch.lines.join('');
}

function takeBack({ context, undo }: Batch): void {
  for (const step of undo?.reverse() ?? []) {
    if (typeof step === 'function') step();
    else removeEntry(context.table, step);
  }
}

/** Takes back what a batch staged whose write to the disk failed. Newest ops first. */
export function unstage(table: Table, ops: readonly Op[]): void {
  for (const op of ops.toReversed()) {
    op.entry.pending = undefined;
    if (op.kind === 'put' && op.entry.rv === 0) removeEntry(table, op.entry);
  }
}

export interface Batch {
  readonly context: StageContext;
  readonly ops: Op[];
  readonly answers: number[];
  /** Of `lines`, once all are there. */
  text: string;
  readonly lines: string[];
  /** About how much they are, and what they stand for. */
  length: number;
  readonly alikes: Map<Stencil, Alike>;
  /** Entries that are new, and what else is to be done. Absent for the most frequent batch, one status delta, which stages nothing before its last check. */
  readonly undo: ((() => void) | Entry)[] | undefined;
}

function addLine(batch: Batch, line: string): void {
  batch.lines.push(line);
  batch.length += line.length;
}

/** Like each function that stages: returns the index of the write's own op. */
function stageWrite(batch: Batch, write: Write): number {
  switch (write.op) {
    case 'create':
      return stageCreate(batch, write.object);
    case 'createAlike':
      return stageAlike(batch, write.key, write.like);
    case 'update':
      return stageUpdate(batch, write.object, write.fieldManager);
    case 'apply':
      return stageApply(batch, write);
    case 'patch':
      return stagePatch(batch, write);
    case 'patchStatus':
      return stageStatus(batch, write.key, write.patch, write.if);
    case 'delete':
      return stageDelete(batch, write.key, write.if);
  }
}

function stageStatus(
  batch: Batch,
  key: ObjectKey,
  patch: JsonObject,
  preconditions: Preconditions | undefined,
): number {
  const entry = existing(batch, key);
  if (preconditions !== undefined) checkPreconditions(batch, entry, preconditions);
  if (kindInfo(key.kind)?.hasStatus !== true) throw new InvalidError(`a ${key.kind} has no status`);
  const text = JSON.stringify(patch);
  if (text === '{}') return stageNothing(batch, entry);
  if (text === undefined || text.charCodeAt(0) !== 0x7b) throw new InvalidError('a status patch must be a JSON object');
  if (text.length > MAX_STATUS_PATCH_BYTES) {
    throw new InvalidError(`the status patch of ${describe(key)} is larger than ${MAX_STATUS_PATCH_BYTES} bytes`);
  }
  return stageDelta(batch, entry, patch, text);
}

function stageDelta(batch: Batch, entry: Entry, patch: JsonObject, text: string): number {
  const rv = accept(batch, entry, entry.pending === undefined ? entry.hot!.main : entry.pending.main);
  addLine(batch, statusLine(entry, rv, text));
  return batch.ops.push({ kind: 'status', entry, rv, patch, bytes: text.length }) - 1;
}

function stageCreate(batch: Batch, object: KubeObject): number {
  checkObject(object);
  const { kind, metadata } = object;
  const { table, clock, random } = batch.context;
  const namespace = metadata.namespace ?? '';
  const before = latestEntry(table, kind, namespace, metadata.name);
  if (before !== undefined && acceptedMain(table, before) !== undefined) {
    throw new AlreadyExistsError(keyOf(before));
  }
  if (kind !== 'Namespace' && metadata.namespace !== undefined) ensureNamespace(batch, namespace);
  const { resourceVersion: _, deletionTimestamp: __, ...kept } = metadata;
  const value: KubeObject = {
    ...withoutStatus(object),
    metadata: {
      ...kept,
      uid: newUid(random),
      creationTimestamp: timestamp(clock),
      generation: 1,
    },
  };
  const main = checkedMain(
    sealed(batch, metadata.managedFields === undefined ? value : withKnownManagers(value), undefined),
  );
  const shelf = shelfOf(table, kind, namespace);
  const entry = addEntry(table, shelf, metadata.name, main);
  batch.undo?.push(entry);
  const index = stageMain(batch, entry, main);
  // As Kubernetes' own controller does at once; clients show it.
  if (kind === 'Namespace') stageDelta(batch, entry, { phase: 'Active' }, '{"phase":"Active"}');
  return index;
}

/** A namespace comes to be with its first object: this is a local control plane, and nobody else would make it. */
export function ensureNamespace(batch: Batch, name: string): void {
  const { table } = batch.context;
  const entry = latestEntry(table, 'Namespace', '', name);
  if (entry !== undefined && acceptedMain(table, entry) !== undefined) return;
  stageCreate(batch, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

function stageUpdate(batch: Batch, object: KubeObject, manager: string | undefined): number {
  checkObject(object);
  const entry = existing(batch, keyOfObject(object));
  const { resourceVersion, uid } = object.metadata;
  if (resourceVersion === undefined || resourceVersion === '') {
    throw new InvalidError(`update of ${describe(keyOf(entry))} needs the metadata.resourceVersion that was read`, [
      { field: 'metadata.resourceVersion', message: 'must be specified for an update' },
    ]);
  }
  checkPreconditions(batch, entry, { resourceVersion, ...(uid !== undefined && { uid }) });
  return stageChange(batch, entry, object, manager ?? DEFAULT_FIELD_MANAGER);
}

function stagePatch(batch: Batch, write: Extract<Write, { readonly op: 'patch' }>): number {
  const { key, patch, fieldManager = DEFAULT_FIELD_MANAGER } = write;
  const entry = existing(batch, key);
  if (write.if !== undefined) checkPreconditions(batch, entry, write.if);
  if (!isJsonObject(patch)) throw new InvalidError('a patch must be a JSON object');
  const { metadata } = patch;
  if (isJsonObject(metadata) && typeof metadata.resourceVersion === 'string') {
    checkPreconditions(batch, entry, { resourceVersion: metadata.resourceVersion });
  }
  const patched = mergePatch(liveValue(batch, entry), patch) as unknown as KubeObject;
  if (!isJsonObject(patched.metadata)) throw new InvalidError(`a patch cannot remove the metadata of ${describe(key)}`);
  return stageChange(batch, entry, patched, fieldManager);
}

function stageApply(batch: Batch, { object, fieldManager, force, if: preconditions }: ApplyWrite): number {
  checkObject(object);
  const { table, clock } = batch.context;
  const { kind, metadata } = object;
  const applier = { manager: fieldManager, force: force === true, time: timestamp(clock) };
  const { resourceVersion, uid } = { ...metadata, ...preconditions };
  const condition = { ...(resourceVersion && { resourceVersion }), ...(uid && { uid }) };
  const entry = latestEntry(table, kind, metadata.namespace ?? '', metadata.name);
  if (entry === undefined || acceptedMain(table, entry) === undefined) {
    if (resourceVersion || uid) throw new ConflictError(`${describe(keyOfObject(object))} is not there any more`);
    return stageCreate(batch, applyFields(undefined, sealed(batch, object, undefined), applier));
  }
  checkPreconditions(batch, entry, condition);
  const live = liveValue(batch, entry);
  return stageChange(batch, entry, applyFields(live, sealed(batch, object, live), applier), undefined);
}

/**
 * Replaces all but status. Changing nothing writes nothing; the last finalizer's removal completes a deletion. What differs
 * becomes the field manager's; undefined: `wanted` says whose it is.
 */
function stageChange(batch: Batch, entry: Entry, wanted: KubeObject, manager: string | undefined): number {
  const live = liveValue(batch, entry);
  const changed = withServerFields(live, sealed(batch, wanted, live));
  checkObject(changed);
  checkChange(live, changed);
  const value = withOwners(live, changed, manager, batch.context.clock);
  if (sameJson(live as unknown as Json, value as unknown as Json)) return stageNothing(batch, entry);
  if (value.metadata.deletionTimestamp !== undefined && (value.metadata.finalizers ?? []).length === 0) {
    return stageRemoval(batch, entry);
  }
  return stagePut(batch, entry, value);
}

function stagePut(batch: Batch, entry: Entry, value: KubeObject): number {
  return stageMain(batch, entry, checkedMain(value));
}

function stageMain(batch: Batch, entry: Entry, main: Main): number {
  const rv = accept(batch, entry, main);
  addLine(batch, putLine(entry, rv, mainText(main)));
  return batch.ops.push({ kind: 'put', entry, rv, main }) - 1;
}

function stageDelete(batch: Batch, key: ObjectKey, preconditions: Preconditions | undefined): number {
  const entry = existing(batch, key);
  if (preconditions !== undefined) checkPreconditions(batch, entry, preconditions);
  const live = liveValue(batch, entry);
  if ((live.metadata.finalizers ?? []).length === 0) return stageRemoval(batch, entry);
  if (live.metadata.deletionTimestamp !== undefined) return stageNothing(batch, entry);
  const metadata = { ...live.metadata, deletionTimestamp: timestamp(batch.context.clock) };
  return stagePut(batch, entry, { ...live, metadata });
}

function stageRemoval(batch: Batch, entry: Entry): number {
  const rv = accept(batch, entry, undefined);
  addLine(batch, deleteLine(entry, rv));
  return batch.ops.push({ kind: 'delete', entry, rv }) - 1;
}

function stageNothing(batch: Batch, entry: Entry): number {
  return batch.ops.push({ kind: 'none', entry }) - 1;
}

/** Gives the change its version and makes it what later writes are checked against. */
function accept(batch: Batch, entry: Entry, main: Main | undefined): number {
  const rv = ++batch.context.table.lastRv;
  const { pending } = entry;
  if (batch.undo !== undefined) {
    const before = pending === undefined ? undefined : { ...pending };
    batch.undo.push(() => {
      entry.pending = before;
    });
  }
  if (pending === undefined) entry.pending = { main, rv, writes: 1 };
  else {
    pending.main = main;
    pending.rv = rv;
    pending.writes++;
  }
  return rv;
}

/** All but status, as accepted so far; undefined for a deleted object. The entry is hot afterwards. */
export function acceptedMain(table: Table, entry: Entry): Main | undefined {
  if (entry.isDeleted) return undefined;
  const hot = heat(table, entry);
  return entry.pending === undefined ? hot.main : entry.pending.main;
}

function existing(batch: Batch, key: ObjectKey): Entry {
  const { table } = batch.context;
  const entry = latestEntry(table, key.kind, key.namespace ?? '', key.name);
  if (entry === undefined || acceptedMain(table, entry) === undefined) {
    checkKey(key);
    throw new NotFoundError(key);
  }
  return entry;
}

function liveValue(batch: Batch, entry: Entry): KubeObject {
  return mainValue(acceptedMain(batch.context.table, entry)!);
}

function checkPreconditions(batch: Batch, entry: Entry, { uid, resourceVersion }: Preconditions): void {
  const rv = entry.pending?.rv ?? entry.rv;
  if (resourceVersion !== undefined && resourceVersion !== String(rv)) {
    throw new ConflictError(
      `${describe(keyOf(entry))} is at version ${rv}, not ${resourceVersion}: read it again and repeat the change`,
    );
  }
  if (uid !== undefined && liveValue(batch, entry).metadata.uid !== uid) {
    throw new ConflictError(`${describe(keyOf(entry))} was deleted and created anew: its uid is not ${uid}`);
  }
}

function sealed({ context }: Batch, object: KubeObject, live: KubeObject | undefined): KubeObject {
  return object.kind === 'Secret' && context.seal !== undefined ? context.seal(object, live) : object;
}

function checkedMain(value: KubeObject): Main {
  const text = JSON.stringify(value);
  if (text.length > MAX_OBJECT_BYTES) {
    const size = `${text.length} bytes, more than ${MAX_OBJECT_BYTES}`;
    throw new InvalidError(`${describe(keyOfObject(value))} has ${size}`);
  }
  return mainOf(text);
}

export function keyOf(entry: Entry): ObjectKey {
  const { kind, namespace } = entry.shelf;
  return namespace === '' ? { kind, name: entry.name } : { kind, namespace, name: entry.name };
}

function keyOfObject({ kind, metadata: { namespace, name } }: KubeObject): ObjectKey {
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

function describe(key: ObjectKey): string {
  return `${key.kind} "${key.name}"`;
}
