import { MAX_RECHECKED_FILES } from '../../base/index.ts';
import {
  type CheckGroup,
  type Conclusion,
  conclude,
  declaresPolicy,
  type FileFacts,
  type FileRecord,
  groupsOf,
  haveSameScope,
  type NameTable,
  namesToSuggest,
  nameTable,
  normalisePath,
  type OpenProject,
  type ProjectSettings,
  touchedFiles,
} from '../../compiler/index.ts';
import { type Definition, IMAGES_LOCK_FILE, parseDefinitions } from '../../language/index.ts';
import { compileListed, definitionFiles, type FolderNames, folderId, foldersOf } from '../compile-work-tree.ts';
import { readWorkFile, type WorkTree } from '../work-tree.ts';
import { openProjectOf } from './check-project.ts';
import { type CheckThreads, startThreads } from './check-threads.ts';
import type { CheckWorker } from './check-workers.ts';
import type { CheckSetup } from './checker.ts';
import type { Verdict } from './verdict.ts';
import type { NotedRecord } from './written-record.ts';

/** What a check of a folder gives. */
export interface CheckedFolder {
  readonly verdict: Verdict;
  /** Of all files, to begin with next time; absent where only the whole could tell. */
  readonly records?: CheckedRecords;
  /** Of a project whose document is right. */
  readonly settings?: ProjectSettings;
}

export interface CheckedRecords {
  /** In order. */
  readonly files: readonly FileRecord[];
  /** By file, as it is kept; absent where something was taken from before. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** What is kept of a project that was checked as a whole. */
export interface KeptRecords {
  readonly settings: ProjectSettings;
  readonly files: readonly FileRecord[];
  /** Every folder that held a file. */
  readonly folders: ReadonlySet<string>;
}

/** What was kept of the folder before, and which of its files differ now. */
export interface Before {
  readonly kept: KeptRecords;
  readonly changed: ReadonlySet<string>;
}

export interface CheckOptions {
  readonly before?: Before | undefined;
  /** Threads at most, this one included; as many as there are processors, up to a bound. */
  readonly threads?: number;
  /** Files that are checked together. */
  readonly groupSize?: number;
  /** Threads that were started before, to be used in place of new ones. */
  readonly workers?: readonly CheckWorker[] | undefined;
}

/**
 * Validates a listed folder: in parts, on several processors when it is large, or only where it has changed. The verdict
 * is what compiling everything at once says, which is done where parts cannot know.
 */
export async function checkListed(tree: WorkTree, options: CheckOptions = {}): Promise<CheckedFolder> {
  const { before } = options;
  const read = (path: string): Uint8Array => readWorkFile(tree.root, path);
  const files = definitionFiles(tree, read);
  const opened = openCheck(tree, files, read);
  const whole = (): CheckedFolder => ({ verdict: wholeVerdict(tree, files) });
  if (opened === undefined) return whole();
  const records = (before && (await recheck(opened, before, options))) ?? (await checkAll(opened, options));
  const concluded = records && concludeFrom(opened, records.files);
  if (concluded === undefined) return whole();
  return { verdict: verdictOf(tree, files, concluded), records, settings: opened.setup.settings };
}

interface OpenCheck {
  readonly project: OpenProject;
  readonly setup: CheckSetup;
  /** Definition files in order, the lock left out. */
  readonly files: readonly string[];
}

function openCheck(
  { root, paths }: WorkTree,
  listed: readonly string[],
  read: (path: string) => Uint8Array,
): OpenCheck | undefined {
  const found = openProjectOf(read, listed.includes(IMAGES_LOCK_FILE));
  if (found === undefined) return undefined;
  const { opened: project, lock } = found;
  const files = listed.filter((path) => path !== IMAGES_LOCK_FILE);
  const { settings } = project;
  // Where policies are by custom: they are read first, so that the rest can be judged at first sight.
  const policyFiles = files.filter((path) => /polic/i.test(path));
  const folders = foldersOf({ paths });
  const calendars = new Set(paths.filter((path) => path.endsWith('.dates')));
  return { project, files, setup: { root, settings, lock, folders, calendars, policyFiles, names: undefined } };
}

async function checkAll({ setup, files }: OpenCheck, options: CheckOptions): Promise<CheckedRecords | undefined> {
  const threads = startThreads(files.length, options.threads, options.workers);
  try {
    return await checkWith(threads, setup, files, options);
  } finally {
    threads.close();
  }
}

async function checkWith(
  threads: CheckThreads,
  guess: CheckSetup,
  files: readonly string[],
  { groupSize }: CheckOptions,
): Promise<CheckedRecords | undefined> {
  const looked = await threads.look(guess, files);
  const records = new Map(looked.records.map((one) => [one.record.file, one]));
  const others = new Map(looked.facts.map((one) => [one.file, one]));
  const facts = files.flatMap((file) => records.get(file)?.record ?? others.get(file) ?? []);
  const setup = { ...guess, policyFiles: policyFilesOf(facts) };
  // Policies that were not known at first are about everything.
  const isJudged = setup.policyFiles.every((file) => guess.policyFiles.includes(file));
  const table = nameTable(facts);
  const open = files.filter((file) => !isJudged || !records.has(file) || table.needsOf(file).length > 0);
  const groups = groupsOf(open, table, { total: files.length, size: groupSize });
  if (groups === undefined) return undefined;
  const names = namesToSuggest(facts, table);
  const check = (some: readonly CheckGroup[]) => threads.checkGroups({ ...setup, names }, some);
  for (const one of await check(groups)) records.set(one.record.file, one);
  if (!(await settleCircles(records, table, check))) return undefined;
  const checked = files.flatMap((file) => records.get(file) ?? []);
  return {
    files: checked.map(({ record }) => record),
    texts: new Map(checked.map(({ record, text }) => [record.file, text])),
  };
}

/**
 * Where workflows run each other in a circle, which of them is told depends on where one begins: so all files that lead into
 * circles are checked together, in their order, as compiling everything would come to them. False where that is too much.
 */
async function settleCircles(
  records: Map<string, Pick<NotedRecord, 'record'>>,
  table: NameTable,
  check: (groups: readonly CheckGroup[]) => Promise<readonly NotedRecord[]>,
): Promise<boolean> {
  const circling = [...records.values()].filter(({ record }) => record.hasCircle);
  const files = circling.map(({ record }) => record.file);
  if (files.length === 0) return true;
  const groups = groupsOf(files.sort(), table, { total: records.size, size: files.length });
  if (groups === undefined) return false;
  for (const one of await check(groups)) records.set(one.record.file, one);
  return true;
}

function policyFilesOf(facts: readonly FileFacts[]): readonly string[] {
  return facts.filter(declaresPolicy).map(({ file }) => file);
}

/** Checks again what has changed, and what depends on that. Undefined when that may be everything. */
async function recheck(
  opened: OpenCheck,
  { kept, changed }: Before,
  { groupSize }: CheckOptions,
): Promise<CheckedRecords | undefined> {
  const { setup, files, project } = opened;
  if (changed.has(IMAGES_LOCK_FILE)) return undefined;
  if (!haveSameScope(kept.settings, project.settings)) return undefined;
  const known = new Set(files);
  const before = kept.files.filter(({ file }) => changed.has(file) || known.has(file));
  if (before.length < kept.files.length) return undefined;
  const news = new Set(files);
  for (const { file } of before) news.delete(file);
  const isEdited = ({ file, calendars }: FileRecord): boolean =>
    changed.has(file) || calendars.some((path) => changed.has(path));
  const edited = before.filter(isEdited).map(({ file }) => file);
  const own = new Set([...edited, ...news, ...filesOfMovedFolders(kept, setup)]);
  if (own.size > MAX_RECHECKED_FILES) return undefined;
  const threads = startThreads(0);
  const looked = await threads.look(
    { ...setup, policyFiles: [] },
    [...own].filter((file) => known.has(file)),
  );
  const after = [...looked.facts, ...looked.records.map(({ record }) => record)];
  const policyFiles = policyFilesOf(before);
  if (policyFiles.some((file) => own.has(file)) || policyFilesOf(after).length > 0) return undefined;
  const touched = touchedFiles(own, before, after, MAX_RECHECKED_FILES);
  if (touched === undefined) return undefined;
  const current = new Map<string, FileRecord | FileFacts>(before.map((record) => [record.file, record]));
  for (const facts of after) current.set(facts.file, facts);
  const facts = files.flatMap((file) => current.get(file) ?? []);
  const table = nameTable(facts);
  const groups = groupsOf(
    files.filter((file) => touched.has(file)),
    table,
    { total: files.length, size: groupSize },
  );
  if (groups === undefined) return undefined;
  const there = before.filter(({ file }) => known.has(file));
  const records = new Map<string, Pick<NotedRecord, 'record'>>(there.map((record) => [record.file, { record }]));
  const names = namesToSuggest(facts, table);
  const check = (some: readonly CheckGroup[]) => threads.checkGroups({ ...setup, policyFiles, names }, some);
  for (const one of await check(groups)) records.set(one.record.file, one);
  if (!(await settleCircles(records, table, check))) return undefined;
  return { files: files.flatMap((file) => records.get(file)?.record ?? []) };
}

/** Files whose source folders have come or gone. */
function filesOfMovedFolders({ files, folders }: KeptRecords, setup: CheckSetup): readonly string[] {
  const isThere = (folder: string, among: FolderNames): boolean => {
    const path = normalisePath(folder);
    return path.kind === 'ok' && folderId(among, path.path) !== null;
  };
  const moved = new Map<string, boolean>();
  const hasMoved = (folder: string): boolean => {
    const known = moved.get(folder) ?? isThere(folder, folders) !== isThere(folder, setup.folders);
    moved.set(folder, known);
    return known;
  };
  return files.filter((record) => record.folders.some(hasMoved)).map(({ file }) => file);
}

function concludeFrom({ project, setup }: OpenCheck, files: readonly FileRecord[]): Conclusion | undefined {
  let last: { readonly file: string; readonly documents: readonly Definition[] } | undefined;
  return conclude(project, files, (file, key) => {
    if (last?.file !== file) {
      const { documents } = parseDefinitions({ path: file, bytes: readWorkFile(setup.root, file) });
      last = { file, documents };
    }
    return last.documents.find(({ kind, name }) => `${kind}/${name}` === key);
  });
}

function verdictOf(tree: WorkTree, files: readonly string[], { isValid, diagnostics, counts }: Conclusion): Verdict {
  const untracked = files.filter((path) => tree.untracked.has(path));
  return { isValid, diagnostics, counts, fileCount: files.length, untracked };
}

function wholeVerdict(tree: WorkTree, files: readonly string[]): Verdict {
  const { outcome } = compileListed(tree);
  const isValid = outcome.kind === 'compiled';
  const counts: Record<string, number> = {};
  if (isValid) for (const { kind } of outcome.changed) counts[kind] = (counts[kind] ?? 0) + 1;
  return verdictOf(tree, files, { isValid, diagnostics: outcome.diagnostics, counts });
}
