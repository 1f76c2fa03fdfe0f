import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../base/index.ts';
import { snapshotKeyOf, takeQuickLook } from './quick-look.ts';
import type { Verdict } from './verdict.ts';
import { readVerdict } from './verdict-cache.ts';

export interface ValidateFolderOptions {
  /** Where verdicts are kept; without it every validation compiles. */
  readonly cacheFolder?: string;
  /** Stands for the program: a verdict of another one is not taken. Absent: the program that runs, if it is a bundle. */
  readonly tool?: string | undefined;
}

/**
 * Validates the project at `root` as a push of it would be. A folder that has not changed since its last validation by
 * this program is answered from the cache, and then the compiler is not even loaded.
 */
export async function validateFolder(root: string, options: ValidateFolderOptions = {}): Promise<Verdict> {
  const { cacheFolder, tool = runningTool() } = options;
  const place = realpathSync(root);
  if (cacheFolder === undefined || tool === undefined) return checkedVerdict(root);
  const look = await takeQuickLook(place, tool);
  const key = look === undefined ? undefined : snapshotKeyOf(cacheFolder, place, look);
  const kept = key === undefined ? undefined : readVerdict(cacheFolder, place, key);
  if (kept !== undefined) return kept;
  const { checkChanged } = await import('./check-and-keep.ts');
  return (await checkChanged({ cacheFolder, tool, root: place, look })) ?? checkedVerdict(root);
}

async function checkedVerdict(root: string): Promise<Verdict> {
  const [{ checkListed }, { listWorkTree }] = await Promise.all([
    import('./check-folder.ts'),
    import('../work-tree.ts'),
  ]);
  return (await checkListed(await listWorkTree(root))).verdict;
}

/** Names, sizes and times of the bundle's files; undefined when running from source, where any module may change. */
function runningTool(): string | undefined {
  const file = fileURLToPath(import.meta.url);
  if (extname(file) === '.ts') return undefined;
  const folder = dirname(file);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
  return sha256([process.version, ...files].join('\n'));
}
