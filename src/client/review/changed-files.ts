import { MAX_CODEOWNERS_BYTES, MAX_COMMIT_BYTES, MAX_REVIEWED_FILES } from '../../base/index.ts';
import {
  diffTrees,
  findEntry,
  isFault,
  type ObjectReader,
  type Oid,
  parseCommit,
  type TreeSource,
  treeSource,
  walkTree,
} from '../../git/index.ts';
import { CODEOWNERS_PATHS } from '../../review/index.ts';
import { isFile } from '../commit-side.ts';

/** What two commits say beyond their definitions. */
export interface ChangedFiles {
  /** From the root of the repository, sorted; the first MAX_REVIEWED_FILES. */
  readonly paths: readonly string[];
  readonly codeOwners?: { readonly path: string; readonly text: string };
}

/** All files that differ, and who owns files by the base: a change cannot make itself its own owner. */
export async function changedFiles(objects: ObjectReader, base: Oid, head: Oid): Promise<ChangedFiles> {
  const [before, after] = [await rootOf(objects, base), await rootOf(objects, head)];
  if (before === undefined || after === undefined) return { paths: [] };
  const paths = (await differingFiles(treeSource(objects), before, after)).sort();
  const codeOwners = await ownersIn(objects, before);
  return codeOwners === undefined ? { paths } : { paths, codeOwners };
}

async function rootOf(objects: ObjectReader, commit: Oid): Promise<Oid | undefined> {
  const read = await objects.read(commit, MAX_COMMIT_BYTES);
  return read.kind === 'found' && read.type === 'commit' ? parseCommit(read.bytes)?.tree : undefined;
}

/** A folder that has come or gone brings all of its files. What is past the bounds, or damaged, is left out. */
async function differingFiles(source: TreeSource, before: Oid, after: Oid): Promise<string[]> {
  const diff = await diffTrees(source, before, after);
  if (isFault(diff)) return [];
  const paths = new Set<string>();
  const note = (path: string): void => {
    if (paths.size < MAX_REVIEWED_FILES) paths.add(path);
  };
  for (const { path, before: old, after: fresh } of diff.changes) {
    for (const entry of [old, fresh]) {
      if (entry?.kind !== 'folder') {
        if (entry !== undefined) note(path);
      } else {
        const visitor = { folder: () => paths.size < MAX_REVIEWED_FILES, entry: note };
        await walkTree(source, entry.oid, path, visitor);
      }
    }
  }
  return [...paths];
}

async function ownersIn(objects: ObjectReader, root: Oid): Promise<ChangedFiles['codeOwners']> {
  const source = treeSource(objects);
  for (const path of CODEOWNERS_PATHS) {
    const entry = await findEntry(source, root, path);
    // A folder of that name, a link or a submodule is no file of owners.
    if (isFault(entry) || !isFile(entry)) continue;
    const read = await objects.read(entry.oid, MAX_CODEOWNERS_BYTES, 'blob');
    return read.kind === 'found' ? { path, text: Buffer.from(read.bytes).toString('utf8') } : undefined;
  }
  return undefined;
}
