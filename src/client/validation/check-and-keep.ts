import { BugError } from '../../base/index.ts';
import { beginLook } from './begin-look.ts';
import type { CheckedFolder } from './check-folder.ts';
import { keepLedger, type Ledger, LedgerGone, openLedger, writeLedger } from './ledger.ts';
import { changedSince, keepBase, readBase } from './ledger-base.ts';
import { finishLook, keepLook } from './quick-look.ts';
import { NO_FILE, type Snapshot, takeSnapshot, treeOf } from './snapshot.ts';
import type { OpenedFolder } from './validate-folder.ts';
import type { Verdict } from './verdict.ts';
import { keepVerdict, readVerdict } from './verdict-cache.ts';

/**
 * Validates a folder, from what was kept of it when that helps, and keeps what was found for the next time. Undefined where
 * its state cannot be told.
 */
export async function checkChanged(folder: OpenedFolder): Promise<Verdict | undefined> {
  const ledger = openLedger(folder.cacheFolder, folder.place, folder.tool);
  try {
    return (ledger && (await checkAroundEdit(folder, ledger))) ?? (await checkBySnapshot(folder, ledger));
  } catch (error) {
    if (error instanceof LedgerGone) return await checkBySnapshot(folder, undefined);
    throw error;
  }
}

/** Looks only at what is around an edit. Undefined where that is not enough. */
async function checkAroundEdit(folder: OpenedFolder, ledger: Ledger): Promise<Verdict | undefined> {
  const { cacheFolder, place: root, look } = folder;
  if (look === undefined) return undefined;
  const base = readBase(cacheFolder, root, ledger.id);
  if (base === undefined) return undefined;
  const changed = changedSince(base, ledger, root, look);
  if (changed === undefined) return undefined;
  const known = changed === base.changed ? readVerdict(cacheFolder, root, base.snapshotKey) : undefined;
  if (known !== undefined) {
    keepLook(cacheFolder, root, look, base.snapshotKey);
    return known;
  }
  const { checkEdited } = await import('./check-edited.ts');
  const checked = checkEdited({ root, ledger, look, changed });
  if (checked === undefined) return undefined;
  if (checked.isAsSeen || (await isUnchanged(folder))) {
    keepVerdict(cacheFolder, root, look.key, checked.verdict);
    keepLook(cacheFolder, root, look, look.key);
  }
  return checked.verdict;
}

async function checkBySnapshot(folder: OpenedFolder, ledger: Ledger | undefined): Promise<Verdict | undefined> {
  const { cacheFolder, tool, place: root, look, check: begun } = folder;
  const taking = takeSnapshot(root, tool, look, begun && (() => begun.listing));
  // The compiler is loaded while git looks at the files.
  const [snapshot] = await Promise.all([taking, import('./check-folder.ts')]);
  if (snapshot === undefined) return undefined;
  const kept = readVerdict(cacheFolder, root, snapshot.key);
  const checked = kept === undefined ? await check(folder, snapshot, ledger) : undefined;
  const verdict = kept ?? checked?.verdict;
  if (verdict === undefined) throw new BugError('a check has no verdict');
  // What was edited meanwhile may or may not have been seen. What there is to keep is put together while git looks.
  const lookingAgain =
    look === undefined ? takeSnapshot(root, tool).then((again) => again?.key === snapshot.key) : isUnchanged(folder);
  const keepMore = checked?.prepareMore();
  if (!(await lookingAgain)) return verdict;
  if (kept === undefined) keepVerdict(cacheFolder, root, snapshot.key, verdict);
  if (look !== undefined) keepLook(cacheFolder, root, look, snapshot.key);
  keepMore?.();
  return verdict;
}

/** Whether the folder looks as it did at first. */
async function isUnchanged({ root, tool, look }: OpenedFolder): Promise<boolean> {
  return look !== undefined && (await finishLook(beginLook(root), tool))?.key === look.key;
}

interface Checked {
  readonly verdict: Verdict;
  /** Gives what keeps the rest of it. */
  readonly prepareMore: () => () => void;
}

async function check(folder: OpenedFolder, snapshot: Snapshot, ledger: Ledger | undefined): Promise<Checked> {
  const { place: root } = folder;
  const [{ foldersOf }, { checkListed }] = await Promise.all([
    import('../compile-work-tree.ts'),
    import('./check-folder.ts'),
  ]);
  const states = new Map([...snapshot.states].filter(([, state]) => state !== NO_FILE));
  const all = ledger?.readAll();
  const changed = all && changesBetween(all.states, states);
  const before =
    ledger && all && changed
      ? { kept: { ...ledger, files: all.files, folders: foldersOf({ paths: [...all.states.keys()] }) }, changed }
      : undefined;
  const checked = await checkListed(treeOf(root, snapshot), {
    workers: await folder.check?.workers,
    before: before && { ...before, changed: new Set(before.changed.keys()) },
  });
  return {
    verdict: checked.verdict,
    prepareMore: () => prepareRecords(folder, { key: snapshot.key, states }, checked, ledger, changed),
  };
}

/** What keeps a whole check; of a small one only what it differed in, for keeping all again would cost more than the check. */
function prepareRecords(
  { cacheFolder, place: root, tool, look }: OpenedFolder,
  { key: snapshotKey, states }: Pick<Snapshot, 'key' | 'states'>,
  { records, settings }: CheckedFolder,
  ledger: Ledger | undefined,
  changed: ReadonlyMap<string, string> = new Map(),
): () => void {
  const nothing = (): void => {};
  if (records === undefined || settings === undefined) return nothing;
  const { files, texts } = records;
  if (texts === undefined) {
    if (look === undefined || ledger === undefined) return nothing;
    return () => keepBase(cacheFolder, root, ledger.id, { ...look, changed, snapshotKey });
  }
  const written = writeLedger({ settings, files, texts, states });
  if (written === undefined) return nothing;
  return () => {
    keepLedger(cacheFolder, root, tool, written);
    if (look !== undefined) keepBase(cacheFolder, root, written.id, { ...look, changed: new Map(), snapshotKey });
  };
}

/** State by path of what differs. */
function changesBetween(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const [path, state] of after) if (before.get(path) !== state) changed.set(path, state);
  for (const path of before.keys()) if (!after.has(path)) changed.set(path, NO_FILE);
  return changed;
}
