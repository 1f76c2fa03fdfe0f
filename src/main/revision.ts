import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { MAX_COMMIT_BYTES, StalledError } from '../base/index.ts';
import type { OpenedRevision, OpenRevisionOptions } from '../client/index.ts';
import { PROJECT_FILE } from '../compiler/index.ts';
import { compileCommit } from '../control/registration/index.ts';
import { openNativeReader, runGit } from '../git/adapters/native/index.ts';
import {
  findEntry,
  isFault,
  isOid,
  type ObjectReader,
  type Oid,
  parseCommit,
  shortOid,
  treeSource,
} from '../git/index.ts';

/**
 * Opens a commit of the repository around a folder, bare or not. What it compiles to is what a push of it would say.
 * Where git is not installed isomorphic-git reads instead: slower, and without worktrees and git's finer names of commits.
 */
export async function openRevision(options: OpenRevisionOptions): Promise<OpenedRevision> {
  const { commit, prefix, objects, close } = await find(options);
  try {
    const tree = await projectTree(objects, commit, prefix);
    return {
      commit,
      tree,
      objects,
      close,
      async compile() {
        const compiled = await compileCommit(objects, tree, undefined, new Set());
        if (compiled.kind === 'rejected') return compiled;
        return { kind: 'compiled', outcome: compiled.outcome, files: [...compiled.files].sort() };
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

interface Found {
  readonly commit: Oid;
  readonly prefix: string;
  readonly objects: ObjectReader;
  close(): void;
}

async function find(options: OpenRevisionOptions): Promise<Found> {
  try {
    return await findByGit(options);
  } catch (error) {
    if (!(error instanceof StalledError) || error.reason !== 'GitMissing') throw error;
    return findWithoutGit(options);
  }
}

async function findByGit({ cwd, rev, env }: OpenRevisionOptions): Promise<Found> {
  const git = (...args: string[]): Promise<string> =>
    runGit(args, { env: userEnvironment(env), cwd, maxBytes: MAX_ANSWER_BYTES });
  // Processes of git are most of what opening costs, so both are asked at once; what is wrong with the repository is told first.
  const asked = [findRepository(git, cwd), findCommit(git, rev)] as const;
  await Promise.allSettled(asked);
  const { gitDir, prefix } = await asked[0];
  const commit = await asked[1];
  const objects = openNativeReader(gitDir, userEnvironment(env));
  return { commit, prefix, objects, close: () => objects.close() };
}

async function findWithoutGit({ cwd, rev }: OpenRevisionOptions): Promise<Found> {
  const isomorphic = await import('../git/adapters/isomorphic/index.ts');
  const repository = isomorphic.findRepository(cwd);
  if (repository === undefined) {
    throw new StalledError('NoRepository', `${cwd} is in no git repository: run it in a checkout or a bare one`);
  }
  const objects = isomorphic.openIsomorphicReader(repository.gitDir);
  const commit = await isomorphic.findCommit(objects, repository.gitDir, rev);
  if (commit === undefined) {
    const why = `there is no commit "${rev}" here, as far as can be told without git, which was not found on PATH`;
    throw new StalledError('NoRevision', why);
  }
  return { commit, prefix: repository.prefix, objects, close: () => undefined };
}

const MAX_ANSWER_BYTES = 64 * 1024;

type Git = (...args: string[]) => Promise<string>;

/** The folder of objects and refs, and where `cwd` is in the work tree: `a/b/`, or '' at its root and without one. */
async function findRepository(git: Git, cwd: string): Promise<{ readonly gitDir: string; readonly prefix: string }> {
  try {
    const lines = (await git('rev-parse', '--git-dir', '--show-prefix')).split('\n');
    const [gitDir = '', prefix = ''] =
      lines.length === 3 ? lines : [await lineOf(git, '--git-dir'), await lineOf(git, '--show-prefix')];
    return { gitDir: realpathSync(resolve(cwd, gitDir)), prefix };
  } catch (error) {
    if (!(error instanceof StalledError) || error.reason !== 'GitFailed') throw error;
    const reason = error.message.includes('not a git repository') ? '' : ` (${error.message})`;
    throw new StalledError(
      'NoRepository',
      `${cwd} is in no git repository${reason}: run it in a checkout or a bare one`,
    );
  }
}

/** Alone where a folder has a line break in its name. */
async function lineOf(git: Git, option: string): Promise<string> {
  return (await git('rev-parse', option)).replace(/\n$/, '');
}

async function findCommit(git: Git, rev: string): Promise<Oid> {
  try {
    const oid = (await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`)).trim();
    if (isOid(oid)) return oid;
    throw new StalledError('NoRevision', `"${rev}" is ${oid}: only repositories with SHA-1 ids can be read`);
  } catch (error) {
    if (!(error instanceof StalledError) || error.reason !== 'GitFailed') throw error;
    throw new StalledError('NoRevision', `there is no commit "${rev}" here: \`git log --oneline --all\` lists them`);
  }
}

/** The tree of the nearest folder, from `prefix` up to the root, that holds a project document. */
async function projectTree(objects: ObjectReader, commit: Oid, prefix: string): Promise<Oid> {
  const object = await objects.read(commit, MAX_COMMIT_BYTES);
  const parsed = object.kind === 'found' ? parseCommit(object.bytes) : undefined;
  if (parsed === undefined) throw new StalledError('NoRevision', `commit ${shortOid(commit)} cannot be read`);
  const source = treeSource(objects);
  const folders = prefix.split('/').filter((segment) => segment !== '');
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const folder = await findEntry(source, parsed.tree, folders.slice(0, depth).join('/'));
    if (folder === undefined || isFault(folder) || folder.kind !== 'folder') continue;
    const project = await findEntry(source, folder.oid, PROJECT_FILE);
    if (project !== undefined && !isFault(project)) return folder.oid;
  }
  throw new StalledError(
    'NoProject',
    `commit ${shortOid(commit)} has no ${PROJECT_FILE}: \`pipectl init\` writes a project`,
  );
}

/** The user's own git, since it is the user's repository: only the language of its messages and the network are ours. */
function userEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(kept), ...OWN_ENVIRONMENT };
}

const OWN_ENVIRONMENT = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  // A partial clone fetches what it lacks from elsewhere; validation is offline.
  GIT_NO_LAZY_FETCH: '1',
} as const;
