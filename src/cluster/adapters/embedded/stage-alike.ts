import { checkObject } from '../../admission.ts';
import { AlreadyExistsError } from '../../errors.ts';
import type { ObjectKey } from '../../object.ts';
import type { Write } from '../../port.ts';
import { type Stencil, type Stenciled, wholeObject } from '../../stencil.ts';
import {
  type Entry,
  type Main,
  mainText,
  newEntry,
  printedMain,
  type Series,
  type Shelf,
  UID_TAIL_DIGITS,
} from './entry.ts';
import { alikeLine, putLine, seriesLine } from './log-line.ts';
import { newUid, timestamp } from './server-fields.ts';
import { acceptedMain, type Batch, ensureNamespace, keyOf, type PutOp } from './stage.ts';
import { newHot, putEntry, shelfOf, type Table } from './table.ts';

/** What the objects of a batch have in common that are of one stencil. */
export interface Alike extends Series {
  readonly shelf: Shelf;
  /** The first is written whole, since it may be the only one; the stencil stands before the second. */
  hasLine: boolean;
}

/**
 * All of an object that is like others but its version, and what it has in common with the others of its batch: of many that
 * are created at one instant this is most of the work, and nearly all of the memory.
 */
interface Prepared {
  readonly op: { -readonly [Field in keyof PutOp]: PutOp[Field] };
  readonly pending: NonNullable<Entry['pending']>;
  readonly print: NonNullable<Main['print']>;
  readonly line: string;
}

/** Puts together ahead what `stageAlike` needs. Nothing of it is in the table. */
export function prepareAlikes(table: Table, writes: readonly Write[]): void {
  for (const write of writes) {
    if (write.op !== 'createAlike') continue;
    const { key, like } = write;
    const shelf = shelfOf(table, key.kind, key.namespace ?? '');
    // Looked for, so that the hash of its name is known.
    if (!shelf.entries.has(like.name)) like.prepared = preparedOf(shelf, like);
  }
}

/** Stages the creation of one of many objects that are alike: its line says what sets it apart. Returns the index of its op. */
export function stageAlike(batch: Batch, key: ObjectKey, like: Stenciled): number {
  const { table } = batch.context;
  const { stencil, name } = like;
  const known = batch.alikes.get(stencil);
  const alike = known ?? newAlike(batch, key, like);
  const { shelf } = alike;
  const before = shelf.entries.get(name);
  if (before !== undefined && acceptedMain(table, before) !== undefined) throw new AlreadyExistsError(keyOf(before));
  const { op, pending, print, line } = taken(like, shelf) ?? preparedOf(shelf, like);
  const { entry, main } = op;
  putEntry(table, entry, before);
  batch.undo?.push(entry);
  const rv = ++table.lastRv;
  op.rv = rv;
  pending.rv = rv;
  print.rv = rv;
  print.of = alike;
  if (known === undefined) batch.lines.push(putLine(entry, rv, mainText(main)));
  else {
    if (!alike.hasLine) batch.lines.push(seriesLine(stencil, shelf, rv, alike));
    alike.hasLine = true;
    batch.lines.push(line);
  }
  batch.length += main.length;
  return batch.ops.push(op) - 1;
}

function preparedOf(shelf: Shelf, like: Stenciled): Prepared {
  const main = printedMain(like);
  const entry = newEntry(shelf, like.name, 0, newHot(main));
  const pending = { main, rv: 0, writes: 1 };
  entry.pending = pending;
  const print = main.print as NonNullable<Main['print']>;
  return { op: { kind: 'put', entry, rv: 0, main }, pending, print, line: alikeLine(like) };
}

/** Once, and by the store that has made it: a batch that is taken back leaves it as it is no more. */
function taken(like: Stenciled, shelf: Shelf): Prepared | undefined {
  const prepared = like.prepared as Prepared | undefined;
  like.prepared = undefined;
  return prepared?.op.entry.shelf === shelf ? prepared : undefined;
}

/** Of objects that are alike one is checked whole. */
function newAlike(batch: Batch, key: ObjectKey, like: Stenciled): Alike {
  const { table, clock, random } = batch.context;
  const { stencil } = like;
  if (!checkedStencils.has(stencil)) checkObject(wholeObject(like));
  checkedStencils.add(stencil);
  const { kind, namespace = '' } = key;
  if (namespace !== '') ensureNamespace(batch, namespace);
  const alike: Alike = {
    shelf: shelfOf(table, kind, namespace),
    createdAt: timestamp(clock),
    uidHead: newUid(random).slice(0, -UID_TAIL_DIGITS),
    hasLine: false,
  };
  batch.alikes.set(stencil, alike);
  return alike;
}

const checkedStencils = new WeakSet<Stencil>();
