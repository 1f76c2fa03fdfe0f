import { StalledError } from '../../base/index.ts';
import { CODEOWNERS_PATHS } from '../../review/index.ts';
import { type CheckoutGit, unlessRefused } from '../history/checkout-git.ts';

/** What git says of both commits beyond their definitions. */
export interface ChangedFiles {
  /** From the root of the repository. */
  readonly paths: readonly string[];
  readonly codeOwners?: { readonly path: string; readonly text: string };
}

/** All files that differ, and who owns files by the base: a change cannot make itself its own owner. */
export async function changedFiles(git: CheckoutGit, base: string, head: string): Promise<ChangedFiles> {
  try {
    const list = await git.run('diff-tree', '-r', '--no-renames', '--name-only', '-z', base, head);
    const paths = list.split('\0').filter((path) => path !== '');
    const found = await git.run('ls-tree', '--full-tree', '--name-only', '-z', base, '--', ...CODEOWNERS_PATHS);
    const there = new Set(found.split('\0'));
    const path = CODEOWNERS_PATHS.find((each) => there.has(each));
    if (path === undefined) return { paths };
    // A folder of that name, or a submodule, is no file of owners.
    const text = await unlessRefused(git.run('cat-file', 'blob', `${base}:${path}`));
    return text === undefined ? { paths } : { paths, codeOwners: { path, text } };
  } catch (error) {
    // Without git there is a review all the same; who owns what is for the host to say.
    if (error instanceof StalledError && error.reason === 'GitMissing') return { paths: [] };
    throw error;
  }
}
