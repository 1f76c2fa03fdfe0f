import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type UnixMs } from '../base/index.ts';
import { AUDIT_FILE, AUDIT_FOLDER, type AuditEntry, isOldAuditFile } from '../cluster/index.ts';

/** Which entries are wanted; what is absent does not count. */
export interface AuditQuery {
  readonly user?: string;
  readonly verb?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly since?: UnixMs;
  /** Only what was not done. */
  readonly isRefused?: boolean;
}

/**
 * The newest entries of a control plane's audit log that the query asks for, the oldest of them first; undefined when
 * there is no log. It is read from the data folder: so it can be read when nothing runs, and by nobody else than who
 * owns it. A line that is cut, as by a power failure, is passed over.
 */
export function readAudit(dataFolder: string, query: AuditQuery, limit: number): readonly AuditEntry[] | undefined {
  const folder = join(dataFolder, AUDIT_FOLDER);
  const names = fileNames(folder);
  if (names === undefined) return undefined;
  const found: AuditEntry[] = [];
  for (const name of names) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    for (let at = lines.length - 1; at >= 0 && found.length < limit; at -= 1) {
      const entry = entryOf(lines[at] as string);
      if (entry === undefined) continue;
      // Lines are in the order of time: what is before this one is older still.
      if (query.since !== undefined && Date.parse(entry.at) < query.since) return found.reverse();
      if (isWanted(entry, query)) found.push(entry);
    }
    if (found.length >= limit) break;
  }
  return found.reverse();
}

/** The newest first. */
function fileNames(folder: string): readonly string[] | undefined {
  try {
    const all = readdirSync(folder);
    return [...all.filter((name) => name === AUDIT_FILE), ...all.filter(isOldAuditFile).sort().reverse()];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function entryOf(line: string): AuditEntry | undefined {
  if (line === '') return undefined;
  try {
    const value = JSON.parse(line);
    return isJsonObject(value) && typeof value.at === 'string' ? (value as unknown as AuditEntry) : undefined;
  } catch {
    return undefined;
  }
}

function isWanted(entry: AuditEntry, { user, verb, kind, name, isRefused }: AuditQuery): boolean {
  if (user !== undefined && entry.user !== user) return false;
  if (verb !== undefined && entry.verb !== verb) return false;
  if (kind !== undefined && entry.kind !== kind) return false;
  if (name !== undefined && entry.name !== name) return false;
  return isRefused !== true || entry.outcome !== 'done';
}
