import { homedir } from 'node:os';
import { join } from 'node:path';
import { MAX_KEPT_VERDICTS, MAX_VERDICT_BYTES } from '../../base/index.ts';
import { type KeptFiles, keep, readKept } from './kept-file.ts';
import type { Verdict } from './verdict.ts';

const VERDICTS: KeptFiles = { name: 'verdicts', maxBytes: MAX_VERDICT_BYTES, most: MAX_KEPT_VERDICTS };

/** `$XDG_CACHE_HOME/pipectl`, by default `~/.cache/pipectl` (XDG Base Directory Specification 0.8). */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  // The specification: a relative path is invalid and to be ignored.
  const base = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'pipectl');
}

/** The last verdict of the project at `root`, when it was given under this key. */
export function readVerdict(folder: string, root: string, key: string): Verdict | undefined {
  const text = readKept(VERDICTS, folder, root, key);
  return text === undefined ? undefined : (JSON.parse(text) as Verdict);
}

/** Keeps a verdict in place of the last one of this project. */
export function keepVerdict(folder: string, root: string, key: string, verdict: Verdict): void {
  keep(VERDICTS, folder, root, key, JSON.stringify(verdict));
}
