import { accessSync, constants, statSync } from 'node:fs';

/**
 * The program that `name` means: a path as it is (relative ones to the working directory, where the process starts),
 * a plain name looked up in `searchPath`, as execvp(3) does. Undefined: not found or not executable.
 */
export function resolveCommand(name: string, searchPath: string, known: Map<string, string>): string | undefined {
  if (name.includes('/')) return name;
  const key = `${searchPath}\0${name}`;
  const cached = known.get(key);
  if (cached !== undefined && isProgram(cached)) return cached;
  for (const folder of searchPath.split(':')) {
    const path = `${folder === '' ? '.' : folder}/${name}`;
    if (!isProgram(path)) continue;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, path);
    return path;
  }
  return undefined;
}

const MAX_KNOWN = 256;

function isProgram(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
