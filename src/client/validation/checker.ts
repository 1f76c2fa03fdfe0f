import { CHECK_GROUPS } from '../../base/index.ts';
import {
  type CheckGroup,
  type CheckScope,
  checkFiles,
  type FileFacts,
  type FileRecord,
  type ProjectSettings,
  type ReadFile,
  readFile,
} from '../../compiler/index.ts';
import { type DefinitionOf, parseDefinitions } from '../../language/index.ts';
import { type FolderNames, folderId } from '../compile-work-tree.ts';
import { readWorkFile, workFileReader } from '../work-tree.ts';

/** What a checker is told before it looks at files; data, where threads are sent it. */
export interface CheckSetup {
  readonly root: string;
  readonly settings: ProjectSettings;
  /** Bytes of images.lock. */
  readonly lock: Uint8Array | undefined;
  /** Every folder that holds a file. */
  readonly folders: FolderNames;
  /** Files of dates that are there. */
  readonly calendars: FolderNames;
  /** Files that may hold policies: those found there judge. */
  readonly policyFiles: readonly string[];
  /** Names by kind, for a did-you-mean. */
  readonly names: ReadonlyMap<string, readonly string[]> | undefined;
}

/** A file that refers to nothing outside of itself is checked at once; of others only the facts are told at first. */
export type FirstLook =
  | { readonly kind: 'facts'; readonly facts: FileFacts }
  | { readonly kind: 'record'; readonly record: FileRecord };

/** Checks files of one project in this thread. */
export interface Checker {
  look(file: string): FirstLook;
  checkGroup(group: CheckGroup): readonly FileRecord[];
}

/** `readBytes` gives the bytes of a file that holds no definitions. */
export function createChecker(setup: CheckSetup, reader: Reader, readBytes = fileReader(setup.root)): Checker {
  const read = (file: string): ReadFile => reader(setup.root, file);
  const policies = policiesOf(setup.policyFiles.map(read));
  const scope: CheckScope = {
    project: setup.settings,
    policies,
    lock: setup.lock,
    fileOf: (path) => (setup.calendars.has(path) ? readBytes(path) : undefined),
    treeOf: (folder) => folderId(setup.folders, folder),
    namesOf: (kind) => setup.names?.get(kind) ?? [],
  };
  return {
    look(file) {
      const one = read(file);
      if (one.facts.refs.length > 0) return { kind: 'facts', facts: one.facts };
      const [record] = checkFiles(scope, [one]);
      return record === undefined ? { kind: 'facts', facts: one.facts } : { kind: 'record', record };
    },
    checkGroup: ({ own, others }) => checkFiles(scope, own.map(read), others.map(read)),
  };
}

/** Each file is read once: many schedules may name one. */
function fileReader(root: string): (path: string) => Uint8Array {
  const files = new Map<string, Uint8Array>();
  return (path) => {
    const bytes = files.get(path) ?? readWorkFile(root, path);
    files.set(path, bytes);
    return bytes;
  };
}

/** Reads and parses a file of the project at `root`. */
export type Reader = (root: string, file: string) => ReadFile;

/** Reads files of one project, and keeps the last that refer to others or wait for others: they will be asked for again. */
export function createReader(): Reader {
  const kept = new Map<string, { readonly one: ReadFile; readonly size: number }>();
  let size = 0;
  const readBytes = workFileReader();
  return (root, file) => {
    const known = kept.get(file);
    if (known !== undefined) return known.one;
    const bytes = readBytes(root, file);
    const one = readFile(file, parseDefinitions({ path: file, bytes }));
    if (one.facts.refs.length === 0 && one.facts.idle.length === 0) return one;
    kept.set(file, { one, size: bytes.length });
    size += bytes.length;
    for (const [oldest, { size: freed }] of kept) {
      if (size <= CHECK_GROUPS.parsedBytes) break;
      kept.delete(oldest);
      size -= freed;
    }
    return one;
  };
}

/** In the order of their names; of two with one name the first counts. */
function policiesOf(files: readonly ReadFile[]): readonly DefinitionOf<'Policy'>[] {
  const byName = new Map<string, DefinitionOf<'Policy'>>();
  for (const { parsed } of files) {
    for (const document of parsed.documents)
      if (document.kind === 'Policy' && !byName.has(document.name)) byName.set(document.name, document);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
