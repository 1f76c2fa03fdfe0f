import { createHash } from 'node:crypto';
import { MAX_COMMIT_BYTES, MAX_TREE_BYTES } from '../../../base/index.ts';
import { isOid, type ObjectType, type Oid, parseTag, parseTree } from '../../index.ts';

/** What an object refers to and what is wrong with it. */
export interface CheckedObject {
  /** Ids that must be there for this one to be of use: those of blobs apart, since a filter leaves them out. */
  readonly needs: readonly Oid[];
  readonly blobs: readonly Oid[];
  /** Of a commit. */
  readonly parents: readonly Oid[];
  readonly problem?: string;
}

/** The id of an object. */
export function idOf(type: ObjectType, bytes: Uint8Array): Buffer {
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest();
}

const NOTHING: CheckedObject = { needs: [], blobs: [], parents: [] };

/**
 * Looks at an object as git's fsck does when it is told to be strict: a tree that git itself would never make, or a
 * commit that is none, is not to be taken in.
 */
export function checkObject(type: ObjectType, bytes: Uint8Array): CheckedObject {
  switch (type) {
    case 'blob':
      return NOTHING;
    case 'tree':
      return checkTree(bytes);
    case 'commit':
      return checkCommit(bytes);
    case 'tag': {
      const tag = bytes.length <= MAX_COMMIT_BYTES ? parseTag(bytes) : undefined;
      return tag === undefined ? { ...NOTHING, problem: 'is no tag' } : { ...NOTHING, needs: [tag.object] };
    }
  }
}

function checkTree(bytes: Uint8Array): CheckedObject {
  if (bytes.length > MAX_TREE_BYTES) return { ...NOTHING, problem: `is a tree of ${bytes.length} bytes` };
  const { entries, problems } = parseTree(bytes);
  const forged = problems.find(({ severity }) => severity === 'forged');
  if (forged !== undefined) {
    return {
      ...NOTHING,
      problem: `is a tree whose entry ${JSON.stringify(forged.name.slice(0, 100))} ${forged.reason}`,
    };
  }
  const needs: Oid[] = [];
  const blobs: Oid[] = [];
  for (const { kind, oid } of entries) {
    if (kind === 'folder') needs.push(oid);
    else if (kind !== 'gitlink') blobs.push(oid);
  }
  return { needs, blobs, parents: [] };
}

/** The head of a commit: `tree`, `parent`s, `author`, `committer` (git's fsck_commit). */
function checkCommit(bytes: Uint8Array): CheckedObject {
  const none = { ...NOTHING, problem: 'is no commit' };
  if (bytes.length > MAX_COMMIT_BYTES || bytes.includes(0)) return none;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const [tree = '', ...lines] = text.split('\n\n', 1)[0]?.split('\n') ?? [];
  const root = tree.slice('tree '.length);
  if (!tree.startsWith('tree ') || !isOid(root)) return none;
  const parents: Oid[] = [];
  for (const line of lines) {
    if (!line.startsWith('parent ')) break;
    const parent = line.slice('parent '.length);
    if (!isOid(parent)) return none;
    parents.push(parent);
  }
  const [author = '', committer = ''] = lines.slice(parents.length);
  if (!PERSON.test(author) || !author.startsWith('author ') || !committer.startsWith('committer ')) return none;
  return { needs: [root], blobs: [], parents };
}

const PERSON = /^\w+ [^<>]*<[^<>]*> ?-?\d+ [+-]\d+$/;
