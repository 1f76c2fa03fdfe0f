import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_KEPT_VERDICTS, MAX_RECHECKED_FILES, sha256 } from '../../base/index.ts';
import { type BegunLook, checksumOf } from './begin-look.ts';
import { guessKept, type KeptFiles, keep, readKept } from './kept-file.ts';
import { NO_FILE, onDisk } from './snapshot.ts';

/** A folder as its snapshot tells of it, from less: the checksum that git's index ends with, and what differs from the index. */
export interface QuickLook {
  /** Stands for the folder and the program that looked. Equal keys, equal snapshots; one snapshot may have several. */
  readonly key: string;
  /** The checksum. */
  readonly index: string;
  /** Of the index. */
  readonly indexFile: string;
  /** What differs, by path. */
  readonly differing: ReadonlyMap<string, Differing>;
  /** Texts that were read for their states, as far as they may be kept. */
  readonly texts: ReadonlyMap<string, Uint8Array>;
}

/** What stands at a path instead of what the index has there. */
export interface Differing {
  readonly state: string;
  /** The index has nothing there. */
  readonly isUntracked: boolean;
}

/** Undefined where the index has no checksum or something unusual stands in it: the snapshot looks closer. */
export async function finishLook(begun: BegunLook, tool: string): Promise<QuickLook | undefined> {
  const { place: root, index } = begun;
  const files = await begun.differing;
  // What another git wrote meanwhile is not what was listed.
  if (index === undefined || files === undefined || checksumOf(index.file) !== index.checksum) return undefined;
  const differing = new Map<string, Differing>();
  const texts = new Map<string, Uint8Array>();
  for (const { path, isUntracked, mayBeGone } of files) {
    const { state, text } = onDisk(root, path, isUntracked ? 'new' : 'changed');
    // It has just gone, or git names files from another folder: its configuration can say so.
    if (state === NO_FILE && !mayBeGone && !isThere(join(root, path))) return undefined;
    differing.set(path, { state, isUntracked });
    if (text !== undefined && texts.size < MAX_RECHECKED_FILES) texts.set(path, text);
  }
  const lines = [...differing].map(([path, { state }]) => `${state} ${path}`).sort();
  const key = sha256([tool, root, index.checksum, ...lines].join('\0'));
  return { key, index: index.checksum, indexFile: index.file, differing, texts };
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const LOOKS: KeptFiles = { name: 'looks', maxBytes: 4_096, most: MAX_KEPT_VERDICTS };

/** The key of the snapshot that was taken when the folder last looked like this. */
export function snapshotKeyOf(folder: string, root: string, look: string): string | undefined {
  return readKept(LOOKS, folder, root, look)?.split('\0')[0];
}

export function keepLook(folder: string, root: string, { key, differing }: QuickLook, snapshotKey: string): void {
  // Who edits files goes on with them.
  const edited = [...differing.keys()].filter((path) => path.length < 256).slice(0, 8);
  keep(LOOKS, folder, root, key, [snapshotKey, ...edited].join('\0'));
}

/**
 * How the folder may be to what is kept of it, a guess: `new` to it, or `edited` when a file that differed from git's index
 * at the last look was written since.
 */
export function guessChange(folder: string, root: string): 'new' | 'edited' | undefined {
  const last = guessKept(LOOKS, folder, root);
  if (last === undefined) return 'new';
  const [, ...edited] = last.text.split('\0');
  const isEdited = (path: string): boolean =>
    (lstatSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > last.keptMs;
  return edited.some(isEdited) ? 'edited' : undefined;
}
