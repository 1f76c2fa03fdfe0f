import type { ProjectSettings } from './contract.ts';

/** The file at the root of a repository that holds the Project document. */
export const PROJECT_FILE = 'pipectl.yaml';

/**
 * Whether the file at `path` (relative to the root, with `/`) holds definitions: the root `pipectl.yaml`, and each
 * `.yaml` or `.yml` in the project's paths. Files and folders whose names begin with a dot are no definitions.
 */
export function isDefinitionFile(path: string, project: Pick<ProjectSettings, 'paths'>): boolean {
  if (path === PROJECT_FILE) return true;
  if (!/\.ya?ml$/.test(path) || path.split('/').some((segment) => segment.startsWith('.'))) return false;
  return project.paths.some((written) => {
    const folder = isNormal(written) ? written : normalFolder(written);
    return folder === '.' || path === folder || path.startsWith(`${folder}/`);
  });
}

/** Paths of compiled settings are normal; those as written in a document may not be. */
function isNormal(path: string): boolean {
  return !/^\.?\/|\/\.?\/|\/\.?$/.test(path);
}

function normalFolder(written: string): string | undefined {
  const normal = normalisePath(written);
  return normal.kind === 'ok' ? normal.path : undefined;
}

export type FolderResult =
  | { readonly kind: 'ok'; readonly path: string }
  | { readonly kind: 'error'; readonly message: string; readonly help: string };

/** A folder or file of the commit as written (`tasks/`, `./tasks`) in one form: `tasks`, or `.` for the root. */
export function normalisePath(written: string): FolderResult {
  if (written.includes('\\')) return refused(written, 'has a backslash', 'separate folders by "/"');
  if (written.startsWith('/'))
    return refused(written, 'begins at the root of the file system', 'begin it at the root of the repository');
  const segments = written.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..'))
    return refused(written, 'leaves its folder by ".."', 'begin it at the root of the repository');
  if (segments.some((segment) => segment.toLowerCase() === '.git')) {
    return refused(written, 'names the folder of git itself', 'name a folder of the commit');
  }
  return { kind: 'ok', path: segments.length === 0 ? '.' : segments.join('/') };
}

function refused(written: string, why: string, help: string): FolderResult {
  return { kind: 'error', message: `the path ${JSON.stringify(written)} ${why}`, help };
}
