import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_SOURCE_BYTES, MAX_SOURCE_DEPTH, MAX_SOURCE_ENTRIES, StalledError } from '../base/index.ts';
import {
  type ObjectReader,
  type ObjectType,
  type Oid,
  parseTree,
  type TreeEntry,
  treeSource,
  walkTree,
} from '../git/index.ts';

/** Files that are read and written at the same time. */
const PARALLEL_FILES = 16;
/** A symbolic link's target; Linux allows no longer path (PATH_MAX). */
const MAX_LINK_BYTES = 4096;

interface Layout {
  readonly reader: ObjectReader;
  entries: number;
  bytes: number;
}

/**
 * Writes the content of a git tree into the new folder `into`: files 0444 or 0555, folders 0555, symbolic links as long
 * as they stay inside. Rejects with StalledError('SourceRefused') for submodules, forged names, links that lead out,
 * missing objects, and past MAX_SOURCE_ENTRIES, MAX_SOURCE_BYTES or MAX_SOURCE_DEPTH; `into` is then incomplete.
 */
export async function layOutTree(reader: ObjectReader, tree: Oid, into: string): Promise<void> {
  if (reader.prefetch !== undefined) await reader.prefetch(await blobsOf(reader, tree));
  await layOutFolder({ reader, entries: 0, bytes: 0 }, tree, into, '', 0);
}

/** The blobs of a tree, as many as may be laid out: what is wrong with it shows when that is done. */
async function blobsOf(reader: ObjectReader, tree: Oid): Promise<readonly Oid[]> {
  const blobs = new Set<Oid>();
  await walkTree(treeSource(reader, MAX_SOURCE_ENTRIES), tree, '', {
    folder: () => blobs.size <= MAX_SOURCE_ENTRIES,
    entry(_, { kind, oid }) {
      if (kind !== 'gitlink' && blobs.size < MAX_SOURCE_ENTRIES) blobs.add(oid);
    },
  });
  return [...blobs];
}

async function layOutFolder(layout: Layout, tree: Oid, into: string, path: string, depth: number): Promise<void> {
  if (depth > MAX_SOURCE_DEPTH) throw refused(path, `is more than ${MAX_SOURCE_DEPTH} folders deep`);
  const { entries, problems } = parseTree(await readObject(layout, tree, 'tree', path));
  const forged = problems.find((problem) => problem.severity === 'forged');
  if (forged !== undefined) throw refused(`${path}${JSON.stringify(forged.name)}`, forged.reason);
  layout.entries += entries.length;
  if (layout.entries > MAX_SOURCE_ENTRIES) {
    throw refused(
      path,
      `makes more than ${MAX_SOURCE_ENTRIES} files and folders; move what the task does not need out`,
    );
  }
  await mkdir(into, { mode: 0o700 });
  for (let index = 0; index < entries.length; index += PARALLEL_FILES) {
    const group = entries.slice(index, index + PARALLEL_FILES);
    await Promise.all(
      group.filter(({ kind }) => kind !== 'folder').map((entry) => layOutEntry(layout, entry, into, path, depth)),
    );
    for (const { kind, name, oid } of group) {
      if (kind === 'folder') await layOutFolder(layout, oid, join(into, name), `${path}${name}/`, depth + 1);
    }
  }
  await chmod(into, 0o555);
}

async function layOutEntry(layout: Layout, entry: TreeEntry, into: string, path: string, depth: number): Promise<void> {
  const { kind, name, oid } = entry;
  const place = `${path}${name}`;
  if (kind === 'gitlink') throw refused(place, 'is a submodule; commit its files instead');
  const bytes = await readObject(layout, oid, 'blob', place);
  if (kind === 'symlink') {
    const target = Buffer.from(bytes).toString('utf8');
    const problem = bytes.length > MAX_LINK_BYTES ? 'is too long a link' : linkProblem(target, depth);
    if (problem !== undefined) throw refused(place, problem);
    await symlink(target, join(into, name));
    return;
  }
  await writeFile(join(into, name), bytes, { flag: 'wx', mode: kind === 'executable' ? 0o555 : 0o444 });
}

/**
 * Why a link in a folder `depth` levels below the root may not be there. Leading `..` are counted; later ones are
 * refused, because behind another link they need not lead where they seem to.
 */
export function linkProblem(target: string, depth: number): string | undefined {
  if (target === '' || target.includes('\0')) return 'is a link to nowhere';
  if (target.startsWith('/')) return 'links to an absolute path; link to a path inside the source folder';
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const ups = segments.findIndex((segment) => segment !== '..');
  const leading = ups < 0 ? segments.length : ups;
  if (leading > depth) return 'links out of the source folder';
  if (segments.slice(leading).includes('..')) return 'goes up in the middle of its path; write the link without that';
  return undefined;
}

async function readObject(layout: Layout, oid: Oid, type: ObjectType, place: string): Promise<Uint8Array> {
  const found = await layout.reader.read(oid, MAX_SOURCE_BYTES - layout.bytes, type === 'blob' ? 'blob' : undefined);
  if (found.kind === 'found' && found.type === type) {
    layout.bytes += found.bytes.length;
    if (layout.bytes <= MAX_SOURCE_BYTES) return found.bytes;
  }
  if (found.kind === 'missing') throw refused(place, `misses its ${type} ${oid} in the repository; push it again`);
  if (found.kind === 'found' && found.type !== type) throw refused(place, `is a ${found.type} where a ${type} belongs`);
  throw refused(place, `brings the source folder past ${MAX_SOURCE_BYTES} bytes; keep large data elsewhere`);
}

function refused(place: string, what: string): StalledError {
  return new StalledError('SourceRefused', `source ${place === '' ? 'folder' : place} ${what}`);
}
