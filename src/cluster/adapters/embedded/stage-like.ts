import type { Stenciled } from '../../stencil.ts';
import { mainText, printedMain, type Shelf } from './entry.ts';
import { likeLine, putLine, stencilLine } from './log-line.ts';
import { newUid, timestamp } from './server-fields.ts';
import type { Batch } from './stage.ts';
import { addEntry, removeEntry } from './table.ts';

/**
 * Stages the creation of one of many objects that are alike: its line says only what sets it apart from those before it
 * in the batch. Its name is free and all of it is checked. Returns the index of its op.
 */
export function stageLike(batch: Batch, shelf: Shelf, like: Stenciled): number {
  const { stencil, slots } = like;
  const { table, clock, random } = batch.context;
  const uid = newUid(random);
  const createdAt = timestamp(clock);
  const main = printedMain(like, uid, createdAt);
  const entry = addEntry(table, shelf, slots[0] as string, main);
  batch.undo?.push(() => removeEntry(table, entry));
  const rv = ++table.lastRv;
  entry.pending = { main, rv, writes: 1 };
  const known = batch.stencils.get(stencil);
  // What is there once gains nothing by a stencil.
  if (known === undefined) {
    batch.stencils.set(stencil, 0);
    batch.text += putLine(entry, rv, mainText(main));
  } else {
    let number = known;
    if (number === 0) {
      number = ++table.lastStencil;
      batch.stencils.set(stencil, number);
      batch.text += stencilLine(number, stencil);
    }
    batch.text += likeLine(entry, rv, number, uid, createdAt, slots);
  }
  return batch.ops.push({ kind: 'put', entry, rv, main }) - 1;
}
