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
    for (const path of CODEOWNERS_PATHS) {
      const text = await unlessRefused(git.run('cat-file', 'blob', `${base}:${path}`));
      if (text !== undefined) return { paths, codeOwners: { path, text } };
    }
    return { paths };
  } catch (error) {
    // Without git there is a review all the same; who owns what is for the host to say.
    if (error instanceof StalledError && error.reason === 'GitMissing') return { paths: [] };
    throw error;
  }
}
