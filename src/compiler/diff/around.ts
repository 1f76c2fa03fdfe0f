import { parseDefinitions } from '../../language/index.ts';
import { type FileFacts, factsOf } from '../check/file-facts.ts';
import { namesIn } from '../check/groups.ts';
import { type NameScan, openNameScan } from './name-scan.ts';

/** The definition files of two commits. */
export interface FilesToCompare {
  /** Texts of the files that differ, of either commit, by path. */
  readonly changed: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Texts of the files that both have. */
  readonly same: ReadonlyMap<string, Uint8Array>;
  /** Folders in which anything differs, `''` for the root: tasks may have them as their source. */
  readonly folders: ReadonlySet<string>;
  /** Other files that differ and that schedules may name. */
  readonly files?: ReadonlySet<string>;
}

/** The files that both commits have and that say what a change means. */
export interface FilesAround {
  /** What refers to a changed file at any depth, or declares what it declares; and all policies. */
  readonly touched: ReadonlySet<string>;
  /** What those refer to. */
  readonly named: ReadonlySet<string>;
}

/**
 * The files around a change, found by the names that stand in their texts: a file that does not mention a name refers to
 * nothing of that name. Undefined where names lead to more than half of all files, or to a declaration that is not found:
 * then only the whole tells.
 */
export function filesAround({ changed, same, folders, files = new Set() }: FilesToCompare): FilesAround | undefined {
  const touched = new Set<string>();
  const named = new Set<string>();
  const declared = new Set<string>();
  const referred = new Set<string>();
  const scan = openNameScan();
  scan.seek('Policy');
  for (const folder of folders) if (!seekFolder(scan, folder)) return undefined;
  for (const file of files) if (!seekFile(scan, file)) return undefined;
  const learn = (facts: FileFacts, isTouched: boolean): void => {
    for (const key of namesIn(facts)) {
      declared.add(key);
      if (isTouched) scan.seek(nameOf(key));
    }
    for (const key of facts.refs) {
      referred.add(key);
      scan.seekAfter('name', nameOf(key), 'declaration');
    }
  };
  for (const [path, texts] of changed) for (const bytes of texts) learn(factsIn(path, bytes), true);
  while (scan.hasNews()) {
    scan.begin();
    for (const [path, bytes] of same) {
      if (touched.has(path)) continue;
      const found = scan.look(bytes);
      if (found === 'mention') touched.add(path);
      else if (found === 'declaration' && !named.has(path)) named.add(path);
      else continue;
      learn(factsIn(path, bytes), found === 'mention');
    }
    if (touched.size + named.size > same.size / 2) return undefined;
  }
  for (const path of touched) named.delete(path);
  return [...referred].every((key) => declared.has(key)) ? { touched, named } : undefined;
}

/** Asks for sources below a folder. False for one whose path has more than plain words. */
function seekFolder(scan: NameScan, folder: string): boolean {
  if (!/^[\w./-]*$/.test(folder)) return false;
  const segments = folder.split('/');
  const last = segments.pop() as string;
  const parents = segments.length === 0 ? ['source', '.'] : segments.slice(-1);
  for (const parent of parents) scan.seekAfter(parent, last === '' ? '.' : last, 'mention');
  return true;
}

/** Asks for a file by its path, which stands as one word. False for one whose path has more than plain words. */
function seekFile(scan: NameScan, file: string): boolean {
  if (!/^[\w./-]*$/.test(file)) return false;
  const segments = file.split('/');
  const last = segments.pop() as string;
  for (const parent of segments.length === 0 ? ['calendar', '.'] : segments.slice(-1)) {
    scan.seekAfter(parent, last, 'mention');
  }
  return true;
}

function factsIn(path: string, bytes: Uint8Array): FileFacts {
  return factsOf(path, parseDefinitions({ path, bytes }));
}

function nameOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
