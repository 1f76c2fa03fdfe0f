import { MAX_FOLDER_DEPTH, MAX_TREE_BYTES, MAX_TREE_NODES } from '../base/index.ts';
import type { Oid } from './oid.ts';
import type { ObjectReader } from './reader.ts';
import { type ParsedTree, parseTree, type TreeEntry } from './tree.ts';
import { diffTreeBytes } from './tree-diff.ts';

/** Why a tree could not be read through. The path is the folder at fault, '' for the root. */
export interface TreeFault {
  readonly kind: 'fault';
  readonly path: string;
  readonly reason: string;
}

/** Reads trees of one commit under a budget of trees; remembers small ones, which hostile commits use again and again. */
export interface TreeSource {
  /** The bytes of tree `oid`, which stands at `path`. */
  read(oid: Oid, path: string): Promise<Uint8Array | TreeFault>;
}

/** Trees of at most so many bytes are remembered, and so many of them. */
const SMALL_TREE_BYTES = 4_096;
const MAX_SMALL_TREES = 1_000;

/** A source over `objects` that refuses to read more than `budget` trees, or a tree over MAX_TREE_BYTES. */
export function treeSource(objects: ObjectReader, budget = MAX_TREE_NODES): TreeSource {
  let left = budget;
  const small = new Map<Oid, Uint8Array>();
  return {
    async read(oid, path) {
      left -= 1;
      const known = small.get(oid);
      if (known !== undefined && left >= 0) return known;
      if (left < 0) return fault(path, `the commit has too many folders: more than ${budget} would have to be read`);
      const result = await objects.read(oid, MAX_TREE_BYTES);
      if (result.kind === 'missing') return fault(path, `git has no tree ${oid}`);
      if (result.kind === 'tooLarge') return fault(path, `the folder's listing has ${result.sizeBytes} bytes`);
      if (result.type !== 'tree') return fault(path, `${oid} is a ${result.type}, not a tree`);
      const isKept = result.bytes.length <= SMALL_TREE_BYTES && small.size < MAX_SMALL_TREES;
      if (isKept) small.set(oid, result.bytes);
      return result.bytes;
    },
  };
}

/** The entry at `path` ('' is the root itself), or undefined when the commit has none. */
export async function findEntry(
  source: TreeSource,
  root: Oid,
  path: string,
): Promise<TreeEntry | TreeFault | undefined> {
  let entry: TreeEntry = { kind: 'folder', name: '', oid: root };
  let walked = '';
  for (const segment of path === '' ? [] : path.split('/')) {
    if (entry.kind !== 'folder') return undefined;
    const bytes = await source.read(entry.oid, walked);
    if (isFault(bytes)) return bytes;
    const next: TreeEntry | undefined = parseTree(bytes).entries.find(({ name }) => name === segment);
    if (next === undefined) return undefined;
    entry = next;
    walked = join(walked, segment);
  }
  return entry;
}

/** Told of each folder below `root` and of each other entry, parents first. */
export interface TreeVisitor {
  /** False leaves the folder out; a fault ends the walk. */
  folder(path: string, tree: ParsedTree): boolean | TreeFault;
  entry(path: string, entry: TreeEntry): void;
}

/** Walks everything under the folder `root`, which stands at `path`, or tells why it stopped. */
export async function walkTree(
  source: TreeSource,
  root: Oid,
  path: string,
  visitor: TreeVisitor,
  depth = 0,
): Promise<TreeFault | undefined> {
  if (depth > MAX_FOLDER_DEPTH) return fault(path, `folders are nested deeper than ${MAX_FOLDER_DEPTH}`);
  const bytes = await source.read(root, path);
  if (isFault(bytes)) return bytes;
  const tree = parseTree(bytes);
  const isEntered = visitor.folder(path, tree);
  if (isEntered !== true) return isEntered === false ? undefined : isEntered;
  for (const entry of tree.entries) {
    const entryPath = join(path, entry.name);
    if (entry.kind !== 'folder') visitor.entry(entryPath, entry);
    else {
      const stopped = await walkTree(source, entry.oid, entryPath, visitor, depth + 1);
      if (stopped !== undefined) return stopped;
    }
  }
  return undefined;
}

/** A path that differs between two commits. Folders appear only when added or removed; they are not looked into. */
export interface PathChange {
  readonly path: string;
  readonly before?: TreeEntry;
  readonly after?: TreeEntry;
}

export interface TreeDiff {
  readonly kind: 'diff';
  readonly changes: readonly PathChange[];
  /** Folders that exist on both sides and differ; the root is ''. */
  readonly folders: ReadonlySet<string>;
}

/** What differs between two trees. Equal folders are skipped by id, so the cost follows the change. */
export async function diffTrees(source: TreeSource, before: Oid, after: Oid): Promise<TreeDiff | TreeFault> {
  const changes: PathChange[] = [];
  const folders = new Set<string>();
  const pending = before === after ? [] : [{ path: '', before, after }];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    folders.add(pair.path);
    const [old, fresh] = await Promise.all([source.read(pair.before, pair.path), source.read(pair.after, pair.path)]);
    if (isFault(old)) return old;
    if (isFault(fresh)) return fresh;
    const entries = diffTreeBytes(old, fresh);
    if (entries === undefined) return fault(pair.path, 'its listing is damaged');
    for (const change of entries) {
      const path = join(pair.path, change.name);
      if (change.before?.kind === 'folder' && change.after?.kind === 'folder') {
        pending.push({ path, before: change.before.oid, after: change.after.oid });
      } else changes.push({ ...change, path });
    }
  }
  return { kind: 'diff', changes, folders };
}

/** Whether `value` says why a tree could not be read. */
export function isFault(value: unknown): value is TreeFault {
  return typeof value === 'object' && value !== null && (value as Partial<TreeFault>).kind === 'fault';
}

function fault(path: string, reason: string): TreeFault {
  return { kind: 'fault', path, reason };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
