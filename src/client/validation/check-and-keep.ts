import { foldersOf } from '../compile-work-tree.ts';
import { type Before, checkListed } from './check-folder.ts';
import { type KeptRecords, keepRecords, readRecords } from './kept-records.ts';
import { type Snapshot, statesRead, takeSnapshot, treeOf } from './snapshot.ts';
import type { Verdict } from './verdict.ts';
import { keepVerdict } from './verdict-cache.ts';

/** A folder whose verdict is not known. */
export interface Unknown {
  readonly cacheFolder: string;
  readonly tool: string;
  readonly root: string;
  readonly snapshot: Snapshot;
}

/** Validates a folder, from what was kept of it when that helps, and keeps what was found for the next time. */
export async function checkAndKeep({ cacheFolder, tool, root, snapshot }: Unknown): Promise<Verdict> {
  const states = statesRead(snapshot);
  const kept = readRecords(cacheFolder, root, tool);
  const before: Before | undefined = kept && { kept, changed: changesBetween(kept.states, states) };
  const tree = treeOf(root, snapshot);
  const { verdict, records, settings } = await checkListed(tree, { before });
  // What was edited meanwhile may or may not have been seen.
  const after = await takeSnapshot(root, tool);
  if (after?.key !== snapshot.key) return verdict;
  keepVerdict(cacheFolder, root, snapshot.key, verdict);
  // Changes are told from the last whole check: keeping each small one would cost more than checking it again.
  if (records?.isWhole !== true || settings === undefined) return verdict;
  const found: KeptRecords = { settings, files: records.files, folders: foldersOf(tree), states };
  keepRecords(cacheFolder, root, tool, found);
  return verdict;
}

function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [path, state] of after) if (before.get(path) !== state) changed.add(path);
  for (const path of before.keys()) if (!after.has(path)) changed.add(path);
  return changed;
}
