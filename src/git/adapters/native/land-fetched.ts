import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type RefUpdate, ZERO_OID } from '../../index.ts';
import { runGitWithInput } from './environment.ts';
import { ignoreMissing, type Quarantine } from './quarantine.ts';
import type { RepositoryStore } from './repositories.ts';

/**
 * Takes the objects of a quarantine into the repository, then moves its refs: first those that go, since git makes no
 * `a/b` while there is an `a`, then all others in one transaction. Dying in between leaves objects that nothing refers to.
 */
export async function landFetched(
  repositories: RepositoryStore,
  name: string,
  quarantine: Quarantine,
  updates: readonly RefUpdate[],
): Promise<void> {
  const gitDir = repositories.path(name);
  await moveObjects(join(quarantine.gitDir, 'objects'), join(gitDir, 'objects'));
  await moveShallow(quarantine.gitDir, gitDir);
  const gone = updates.filter(({ after }) => after === ZERO_OID);
  const there = updates.filter(({ after }) => after !== ZERO_OID);
  for (const part of [gone, there]) {
    if (part.length > 0) await updateRefs(gitDir, repositories.env, part);
  }
}

function updateRefs(gitDir: string, env: Record<string, string>, updates: readonly RefUpdate[]): Promise<string> {
  const lines = updates.map(({ ref, before, after }) =>
    after === ZERO_OID ? `delete ${ref} ${before}\n` : `update ${ref} ${after} ${before}\n`,
  );
  const identity = { GIT_COMMITTER_NAME: 'pipectl', GIT_COMMITTER_EMAIL: 'pipectl@localhost' };
  const args = ['--git-dir', gitDir, 'update-ref', '--no-deref', '--stdin'];
  return runGitWithInput(args, lines.join(''), { env: { ...env, ...identity }, maxBytes: 4_096 });
}

/** A pack counts once its index is there, so that comes last, as when git takes in a push. */
export async function moveObjects(from: string, to: string): Promise<void> {
  for (const folder of (await readdir(from)).sort()) {
    if (folder === 'pack') {
      const names = (await readdir(join(from, folder))).filter((file) =>
        /^pack-[0-9a-f]+\.(?:promisor|pack|rev|idx)$/.test(file),
      );
      await moveFiles(
        join(from, folder),
        join(to, folder),
        names.sort((a, b) => rankOf(a) - rankOf(b)),
      );
    } else if (/^[0-9a-f]{2}$/.test(folder)) {
      const names = (await readdir(join(from, folder))).filter((file) => /^[0-9a-f]{38}$/.test(file));
      await moveFiles(join(from, folder), join(to, folder), names);
    }
  }
}

function rankOf(file: string): number {
  return file.endsWith('.idx') ? 2 : file.endsWith('.rev') ? 1 : 0;
}

async function moveFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  if (names.length > 0) await mkdir(to, { recursive: true });
  for (const name of names) await rename(join(from, name), join(to, name));
}

/** Where the history was cut off must be known before a ref shows it. */
async function moveShallow(from: string, to: string): Promise<void> {
  const draft = join(to, 'shallow.draft');
  const isThere = await copyFile(join(from, 'shallow'), draft).then(
    () => true,
    (error: NodeJS.ErrnoException) => ignoreMissing(error),
  );
  if (isThere === true) await rename(draft, join(to, 'shallow'));
}
