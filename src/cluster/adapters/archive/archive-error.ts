import { StalledError } from '../../../base/index.ts';

/** SQLite's own number for an error, or undefined for an error of another kind. */
export function sqliteCode(cause: unknown): number | undefined {
  const code = (cause as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code : undefined;
}

/** SQLITE_IOERR_SHMSIZE: no room for the file that its readers and writers share. */
const SHM_SIZE = 4_874;

/** What a person must know when the archive's file refuses; `code` is SQLite's (https://www.sqlite.org/rescode.html). */
export function archiveError(path: string, code: number | undefined, why: string, cause?: unknown): StalledError {
  const options = { cause };
  // The low byte tells the kind: 13 FULL, 8 READONLY, 14 CANTOPEN, 11 CORRUPT, 26 NOTADB.
  const kind = code === undefined ? undefined : code & 0xff;
  if (kind === 13 || code === SHM_SIZE) {
    return new StalledError('DiskFull', `no space left for the archive ${path}: free some, it goes on then`, options);
  }
  if (kind === 8 || kind === 14) {
    return new StalledError('FolderNotWritable', `cannot write to the archive ${path}: check its permissions`, options);
  }
  if (kind === 11 || kind === 26) {
    return new StalledError(
      'ArchiveUnusable',
      `${path} cannot be used: ${why}; restore it from a copy or move it away`,
      options,
    );
  }
  return new StalledError('ArchiveFailed', `the archive ${path} failed: ${why}; check the disk`, options);
}
