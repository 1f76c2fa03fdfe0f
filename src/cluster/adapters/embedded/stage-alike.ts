import { checkObject } from '../../admission.ts';
import { AlreadyExistsError } from '../../errors.ts';
import type { ObjectKey } from '../../object.ts';
import { type Stencil, type Stenciled, wholeObject } from '../../stencil.ts';
import { mainText, printedMain, type Shelf } from './entry.ts';
import { alikeHead, putLine, stencilLine } from './log-line.ts';
import { newUid, timestamp } from './server-fields.ts';
import { acceptedMain, type Batch, ensureNamespace, keyOf } from './stage.ts';
import { addEntry, shelfOf } from './table.ts';

/** What the objects of a batch have in common that are of one stencil. */
export interface Alike {
  readonly shelf: Shelf;
  readonly createdAt: string;
  /** Their uids differ in the last digits, which count. */
  readonly uidHead: string;
  /** What is the same in their lines: at the start, before what is last in the uid, and after it. Undefined: there is one only. */
  pieces: readonly [string, string, string] | undefined;
}

/** Stages the creation of one of many objects that are alike: its line says what sets it apart. Returns the index of its op. */
export function stageAlike(batch: Batch, key: ObjectKey, like: Stenciled): number {
  const { table } = batch.context;
  const { stencil, name, rest } = like;
  const known = batch.alikes.get(stencil);
  const alike = known ?? newAlike(batch, key, like);
  const { shelf, createdAt, uidHead } = alike;
  const before = shelf.entries.get(name);
  if (before !== undefined && acceptedMain(table, before) !== undefined) throw new AlreadyExistsError(keyOf(before));
  const uidTail = (FIRST_TAIL + batch.ops.length).toString(16).slice(1);
  const main = printedMain(like, uidHead + uidTail, createdAt);
  const entry = addEntry(table, shelf, name, main);
  batch.undo?.push(entry);
  const rv = ++table.lastRv;
  entry.pending = { main, rv, writes: 1 };
  if (known === undefined) batch.lines.push(putLine(entry, rv, mainText(main)));
  else {
    if (alike.pieces === undefined) {
      const number = ++table.lastStencil;
      batch.lines.push(stencilLine(number, stencil));
      alike.pieces = [alikeHead(shelf), ` ${number} ${uidHead}`, ` ${createdAt} `];
    }
    const [head, beforeTail, afterTail] = alike.pieces;
    // Joined at once: a line that is put together by itself has to be copied when the text is written.
    batch.lines.push(head, name, ` ${rv}`, beforeTail, uidTail, afterTail, rest, '\n');
  }
  batch.length += main.length;
  return batch.ops.push({ kind: 'put', entry, rv, main }) - 1;
}

/** One more digit than there are in a tail, so that all tails are as long. */
const FIRST_TAIL = 0x1_00_00_00;
const TAIL_DIGITS = 6;

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
    uidHead: newUid(random).slice(0, -TAIL_DIGITS),
    pieces: undefined,
  };
  batch.alikes.set(stencil, alike);
  return alike;
}

const checkedStencils = new WeakSet<Stencil>();
