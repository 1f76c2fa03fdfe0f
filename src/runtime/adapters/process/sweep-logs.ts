import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LOG_SWEEP_FILES_AT_A_TIME, type UnixMs } from '../../../base/index.ts';

/** How long logs are kept and how much room they may take together. */
export interface LogLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

interface LogFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly writtenAt: UnixMs;
}

/**
 * Removes logs that were last written before the longest age, and the oldest of those beyond the room; never one of an
 * attempt that `isLive`. Resolves with how many. Files that nobody here made are left alone.
 */
export async function sweepLogs(
  folder: string,
  limits: LogLimits,
  now: UnixMs,
  isLive: (uid: string) => boolean,
): Promise<number> {
  const newestFirst = (await filesOf(folder, isLive)).sort((a, b) => b.writtenAt - a.writtenAt);
  let keptBytes = 0;
  let removed = 0;
  for (const { path, sizeBytes, writtenAt } of newestFirst) {
    if (now - writtenAt <= limits.maxAgeMs && keptBytes + sizeBytes <= limits.maxBytes) {
      keptBytes += sizeBytes;
      continue;
    }
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

async function filesOf(folder: string, isLive: (uid: string) => boolean): Promise<LogFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files: LogFile[] = [];
  const ended = names.filter((name) => !isLive(name));
  for (let at = 0; at < ended.length; at += LOG_SWEEP_FILES_AT_A_TIME) {
    const some = ended.slice(at, at + LOG_SWEEP_FILES_AT_A_TIME).map((name) => fileOf(join(folder, name)));
    for (const file of await Promise.all(some)) if (file !== undefined) files.push(file);
  }
  return files;
}

async function fileOf(path: string): Promise<LogFile | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, sizeBytes: size, writtenAt: mtimeMs };
  } catch (error) {
    // Gone meanwhile: its pod was made and deleted by somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
