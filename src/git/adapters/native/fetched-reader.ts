import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOid } from '../../index.ts';
import { readLoose } from './loose.ts';
import type { Quarantine } from './quarantine.ts';
import { type NativeReader, openNativeReader } from './reader.ts';
import type { RepositoryStore } from './repositories.ts';

/**
 * Reads what was fetched and what the repository has. A small fetch leaves its objects loose, and the reader of the
 * repository runs already: so no process has to start, unless the fetch came as a pack.
 */
export function openFetchedReader(
  repositories: RepositoryStore,
  name: string,
  quarantine: Quarantine,
): Pick<NativeReader, 'read' | 'close'> {
  const fetched = join(quarantine.gitDir, 'objects');
  const stored = join(repositories.path(name), 'objects');
  const whole = openNativeReader(quarantine.gitDir, repositories.env);
  const isPacked = hasPack(fetched);
  return {
    close: () => whole.close(),
    async read(oid, maxBytes) {
      if (!isOid(oid)) return { kind: 'missing' };
      const loose = readLoose(fetched, oid, maxBytes) ?? readLoose(stored, oid, maxBytes);
      if (loose !== undefined) return loose;
      if (isPacked) return whole.read(oid, maxBytes);
      const known = await repositories.reader(name).read(oid, maxBytes);
      return known.kind === 'missing' ? whole.read(oid, maxBytes) : known;
    },
  };
}

function hasPack(objects: string): boolean {
  try {
    return readdirSync(join(objects, 'pack')).some((name) => name.endsWith('.pack'));
  } catch {
    return false;
  }
}
