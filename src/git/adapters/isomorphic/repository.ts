import fs from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { MAX_COMMIT_BYTES, MAX_REVISION_STEPS } from '../../../base/index.ts';
import { isOid, type ObjectReader, type Oid, parseCommit } from '../../index.ts';

/** A repository around a folder: where its objects and refs are, and the folder's path from the root of the work tree. */
export interface FoundRepository {
  readonly gitDir: string;
  /** `a/b/`, or '' at the root and in a bare repository. */
  readonly prefix: string;
}

/** Looks upwards from `cwd`, as git does, for a `.git` folder, a `.git` file that names one, or a bare repository. */
export function findRepository(cwd: string): FoundRepository | undefined {
  const start = fs.realpathSync(cwd);
  for (let folder = start; ; folder = dirname(folder)) {
    if (isGitDir(folder)) return { gitDir: folder, prefix: '' };
    const gitDir = gitDirOf(join(folder, '.git'));
    if (gitDir !== undefined) {
      const below = relative(folder, start).replaceAll('\\', '/');
      return { gitDir, prefix: below === '' ? '' : `${below}/` };
    }
    if (dirname(folder) === folder) return undefined;
  }
}

/** The commit that `rev` names: HEAD, a branch, a tag, an id or its beginning, with `~N` and `^N` behind it. */
export async function findCommit(objects: ObjectReader, gitDir: string, rev: string): Promise<Oid | undefined> {
  const [, name = '', steps = ''] = /^([^~^:]+)((?:[~^]\d*)*)$/.exec(rev) ?? [];
  let commit = await peel(objects, await resolveName(gitDir, name));
  let left = MAX_REVISION_STEPS;
  for (const [, sign, digits] of steps.matchAll(/([~^])(\d*)/g)) {
    const count = digits === '' ? 1 : Number(digits);
    if (sign === '^') commit = count === 0 ? commit : await parentOf(objects, commit, count - 1);
    else for (let step = 0; step < count && left-- > 0; step++) commit = await parentOf(objects, commit, 0);
    if (left < 0) return undefined;
  }
  return commit;
}

function isGitDir(folder: string): boolean {
  return ['HEAD', 'objects', 'refs'].every((name) => fs.existsSync(join(folder, name)));
}

/** A work tree of its own (`git worktree`) has its refs elsewhere, which isomorphic-git does not follow: undefined. */
function gitDirOf(path: string): string | undefined {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return isGitDir(path) ? path : undefined;
  const named = /^gitdir: (.+)/.exec(fs.readFileSync(path, 'utf8'))?.[1];
  const gitDir = named === undefined ? undefined : resolve(dirname(path), named);
  return gitDir !== undefined && isGitDir(gitDir) ? gitDir : undefined;
}

async function resolveName(gitDir: string, name: string): Promise<Oid | undefined> {
  if (name === '' || name.startsWith('-')) return undefined;
  const git = (await import('isomorphic-git')).default;
  const found = (await git.resolveRef({ fs, gitdir: gitDir, ref: name }).catch(() => undefined)) as string | undefined;
  if (found !== undefined && isOid(found)) return found;
  if (!/^[0-9a-f]{4,40}$/i.test(name)) return undefined;
  return (await git.expandOid({ fs, gitdir: gitDir, oid: name.toLowerCase() }).catch(() => undefined)) as
    | Oid
    | undefined;
}

/** The commit behind tags that point to tags. */
async function peel(objects: ObjectReader, named: Oid | undefined): Promise<Oid | undefined> {
  let oid = named;
  for (let depth = 0; oid !== undefined && depth < MAX_REVISION_STEPS; depth++) {
    const object = await objects.read(oid, MAX_COMMIT_BYTES);
    if (object.kind !== 'found') return undefined;
    if (object.type === 'commit') return oid;
    if (object.type !== 'tag') return undefined;
    const target = /^object ([0-9a-f]{40})\n/.exec(Buffer.from(object.bytes).toString('latin1'))?.[1];
    oid = target !== undefined && isOid(target) ? target : undefined;
  }
  return undefined;
}

async function parentOf(objects: ObjectReader, commit: Oid | undefined, index: number): Promise<Oid | undefined> {
  if (commit === undefined) return undefined;
  const object = await objects.read(commit, MAX_COMMIT_BYTES);
  return object.kind === 'found' ? parseCommit(object.bytes)?.parents[index] : undefined;
}
