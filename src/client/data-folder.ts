import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_DATA_HOME/pipectl`, by default `~/.local/share/pipectl` (XDG Base Directory Specification 0.8). */
export function defaultDataFolder(env: Readonly<Record<string, string | undefined>>): string {
  // The specification: a relative path is invalid and to be ignored.
  const base = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(homedir(), '.local', 'share');
  return join(base, 'pipectl');
}
