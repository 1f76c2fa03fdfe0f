import { readdirSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../base/index.ts';
import type { BegunCheck } from './begin-check.ts';
import { type BegunLook, beginLook } from './begin-look.ts';
import { finishLook, type QuickLook, snapshotKeyOf } from './quick-look.ts';
import type { Verdict } from './verdict.ts';
import { readVerdict } from './verdict-cache.ts';

export interface ValidateFolderOptions {
  /** Where verdicts are kept; without it every validation compiles. */
  readonly cacheFolder?: string;
  /** Stands for the program: a verdict of another one is not taken. Absent: the program that runs, if it is a bundle. */
  readonly tool?: string | undefined;
}

/** A folder that is looked at. */
export interface OpenedFolder {
  /** As it was given. */
  readonly root: string;
  /** With links resolved. */
  readonly place: string;
  readonly cacheFolder: string;
  readonly tool: string;
  /** How it looks; undefined when that cannot be told at a glance. */
  readonly look: QuickLook | undefined;
  /** A check of all of it, where that was likely from the start. */
  readonly check: BegunCheck | undefined;
}

/**
 * Validates the project at `root` as a push of it would be. A folder that has not changed since its last validation by
 * this program is answered from the cache, and then the compiler is not even loaded.
 */
export async function validateFolder(root: string, options: ValidateFolderOptions = {}): Promise<Verdict> {
  const opened = await openFolder(beginLook(root), options);
  if (opened === undefined) return checkedVerdict(root);
  return keptVerdict(opened) ?? validateOpened(opened);
}

/** The folder as it looks, when git has told; undefined where nothing is kept of validations. */
export async function openFolder(
  begun: BegunLook,
  { cacheFolder, tool = isBundled() ? runningTool() : undefined }: ValidateFolderOptions,
  check?: BegunCheck,
): Promise<OpenedFolder | undefined> {
  if (cacheFolder === undefined || tool === undefined) return undefined;
  const { root, place } = begun;
  return { root, place, cacheFolder, tool, look: await finishLook(begun, tool), check };
}

/** What was said of a folder that has not changed since. */
export function keptVerdict({ place, cacheFolder, look }: OpenedFolder): Verdict | undefined {
  const key = look === undefined ? undefined : snapshotKeyOf(cacheFolder, place, look.key);
  return key === undefined ? undefined : readVerdict(cacheFolder, place, key);
}

/** Validates a folder that has changed. */
export async function validateOpened(opened: OpenedFolder): Promise<Verdict> {
  const { checkChanged } = await import('./check-and-keep.ts');
  return (await checkChanged(opened)) ?? checkedVerdict(opened.root);
}

async function checkedVerdict(root: string): Promise<Verdict> {
  const [{ checkListed }, { listWorkTree }] = await Promise.all([
    import('./check-folder.ts'),
    import('../work-tree.ts'),
  ]);
  return (await checkListed(await listWorkTree(root))).verdict;
}

/** From source any module may change without a trace, so nothing is kept. */
function isBundled(): boolean {
  return extname(fileURLToPath(import.meta.url)) !== '.ts';
}

/** Names, sizes and times of the bundle's files. */
function runningTool(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
  return sha256([process.version, ...files].join('\n'));
}
