import { MAX_KEPT_RECORDS, MAX_RECHECKED_FILES } from '../../base/index.ts';
import { type KeptFiles, keep, readKept } from './kept-file.ts';
import type { Ledger } from './ledger.ts';
import type { Differing, QuickLook } from './quick-look.ts';
import { NO_FILE, onDisk } from './snapshot.ts';

/** How a folder looked at a time of which it is known what differed from the ledger. */
export interface LedgerBase extends Pick<QuickLook, 'index' | 'differing'> {
  /** State by path of what differed from the ledger. */
  readonly changed: ReadonlyMap<string, string>;
  /** Of its snapshot. */
  readonly snapshotKey: string;
}

const BASES: KeptFiles = { name: 'bases', maxBytes: 1_048_576, most: MAX_KEPT_RECORDS };

export function readBase(folder: string, root: string, ledger: string): LedgerBase | undefined {
  const text = readKept(BASES, folder, root, ledger);
  if (text === undefined) return undefined;
  const { index, differing, changed, snapshotKey } = JSON.parse(text) as Written;
  return { index, differing: new Map(differing), changed: new Map(changed), snapshotKey };
}

export function keepBase(folder: string, root: string, ledger: string, base: LedgerBase): void {
  const { index, differing, changed, snapshotKey } = base;
  if (changed.size > MAX_RECHECKED_FILES) return;
  const written: Written = { index, differing: [...differing], changed: [...changed], snapshotKey };
  keep(BASES, folder, root, ledger, JSON.stringify(written));
}

interface Written {
  readonly index: string;
  readonly differing: readonly (readonly [string, Differing])[];
  readonly changed: readonly (readonly [string, string])[];
  readonly snapshotKey: string;
}

/**
 * State by path of all that may differ from the ledger, the folder looking like this now; `base.changed` itself when nothing
 * differs since. Undefined when git's index is another than it was: what it holds is not told at a glance.
 */
export function changedSince(
  base: LedgerBase,
  ledger: Ledger,
  root: string,
  { index, differing }: QuickLook,
): ReadonlyMap<string, string> | undefined {
  if (index !== base.index) return undefined;
  const changed = new Map<string, string>();
  const note = (path: string, state: string): void => {
    // Of what is not read only that it is there counts.
    if (state !== (base.changed.get(path) ?? ledger.stateOf(path) ?? NO_FILE)) changed.set(path, state);
  };
  for (const [path, { state }] of differing) if (base.differing.get(path)?.state !== state) note(path, state);
  for (const [path, { isUntracked }] of base.differing) {
    if (differing.has(path)) continue;
    // What git did not know is gone or ignored; other files are as the index has them.
    note(path, isUntracked ? NO_FILE : onDisk(root, path, 'changed').state);
  }
  return changed.size === 0 ? base.changed : new Map([...base.changed, ...changed]);
}
