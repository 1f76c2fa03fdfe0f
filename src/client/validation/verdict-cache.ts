import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MAX_KEPT_VERDICTS, MAX_VERDICT_BYTES, sha256 } from '../../base/index.ts';
import type { Verdict } from './verdict.ts';

/** `$XDG_CACHE_HOME/pipectl`, by default `~/.cache/pipectl` (XDG Base Directory Specification 0.8). */
export function defaultCacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  // The specification: a relative path is invalid and to be ignored.
  const base = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'pipectl');
}

/**
 * The last verdict of the project at `root`, when it was given under this key. A file that is missing, too large, cut,
 * or otherwise not what was written is as none.
 */
export function readVerdict(folder: string, root: string, key: string): Verdict | undefined {
  try {
    const file = fileOf(folder, root);
    if (statSync(file).size > MAX_VERDICT_BYTES) return undefined;
    const text = readFileSync(file, 'utf8');
    const body = text.slice(HEAD_LENGTH);
    return text.slice(0, HEAD_LENGTH) === headOf(key, body) ? (JSON.parse(body) as Verdict) : undefined;
  } catch {
    // Nothing kept, or not to be read: the folder is validated anew.
    return undefined;
  }
}

/** Keeps a verdict in place of the last one of this project. That it cannot be kept costs time only, so it is not told. */
export function keepVerdict(folder: string, root: string, key: string, verdict: Verdict): void {
  const body = JSON.stringify(verdict);
  if (HEAD_LENGTH + Buffer.byteLength(body) > MAX_VERDICT_BYTES) return;
  try {
    const verdicts = join(folder, VERDICTS);
    mkdirSync(verdicts, { recursive: true, mode: 0o700 });
    const file = fileOf(folder, root);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${headOf(key, body)}${body}`, { mode: 0o600 });
    renameSync(draft, file);
    removeOldest(verdicts);
  } catch {
    // A full disk or a folder of somebody else.
  }
}

const VERDICTS = 'verdicts';

/** Key and checksum, a line each. */
function headOf(key: string, body: string): string {
  return `${key}\n${sha256(`${key}\n${body}`)}\n`;
}

const HEAD_LENGTH = 2 * 65;

function fileOf(folder: string, root: string): string {
  return join(folder, VERDICTS, sha256(root));
}

function removeOldest(verdicts: string): void {
  const names = readdirSync(verdicts);
  if (names.length <= MAX_KEPT_VERDICTS) return;
  const byAge = names
    .map((name) => ({ name, writtenMs: statSync(join(verdicts, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.writtenMs - a.writtenMs);
  for (const { name } of byAge.slice(MAX_KEPT_VERDICTS)) rmSync(join(verdicts, name), { force: true });
}
