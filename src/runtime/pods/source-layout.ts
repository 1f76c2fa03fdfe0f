import { isUtf8 } from 'node:buffer';
import { MAX_POD_SOURCE_BYTES, MAX_POD_SOURCE_FILES, StalledError } from '../../base/index.ts';
import { type ObjectReader, type Oid, parseTree, type TreeEntry } from '../../git/index.ts';

/** How a source folder is mounted: the ConfigMap, and where each of its keys stands as a file. */
export interface SourceLayout {
  readonly name: string;
  readonly items: readonly SourceItem[];
}

export interface SourceItem {
  /** Git's id of the file's content. */
  readonly key: string;
  readonly path: string;
  /** As Kubernetes has it, decimal; absent: 0444. */
  readonly mode?: number;
}

/** The files of a source folder as a ConfigMap holds them: text in `data`, all else in base64. */
export interface SourceFiles {
  readonly items: readonly SourceItem[];
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
}

const EXECUTABLE = 0o555;
/** Deeper folders than any that is meant; the number of files bounds the rest. */
const MAX_DEPTH = 32;

interface Reading {
  readonly reader: ObjectReader;
  readonly items: SourceItem[];
  readonly data: Record<string, string>;
  readonly binaryData: Record<string, string>;
  bytes: number;
  folders: number;
}

/** Reason of the StalledError of a folder that no pod can mount, whoever reads it and whenever. */
export const SOURCE_REFUSED = 'SourceRefused';

/**
 * Reads a source folder for pods. Rejects with StalledError('SourceRefused') past MAX_POD_SOURCE_BYTES or
 * MAX_POD_SOURCE_FILES, and for links and submodules, which no ConfigMap can hold; with StalledError('SourceMissing') when
 * git lacks a part of it.
 */
export async function readSourceFiles(reader: ObjectReader, tree: Oid): Promise<SourceFiles> {
  const reading: Reading = { reader, items: [], data: {}, binaryData: {}, bytes: 0, folders: 0 };
  await readFolder(reading, tree, '', 0);
  const { items, data, binaryData } = reading;
  return { items, data, binaryData };
}

async function readFolder(reading: Reading, tree: Oid, path: string, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw refused(path, `is more than ${MAX_DEPTH} folders deep`);
  reading.folders++;
  if (reading.folders > MAX_POD_SOURCE_FILES) throw refused(path, `makes more than ${MAX_POD_SOURCE_FILES} folders`);
  const found = await reading.reader.read(tree, MAX_POD_SOURCE_BYTES);
  if (found.kind !== 'found' || found.type !== 'tree') throw missing(path, `tree ${tree}`);
  const { entries, problems } = parseTree(found.bytes);
  const forged = problems.find((problem) => problem.severity === 'forged');
  if (forged !== undefined) throw refused(`${path}${JSON.stringify(forged.name)}`, forged.reason);
  for (const entry of entries) {
    const place = `${path}${entry.name}`;
    if (entry.kind === 'folder') await readFolder(reading, entry.oid, `${place}/`, depth + 1);
    else await readFile(reading, entry, place);
  }
}

async function readFile(reading: Reading, { kind, oid }: TreeEntry, place: string): Promise<void> {
  if (kind === 'gitlink') throw refused(place, 'is a submodule; commit its files instead');
  if (kind === 'symlink') throw refused(place, 'is a link, which a pod cannot mount; commit the file itself');
  if (reading.items.length >= MAX_POD_SOURCE_FILES) {
    throw refused(place, `is one of more than ${MAX_POD_SOURCE_FILES} files; move what the task does not need out`);
  }
  reading.items.push({ key: oid, path: place, ...(kind === 'executable' && { mode: EXECUTABLE }) });
  if (reading.data[oid] !== undefined || reading.binaryData[oid] !== undefined) return;
  const found = await reading.reader.read(oid, MAX_POD_SOURCE_BYTES - reading.bytes, 'blob');
  if (found.kind === 'tooLarge') {
    throw refused(
      place,
      `brings the source folder past the ${MAX_POD_SOURCE_BYTES} bytes that a pod can mount; keep large files in the image`,
    );
  }
  if (found.kind !== 'found' || found.type !== 'blob') throw missing(place, `blob ${oid}`);
  reading.bytes += found.bytes.length;
  const bytes = Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength);
  if (isUtf8(bytes)) reading.data[oid] = bytes.toString('utf8');
  else reading.binaryData[oid] = bytes.toString('base64');
}

function refused(place: string, what: string): StalledError {
  return new StalledError(SOURCE_REFUSED, `source ${place === '' ? 'folder' : place} ${what}`);
}

function missing(place: string, what: string): StalledError {
  const source = `source ${place === '' ? 'folder' : place}`;
  return new StalledError('SourceMissing', `${source} misses its ${what} in the repository; push it again`);
}
