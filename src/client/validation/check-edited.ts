import { MAX_RECHECKED_FILES } from '../../base/index.ts';
import {
  conclude,
  type EditedCommit,
  type FileFacts,
  type FileRecord,
  isDefinitionFile,
  PROJECT_FILE,
  planEdit,
  type ReadFile,
  readFile,
  recordsAfter,
} from '../../compiler/index.ts';
import { IMAGES_LOCK_FILE, parseDefinitions } from '../../language/index.ts';
import { blobId } from '../compile-work-tree.ts';
import { readWorkFile } from '../work-tree.ts';
import { openProjectOf } from './check-project.ts';
import { createChecker } from './checker.ts';
import { foldersAbove, type Ledger } from './ledger.ts';
import type { QuickLook } from './quick-look.ts';
import { NO_FILE } from './snapshot.ts';
import type { Verdict } from './verdict.ts';

/** What is known of a folder that was edited since it was checked as a whole. */
export interface EditedFolder {
  readonly root: string;
  readonly ledger: Ledger;
  readonly look: QuickLook;
  /** State by path of what differs from the ledger. */
  readonly changed: ReadonlyMap<string, string>;
}

export interface CheckedEdit {
  readonly verdict: Verdict;
  /** All that was read is what the look saw; else something may have been edited meanwhile. */
  readonly isAsSeen: boolean;
}

/**
 * Validates an edited folder by what is around the edit, without even listing the rest. Undefined where that is not
 * enough: the project itself, the lock or a file of dates has changed, folders have come or gone, or more is touched than is
 * worth it.
 */
export function checkEdited({ root, ledger, look, changed }: EditedFolder): CheckedEdit | undefined {
  if (changed.has(PROJECT_FILE) || changed.has(IMAGES_LOCK_FILE)) return undefined;
  // Which schedules name it only a listing of all would tell.
  if (changed.keys().some((path) => path.endsWith('.dates'))) return undefined;
  if (haveFoldersMoved(ledger, changed)) return undefined;
  const texts = new Map(look.texts);
  const read = (path: string): Uint8Array => {
    const text = texts.get(path) ?? readWorkFile(root, path);
    texts.set(path, text);
    return text;
  };
  const project = openProjectOf(read, ledger.stateOf(IMAGES_LOCK_FILE) !== undefined);
  if (project === undefined) return undefined;
  const { settings } = project.opened;
  const definitions = [...changed].filter(([path]) => isDefinitionFile(path, settings));
  if (definitions.length > MAX_RECHECKED_FILES) return undefined;
  const files = new Map<string, ReadFile>();
  const fileOf = (file: string): ReadFile => {
    const known = files.get(file) ?? readFile(file, parseDefinitions({ path: file, bytes: read(file) }));
    files.set(file, known);
    return known;
  };
  const after = new Map<string, FileFacts | undefined>(
    definitions.map(([file, state]) => [file, state === NO_FILE ? undefined : fileOf(file).facts]),
  );
  const edited: EditedCommit = { before: ledger, after };
  const groups = planEdit(edited, {
    most: MAX_RECHECKED_FILES,
    total: ledger.summary.fileCount,
    size: MAX_RECHECKED_FILES,
  });
  if (groups === undefined) return undefined;
  const folders = { has: (folder: string) => ledger.filesIn(folder) > 0 };
  const calendars = { has: (path: string) => ledger.stateOf(path) !== undefined };
  const { policyFiles } = ledger.summary;
  const setup = { root, settings, lock: project.lock, folders, calendars, policyFiles, names: undefined };
  const checker = createChecker(setup, (_root, file) => fileOf(file), read);
  const fresh = new Map<string, FileRecord>();
  for (const group of groups) for (const record of checker.checkGroup(group)) fresh.set(record.file, record);
  if (areCirclesOthers(ledger, [...after.keys(), ...fresh.keys()], fresh)) return undefined;
  const concluded = conclude(project.opened, recordsAfter(edited, fresh), (file, key) =>
    fileOf(file).parsed.documents.find(({ kind, name }) => `${kind}/${name}` === key),
  );
  if (concluded === undefined) return undefined;
  const isThere = (file: string): boolean => ledger.stateOf(file) !== undefined;
  const come = definitions.filter(([file, state]) => state !== NO_FILE && !isThere(file)).length;
  const gone = definitions.filter(([file, state]) => state === NO_FILE && isThere(file)).length;
  const isSeen = ([path, text]: readonly [string, Uint8Array]): boolean =>
    look.texts.get(path) === text || blobId(text) === (changed.get(path) ?? ledger.stateOf(path));
  return {
    verdict: {
      ...concluded,
      fileCount: ledger.summary.fileCount + ledgerLock(ledger) + come - gone,
      untracked: untrackedIn(look, (path) => path === IMAGES_LOCK_FILE || isDefinitionFile(path, settings)),
    },
    isAsSeen: [...texts].every(isSeen),
  };
}

/**
 * Whether circles of workflows must be looked at with files that are not touched. One group holds all that is touched, so
 * also all that leads into a circle which the edit made; those that were there before may begin elsewhere now.
 */
function areCirclesOthers(
  { summary: { circling } }: Ledger,
  touched: readonly string[],
  fresh: ReadonlyMap<string, FileRecord>,
): boolean {
  if (circling.length === 0) return false;
  return touched.some((file) => circling.includes(file)) || [...fresh.values()].some(({ hasCircle }) => hasCircle);
}

/** The lock is a file of the project, without a record. */
function ledgerLock(ledger: Ledger): 0 | 1 {
  return ledger.stateOf(IMAGES_LOCK_FILE) === undefined ? 0 : 1;
}

function untrackedIn({ differing }: QuickLook, isOurs: (path: string) => boolean): readonly string[] {
  const untracked = [...differing].filter(([, { isUntracked, state }]) => isUntracked && state !== NO_FILE);
  return untracked.flatMap(([path]) => (isOurs(path) ? [path] : [])).sort();
}

/** Whether a folder has got its first file, or lost its last. */
function haveFoldersMoved(ledger: Ledger, changed: ReadonlyMap<string, string>): boolean {
  const more = new Map<string, number>();
  for (const [path, state] of changed) {
    const step = Number(state !== NO_FILE) - Number(ledger.stateOf(path) !== undefined);
    if (step === 0) continue;
    for (const folder of foldersAbove(path)) more.set(folder, (more.get(folder) ?? 0) + step);
  }
  return [...more].some(([folder, step]) => {
    const before = ledger.filesIn(folder);
    return before > 0 !== before + step > 0;
  });
}
