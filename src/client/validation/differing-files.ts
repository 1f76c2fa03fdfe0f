/** A path at which something else stands than git's index has there. */
export interface DifferingFile {
  readonly path: string;
  /** The index has nothing there. */
  readonly isUntracked: boolean;
  /** There may be nothing there at all. */
  readonly mayBeGone: boolean;
}

/**
 * Asks git for what differs from the index. It does so in several threads, and does not write the index anew. Submodules are
 * not looked into: what they hold is no part of a commit.
 */
export const STATUS = ['status', '--porcelain', '-z', '-uall', '--no-renames', '--ignore-submodules=dirty'] as const;

/** The same in one thread, for a folder inside of a work tree: its paths are relative to the folder. */
export const LIST = ['ls-files', '-z', '-t', '--modified', '--deleted', '--others', '--exclude-standard'] as const;

/** What `STATUS` says; undefined when something unusual stands in it. */
export function filesOfStatus(told: string): readonly DifferingFile[] | undefined {
  const files: DifferingFile[] = [];
  for (const record of told.split('\0')) {
    if (record === '') continue;
    const [, index, file] = /^([ AMTD?])([ AMTD?]) /.exec(record) ?? [];
    // In the middle of a merge a path may be both added or both deleted; other letters are for those who look closer.
    if (index === undefined || file === undefined || index + file === 'AA' || index + file === 'DD') return undefined;
    if (file === ' ') continue;
    files.push({ path: record.slice(3), isUntracked: file === '?', mayBeGone: file === 'D' });
  }
  return files;
}

/** What `LIST` says; undefined as above. */
export function filesOfList(told: string): readonly DifferingFile[] | undefined {
  const files = new Map<string, DifferingFile>();
  for (const record of told.split('\0')) {
    if (record === '') continue;
    if (!/^[CR?] /.test(record)) return undefined;
    const path = record.slice(2);
    // Deleted files come twice, as changed ones too.
    if (!files.has(path)) files.set(path, { path, isUntracked: record.startsWith('?'), mayBeGone: true });
  }
  return [...files.values()];
}
