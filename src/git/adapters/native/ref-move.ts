import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REF_MOVE_POLL } from '../../../base/index.ts';
import { type RefUpdate, ZERO_OID } from '../../index.ts';

/**
 * Calls `moved` once the ref shows what the accepted push brings. git tells of it by starting another hook, which takes
 * it 3 ms; the file of the ref is there before that. Looks for a moment only: a ref that lives in a pack or a table, or
 * that git refuses to move after all, is left to the hook. Returns what ends it.
 */
export function watchRefMove(gitDir: string, { ref, before, after }: RefUpdate, moved: () => void): () => void {
  if (before === after || after === ZERO_OID) return () => undefined;
  const file = join(gitDir, ref);
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const isThere = shows(file, after);
    if (isThere || looks >= REF_MOVE_POLL.looks) clearInterval(timer);
    if (isThere) moved();
  }, REF_MOVE_POLL.everyMs);
  return () => clearInterval(timer);
}

function shows(file: string, oid: string): boolean {
  try {
    return readFileSync(file, 'latin1').trimEnd() === oid;
  } catch {
    return false;
  }
}
