import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isOid, type Oid, type PackAnswer, QUARANTINE_PREFIX, type Repositories } from '../../index.ts';
import { type FolderReader, openFolderReader } from './folder-reader.ts';
import { syncFolder } from './plain-refs.ts';

/** A folder for what is fetched for one repository, on its file system: landing only renames files. */
export interface Quarantine {
  /** Reads what was fetched and what the repository has. */
  readonly objects: FolderReader;
  /** Commits whose parents are missing, in the repository and in what was fetched. */
  readonly shallow: ReadonlySet<Oid>;
  /** Blobs may be missing, since a filter left some out. */
  readonly isPartial: boolean;
  /** Where a new pack and its index are to be written. */
  newPack(): NewPack;
  /** Notes what came with a pack that was taken in. */
  keep(pack: NewPack, answer: PackAnswer, isFiltered: boolean): void;
  /** Moves what was fetched into the repository. */
  land(): Promise<void>;
  remove(): Promise<void>;
}

/** Files of one pack that is being fetched. */
export interface NewPack {
  readonly pack: string;
  readonly index: string;
  /** Git's mark of a pack whose objects may refer to blobs that are not there. */
  readonly promisor: string;
}

export async function openQuarantine(repositories: Repositories, name: string): Promise<Quarantine> {
  const main = repositories.path(name);
  const folder = await mkdtemp(join(repositories.folder, `${QUARANTINE_PREFIX}${name}-`));
  const packs = join(folder, 'objects', 'pack');
  // Out of sight of readers until it is looked through.
  const incoming = join(folder, 'incoming');
  for (const part of [packs, incoming]) await mkdir(part, { recursive: true });
  const objects = openFolderReader([join(folder, 'objects'), join(main, 'objects')]);
  const shallow = new Set(readShallow(main));
  let isCutAnew = false;
  return {
    objects,
    shallow,
    isPartial: hasPromisor(join(main, 'objects', 'pack')),
    newPack() {
      // Nobody looks at the name but git, which wants digits in it.
      const path = join(incoming, `pack-${randomBytes(20).toString('hex')}`);
      return { pack: `${path}.pack`, index: `${path}.idx`, promisor: `${path}.promisor` };
    },
    keep(files, answer, isFiltered) {
      if (isFiltered) writeFileSync(files.promisor, '');
      for (const file of [...(isFiltered ? [files.promisor] : []), files.pack, files.index]) {
        renameSync(file, join(packs, basename(file)));
      }
      isCutAnew ||= answer.shallow.length > 0 || answer.unshallow.length > 0;
      for (const oid of answer.shallow) shallow.add(oid);
      for (const oid of answer.unshallow) shallow.delete(oid);
    },
    async land() {
      const to = join(main, 'objects', 'pack');
      // A pack counts once its index is there, so that comes last.
      for (const ending of ['.promisor', '.pack', '.idx']) {
        const files = (await readdir(packs)).filter((file) => file.endsWith(ending));
        for (const file of files) await rename(join(packs, file), join(to, file));
      }
      syncFolder(to);
      if (isCutAnew) await writeShallow(main, shallow);
    },
    async remove() {
      objects.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasPromisor(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.promisor'));
}

function readShallow(gitDir: string): Oid[] {
  const file = join(gitDir, 'shallow');
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').filter(isOid) : [];
}

/** Where the history was cut off must be known before a ref shows it. */
async function writeShallow(gitDir: string, shallow: ReadonlySet<Oid>): Promise<void> {
  const file = join(gitDir, 'shallow');
  if (shallow.size === 0) return rm(file, { force: true });
  await writeFile(`${file}.draft`, [...shallow].map((oid) => `${oid}\n`).join(''), { flush: true });
  await rename(`${file}.draft`, file);
}
