import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOid, type ObjectReader, type Oid, type ReadResult } from '../../index.ts';
import { readLoose } from './loose.ts';

/** A repository that is being pushed to. */
export interface PushTarget {
  readonly gitDir: string;
  /** Reads what the repository has. */
  readonly stored: ObjectReader;
}

/** git's name for the folder, inside the objects folder, that holds what a push brings until it is accepted. */
const QUARANTINE = /^tmp_objdir-[A-Za-z0-9_-]{1,100}$/;

/**
 * Reads the objects of a repository and those that a push brings. A push of a few leaves them loose, and what they
 * are compared with is stored, so no process has to start; `hooked` starts one, through the hook, for what is left:
 * the packs of a large push.
 */
export function createPushReader(quarantine: string, target: PushTarget, hooked: () => ObjectReader): ObjectReader {
  if (!QUARANTINE.test(quarantine)) return { read: (oid, maxBytes) => hooked().read(oid, maxBytes) };
  const objects = join(target.gitDir, 'objects');
  const pushed = join(objects, quarantine);
  const isPacked = hasPack(pushed);
  return {
    async read(oid: Oid, maxBytes: number): Promise<ReadResult> {
      if (!isOid(oid)) return { kind: 'missing' };
      const loose = readLoose(pushed, oid, maxBytes) ?? readLoose(objects, oid, maxBytes);
      if (loose !== undefined) return loose;
      if (isPacked) return hooked().read(oid, maxBytes);
      const stored = await target.stored.read(oid, maxBytes);
      return stored.kind === 'missing' ? hooked().read(oid, maxBytes) : stored;
    },
  };
}

function hasPack(quarantine: string): boolean {
  try {
    return readdirSync(join(quarantine, 'pack')).some((name) => name.endsWith('.pack'));
  } catch {
    return false;
  }
}
