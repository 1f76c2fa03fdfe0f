import { beginLook } from './begin-look.ts';
import type { KeptRecords } from './kept-records.ts';
import { finishLook, keepLook } from './quick-look.ts';
import { type Snapshot, statesRead, takeSnapshot, treeOf } from './snapshot.ts';
import type { OpenedFolder } from './validate-folder.ts';
import type { Verdict } from './verdict.ts';
import { keepVerdict, readVerdict } from './verdict-cache.ts';

/**
 * Validates a folder, from what was kept of it when that helps, and keeps what was found for the next time. Undefined where
 * its state cannot be told.
 */
export async function checkChanged(changed: OpenedFolder): Promise<Verdict | undefined> {
  const { cacheFolder, tool, place: root, look } = changed;
  const snapshot = await takeSnapshot(root, tool);
  if (snapshot === undefined) return undefined;
  const kept = readVerdict(cacheFolder, root, snapshot.key);
  const { verdict, keepMore } =
    kept === undefined ? await check(changed, snapshot) : { verdict: kept, keepMore: () => {} };
  // What was edited meanwhile may or may not have been seen.
  const isSame =
    look === undefined
      ? (await takeSnapshot(root, tool))?.key === snapshot.key
      : (await finishLook(beginLook(root), tool))?.key === look.key;
  if (!isSame) return verdict;
  if (kept === undefined) keepVerdict(cacheFolder, root, snapshot.key, verdict);
  if (look !== undefined) keepLook(cacheFolder, root, look.key, snapshot.key);
  keepMore();
  return verdict;
}

interface Checked {
  readonly verdict: Verdict;
  readonly keepMore: () => void;
}

async function check({ cacheFolder, tool, place: root }: OpenedFolder, snapshot: Snapshot): Promise<Checked> {
  const [{ foldersOf }, { checkListed }, { keepRecords, readRecords }] = await Promise.all([
    import('../compile-work-tree.ts'),
    import('./check-folder.ts'),
    import('./kept-records.ts'),
  ]);
  const states = statesRead(snapshot);
  const kept = readRecords(cacheFolder, root, tool);
  const before = kept && { kept, changed: changesBetween(kept.states, states) };
  const tree = treeOf(root, snapshot);
  const { verdict, records, settings } = await checkListed(tree, { before });
  const keepMore = (): void => {
    // Changes are told from the last whole check: keeping each small one would cost more than checking it again.
    if (records?.isWhole !== true || settings === undefined) return;
    const found: KeptRecords = { settings, files: records.files, folders: foldersOf(tree), states };
    keepRecords(cacheFolder, root, tool, found);
  };
  return { verdict, keepMore };
}

function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [path, state] of after) if (before.get(path) !== state) changed.add(path);
  for (const path of before.keys()) if (!after.has(path)) changed.add(path);
  return changed;
}
