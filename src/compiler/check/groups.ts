import { CHECK_GROUPS } from '../../base/index.ts';
import type { FileFacts } from './file-facts.ts';

/** Files that are checked together, with those that they need beside them. Each in order. */
export interface CheckGroup {
  readonly own: readonly string[];
  readonly others: readonly string[];
}

/** Where the names of a commit stand, as far as it matters to more than one file. */
export interface NameTable {
  /** Keys that some file refers to and none declares or tries to. */
  readonly unknown: ReadonlySet<string>;
  /** File → the files that must be at hand when it is checked. */
  readonly needsOf: (file: string) => readonly string[];
}

/** The names of all files of a commit, given in order. */
export function nameTable(files: readonly FileFacts[]): NameTable {
  const referred = new Set(files.flatMap(({ refs }) => refs));
  const shared = new Set<string>();
  const declared = new Set<string>();
  for (const facts of files) {
    for (const key of namesIn(facts)) {
      if (declared.has(key)) shared.add(key);
      else declared.add(key);
    }
  }
  /** Key → the files that declare it or try to, in order. */
  const filesOf = new Map<string, string[]>();
  const byFile = new Map<string, FileFacts>();
  for (const facts of files) {
    const names = namesIn(facts).filter((key) => referred.has(key) || shared.has(key));
    if (names.length > 0 || facts.refs.length > 0) byFile.set(facts.file, facts);
    for (const key of names) if (filesOf.get(key)?.at(-1) !== facts.file) append(filesOf, key, facts.file);
  }
  const needsOf = (file: string): readonly string[] => {
    const facts = byFile.get(file);
    if (facts === undefined) return [];
    const needed = new Set<string>();
    const add = (key: string): void => {
      for (const other of filesOf.get(key) ?? []) if (other !== file) needed.add(other);
    };
    for (const key of facts.refs) add(key);
    // Of definitions with one name, which counts shows only where all are seen.
    for (const key of namesIn(facts)) add(key);
    return [...needed];
  };
  return { unknown: new Set([...referred].filter((key) => !declared.has(key))), needsOf };
}

/** What a file declares, those definitions included that have errors. */
export function namesIn({ declared, broken }: FileFacts): readonly string[] {
  return broken.length === 0 ? declared : [...declared, ...broken];
}

/** The names of each kind, when some file refers to what nobody declares: a did-you-mean looks through all of them. */
export function namesToSuggest(
  files: readonly FileFacts[],
  { unknown }: NameTable,
): ReadonlyMap<string, readonly string[]> | undefined {
  if (unknown.size === 0) return undefined;
  const names = new Map<string, string[]>();
  for (const key of new Set(files.flatMap(namesIn))) {
    const slash = key.indexOf('/');
    append(names, key.slice(0, slash), key.slice(slash + 1));
  }
  return names;
}

/** How large groups may be. */
export interface GroupBounds {
  /** Files of the commit. */
  readonly total: number;
  /** Files of one group. */
  readonly size?: number | undefined;
}

/**
 * Parts files into groups, each with all that its files need at any depth. Undefined when so much would be read again
 * and again that checking everything at once costs less.
 */
export function groupsOf(
  files: readonly string[],
  { needsOf }: Pick<NameTable, 'needsOf'>,
  { total, size = CHECK_GROUPS.files }: GroupBounds,
): CheckGroup[] | undefined {
  const groups: CheckGroup[] = [];
  let read = 0;
  for (let at = 0; at < files.length; at += size) {
    const own = files.slice(at, at + size);
    const reached = new Set(own);
    for (const file of reached) for (const other of needsOf(file)) reached.add(other);
    read += reached.size;
    if (read > files.length + total * CHECK_GROUPS.rereads) return undefined;
    const mine = new Set(own);
    groups.push({ own, others: [...reached].filter((file) => !mine.has(file)).sort() });
  }
  return groups;
}

/**
 * The files whose records a change of some files makes others, at most `most`; undefined when they are more. Those are the
 * changed ones, what refers to them at any depth, and what has a name in common with one of these. `before`: of all files;
 * `after`: of the changed ones.
 */
export function touchedFiles(
  changed: ReadonlySet<string>,
  before: readonly FileFacts[],
  after: readonly FileFacts[],
  most: number,
): ReadonlySet<string> | undefined {
  const facts = [...before, ...after];
  const dependents = new Map<string, string[]>();
  for (const one of facts) for (const key of one.refs) append(dependents, key, one.file);
  const unknown = new Set(dependents.keys());
  if (unknown.size > 0) for (const one of facts) for (const key of namesIn(one)) unknown.delete(key);
  const touched = new Set(changed);
  // What is meant by a name that nobody has depends on all names.
  for (const key of unknown) for (const file of dependents.get(key) ?? []) touched.add(file);
  for (let size = 0; size < touched.size; ) {
    size = touched.size;
    const shared = new Set<string>();
    // Where nothing refers to another file, only files that are touched already are asked for their names.
    const asked = dependents.size > 0 ? facts : facts.filter(({ file }) => touched.has(file));
    const byFile = Map.groupBy(asked, ({ file }) => file);
    for (const file of touched) {
      if (touched.size > most) return undefined;
      for (const key of (byFile.get(file) ?? []).flatMap(namesIn)) {
        shared.add(key);
        for (const other of dependents.get(key) ?? []) touched.add(other);
      }
    }
    for (const one of facts) if (namesIn(one).some((key) => shared.has(key))) touched.add(one.file);
  }
  return touched.size > most ? undefined : touched;
}

function append<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
