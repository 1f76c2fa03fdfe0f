import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_PLAIN_REFS, StalledError, WaitError } from '../../../base/index.ts';
import { isFollowedRef, isOid, type Oid, type Refs, type RefUpdate, ZERO_OID } from '../../index.ts';

/** The file that git takes while it writes `packed-refs`, and so do we. */
export const REFS_LOCK = 'packed-refs.lock';

/** The branches and tags of a bare repository: those in files of their own, and those in `packed-refs`. */
export function readPlainRefs(gitDir: string): Refs {
  return new Map([...readPacked(gitDir), ...readLoose(gitDir)]);
}

/**
 * Moves refs, all or none: a new `packed-refs` takes the place of the old one at once. Refs with files of their own, as
 * git leaves them, are put there first, as they are.
 * Errors: WaitError when a ref is not what `before` says, or somebody else holds the lock; StalledError.
 */
export function movePlainRefs(gitDir: string, updates: readonly RefUpdate[]): void {
  const loose = readLoose(gitDir);
  if (loose.size > 0) {
    rewrite(gitDir, (refs) => refs);
    for (const ref of loose.keys()) rmSync(join(gitDir, ref), { force: true });
  }
  rewrite(gitDir, (refs) => {
    const moved = new Map(refs);
    for (const update of updates) move(moved, update);
    checkTogether(moved);
    return moved;
  });
}

function rewrite(gitDir: string, change: (refs: Refs) => Refs): void {
  const lock = join(gitDir, REFS_LOCK);
  let file: number;
  try {
    file = openSync(lock, 'wx', 0o644);
  } catch (error) {
    throw new WaitError(`the refs of ${gitDir} are being written by another process`, 1_000, { cause: error });
  }
  try {
    const lines = [...change(readPlainRefs(gitDir))].map(([ref, oid]) => `${oid} ${ref}\n`);
    // In order, which is what the head promises and what git searches by.
    const sorted = lines.sort((a, b) => Buffer.compare(Buffer.from(a.slice(41)), Buffer.from(b.slice(41))));
    writeFileSync(file, `# pack-refs with: sorted \n${sorted.join('')}`);
    fsyncSync(file);
    renameSync(lock, join(gitDir, 'packed-refs'));
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  syncFolder(gitDir);
}

function move(refs: Map<string, Oid>, { ref, before, after }: RefUpdate): void {
  if (!isFollowedRef(ref)) throw new StalledError('RefRefused', `${JSON.stringify(ref)} can name no branch or tag`);
  if ((refs.get(ref) ?? ZERO_OID) !== before) throw new WaitError(`${ref} has moved in the meantime`, 1_000);
  if (after === ZERO_OID) refs.delete(ref);
  else refs.set(ref, after);
}

/** Git keeps refs as files, so `a` and `a/b` cannot both be; whoever uses git on this repository later relies on that. */
function checkTogether(refs: Refs): void {
  if (refs.size > MAX_PLAIN_REFS) throw new StalledError('TooManyRefs', `there are more than ${MAX_PLAIN_REFS} refs`);
  for (const ref of refs.keys()) {
    for (let at = ref.lastIndexOf('/'); at > 'refs/heads'.length; at = ref.lastIndexOf('/', at - 1)) {
      const above = ref.slice(0, at);
      if (refs.has(above)) throw new StalledError('RefRefused', `${ref} cannot be beside ${above}`);
    }
  }
}

function readPacked(gitDir: string): Map<string, Oid> {
  const refs = new Map<string, Oid>();
  for (const line of textOf(join(gitDir, 'packed-refs')).split('\n')) {
    const [oid = '', ref = ''] = line.split(' ', 2);
    if (isOid(oid) && isFollowedRef(ref)) refs.set(ref, oid);
  }
  return refs;
}

function readLoose(gitDir: string): Map<string, Oid> {
  const refs = new Map<string, Oid>();
  const folders = ['refs/heads', 'refs/tags'];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of filesOf(join(gitDir, folder))) {
      const ref = `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(ref);
      else {
        const oid = textOf(join(gitDir, ref)).trimEnd();
        if (isOid(oid) && isFollowedRef(ref)) refs.set(ref, oid);
      }
    }
  }
  return refs;
}

function filesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** What is renamed is there for good when its folder is. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
