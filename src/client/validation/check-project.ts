import { type OpenProject, openProject, PROJECT_FILE } from '../../compiler/index.ts';
import { IMAGES_LOCK_FILE } from '../../language/index.ts';

/** The project of a folder, with the bytes of its lock. */
export interface FolderProject {
  readonly opened: OpenProject;
  readonly lock: Uint8Array | undefined;
}

/** Reads the project's document; undefined when it is faulty. */
export function openProjectOf(read: (path: string) => Uint8Array, isLocked: boolean): FolderProject | undefined {
  const lock = isLocked ? read(IMAGES_LOCK_FILE) : undefined;
  const named = [[PROJECT_FILE, read(PROJECT_FILE)] as const, ...(lock ? [[IMAGES_LOCK_FILE, lock] as const] : [])];
  const opened = openProject({
    files: new Map(named.map(([path]) => [path, path])),
    changedFolders: new Set(),
    texts: new Map(named),
    trees: new Map(),
  });
  return opened && { opened, lock };
}
