import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { READER_IDLE_MS, WaitError } from '../../../base/index.ts';
import { isOid, type ObjectReader, type Oid } from '../../index.ts';
import { readLooseObject } from './loose-object.ts';
import { openPackReader, type PackReader } from './pack-reader.ts';

/** A reader that remembers the indexes of packs while it is used. */
export interface FolderReader extends ObjectReader {
  has(oid: Oid): boolean;
  /** Forgets them; a later read reads them again. */
  close(): void;
}

/** The packs of one `objects` folder as they were when it was last looked at. */
interface OpenFolder {
  readonly folder: string;
  readonly packs: Map<string, PackReader>;
  lookedAt: number;
}

/**
 * Reads objects of `objects` folders as git lays them out, those that have a file of their own and those in packs, the
 * first folder first. Packs that come later are found; what nobody used for READER_IDLE_MS is forgotten.
 */
export function openFolderReader(folders: readonly string[]): FolderReader {
  const open: OpenFolder[] = folders.map((folder) => ({ folder, packs: new Map(), lookedAt: -1 }));
  let idle: NodeJS.Timeout | undefined;
  let reading = 0;
  const close = (): void => {
    clearTimeout(idle);
    idle = undefined;
    for (const folder of open) closePacks(folder);
  };
  const touch = (): void => {
    idle ??= setTimeout(() => {
      idle = undefined;
      if (reading === 0) close();
      else touch();
    }, READER_IDLE_MS).unref();
    idle.refresh();
  };
  return {
    close,
    has(oid) {
      touch();
      if (!isOid(oid)) return false;
      return open.some((folder) => {
        if (packsOf(folder).some((pack) => pack.has(oid))) return true;
        const file = join(folder.folder, oid.slice(0, 2), oid.slice(2));
        return statSync(file, { throwIfNoEntry: false }) !== undefined;
      });
    },
    async read(oid, maxBytes) {
      if (!isOid(oid)) return { kind: 'missing' };
      touch();
      reading += 1;
      try {
        for (const folder of open) {
          const loose = readLooseObject(folder.folder, oid, maxBytes);
          if (loose !== undefined) return loose;
          for (const pack of packsOf(folder)) {
            const found = await pack.read(oid, maxBytes);
            if (found !== undefined) return found;
          }
        }
        return { kind: 'missing' };
      } catch (error) {
        throw new WaitError(`object ${oid} could not be read: ${(error as Error).message}`, 1_000, { cause: error });
      } finally {
        reading -= 1;
      }
    },
  };
}

/** More than any file system's clock takes to its next step. */
const CLOCK_GRAIN_MS = 2_000;

/** Looks for new packs when the folder says that something changed in it. */
function packsOf(open: OpenFolder): readonly PackReader[] {
  const folder = join(open.folder, 'pack');
  const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? -1;
  if (changedAt !== open.lookedAt) {
    // A folder that just changed may change once more within the grain of its clock.
    open.lookedAt = Date.now() - changedAt < CLOCK_GRAIN_MS ? -1 : changedAt;
    const names = changedAt < 0 ? [] : readdirSync(folder).filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name));
    for (const name of names) {
      const path = join(folder, name.slice(0, -'.idx'.length));
      if (open.packs.has(path)) continue;
      const pack = openPackReader(path);
      if (pack !== undefined) open.packs.set(path, pack);
    }
  }
  return [...open.packs.values()];
}

function closePacks(open: OpenFolder): void {
  open.packs.clear();
  open.lookedAt = -1;
}
