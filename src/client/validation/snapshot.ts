import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_FILE_BYTES, sha256 } from '../../base/index.ts';
import type { WorkTree } from '../work-tree.ts';
import { askGit } from './ask-git.ts';
import { checksumOf } from './begin-look.ts';
import { LIST } from './differing-files.ts';
import type { QuickLook } from './quick-look.ts';

/** What stands for all that a validation of a folder depends on: equal keys, equal findings. */
export interface Snapshot {
  readonly key: string;
  /** State by path of all that git sees there. */
  readonly states: ReadonlyMap<string, string>;
  /** Files that git does not know yet. */
  readonly untracked: ReadonlySet<string>;
}

/** Texts that the compiler reads; of all other files it asks only whether they are there. */
const IS_READ = /\.(?:ya?ml|lock|dates)$/;
/** A file that git knows: tag, mode, object id, stage, path. Other tags and stages are for those who look closer. */
const TRACKED = /^([HCR]) (\d{6}) ([0-9a-f]{40,64}) 0\t/;

/**
 * One look at the folder through git, which knows the ids of unchanged files from its index: milliseconds for 10,000
 * files. `listing`: what `INDEX` told, if that was asked after the look began. Undefined where git cannot tell: outside of a repository, in the middle of a merge, with flags on files that
 * hide their changes.
 */
export async function takeSnapshot(
  root: string,
  tool: string,
  look?: QuickLook,
  listing: () => Promise<string | undefined> = () => askGit(root, INDEX),
): Promise<Snapshot | undefined> {
  return (look && (await snapshotFrom(root, tool, look, listing()))) ?? (await wholeSnapshot(root, tool));
}

/** What the index holds, and over it what a look at the folder found to differ: so no file is looked at twice. */
async function snapshotFrom(
  root: string,
  tool: string,
  look: QuickLook,
  listing: Promise<string | undefined>,
): Promise<Snapshot | undefined> {
  const listed = await listing;
  const found = listed === undefined ? undefined : filesListed(root, listed);
  // What another git wrote meanwhile is not what was looked at.
  if (found === undefined || checksumOf(look.indexFile) !== look.index) return undefined;
  for (const [path, { state, isUntracked }] of look.differing) {
    if (isUntracked) found.untracked.add(path);
    found.states.set(path, state);
  }
  return { key: keyOf(root, tool, found.states), ...found };
}

async function wholeSnapshot(root: string, tool: string): Promise<Snapshot | undefined> {
  const listed = await askGit(root, [...LIST, '-s', '--cached']);
  const found = listed === undefined ? undefined : filesListed(root, listed);
  return found && { key: keyOf(root, tool, found.states), ...found };
}

/** Asks git for what the index holds. */
export const INDEX = ['ls-files', '-z', '-t', '-s', '--cached'];

interface ListedFiles {
  readonly states: Map<string, string>;
  readonly untracked: Set<string>;
}

/** What git lists; undefined where something unusual stands in it. */
function filesListed(root: string, listing: string): ListedFiles | undefined {
  const states = new Map<string, string>();
  const untracked = new Set<string>();
  for (const record of listing.split('\0')) {
    if (record === '') continue;
    const noted = record.startsWith('? ')
      ? { path: record.slice(2), state: onDisk(root, record.slice(2), 'new').state }
      : tracked(root, record);
    if (noted === undefined) return undefined;
    if (record.startsWith('? ')) untracked.add(noted.path);
    // A changed file comes again after what the index has of it.
    states.set(noted.path, noted.state);
  }
  return { states, untracked };
}

function keyOf(root: string, tool: string, states: ReadonlyMap<string, string>): string {
  const lines = [...states].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, state]) => `${state} ${path}`);
  return sha256([tool, root, ...lines].join('\0'));
}

/** The files of a snapshot as a listing of the folder. */
export function treeOf(root: string, { states, untracked }: Snapshot): WorkTree {
  const paths = [...states].filter(([, state]) => state !== NO_FILE).map(([path]) => path);
  return { root, paths: paths.sort(), untracked };
}

/** Of a snapshot, the states of files that the compiler reads. */
export function statesRead({ states }: Snapshot): ReadonlyMap<string, string> {
  return new Map([...states].filter(([path, state]) => state !== NO_FILE && IS_READ.test(path)));
}

interface Noted {
  readonly path: string;
  readonly state: string;
}

function tracked(root: string, record: string): Noted | undefined {
  const found = TRACKED.exec(record);
  if (found === null) return undefined;
  const [head, tag, mode, id] = found as unknown as [string, string, string, string];
  const path = record.slice(head.length);
  if (tag !== 'H') return { path, state: onDisk(root, path, 'changed').state };
  // Links and submodules are no files to the compiler.
  if (!mode.startsWith('100')) return { path, state: NO_FILE };
  return { path, state: IS_READ.test(path) ? id : FILE };
}

/** The state of what is no file to the compiler. */
export const NO_FILE = 'none';
const FILE = 'file';

/** What stands there: of what is read its text and a digest of it, else that it is there. */
export function onDisk(
  root: string,
  path: string,
  state: 'new' | 'changed',
): { readonly state: string; readonly text?: Uint8Array } {
  const file = join(root, path);
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return { state: NO_FILE };
  if (!IS_READ.test(path)) return { state: FILE };
  const text = readFileSync(file).subarray(0, MAX_FILE_BYTES + 1);
  return { state: `${state}:${sha256(text)}`, text };
}
