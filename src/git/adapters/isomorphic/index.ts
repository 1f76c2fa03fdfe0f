/**
 * isomorphic: git's objects read without git, for hosts that have none.
 * Owns the mapping to the ObjectReader port, and finding a repository and a commit by name. Slower by far than native git (see docs), and it learns an
 * object's size only after reading it, so `maxBytes` bounds what is handed on, not what is read.
 */
import fs from 'node:fs';
import { WaitError } from '../../../base/index.ts';
import { isOid, type ObjectReader, type ObjectType, type ReadResult } from '../../index.ts';

export { type FoundRepository, findCommit, findRepository } from './repository.ts';

/** Reads objects of the repository in `gitDir` with isomorphic-git, which is loaded at the first read. */
export function openIsomorphicReader(gitDir: string): ObjectReader {
  // Without a cache isomorphic-git reads a whole pack again for each object.
  const cache = {};
  return {
    async read(oid, maxBytes): Promise<ReadResult> {
      if (!isOid(oid)) return { kind: 'missing' };
      const { readObject } = (await import('isomorphic-git')).default;
      try {
        const found = await readObject({ fs, gitdir: gitDir, oid, format: 'content', cache });
        const bytes = found.object as Uint8Array;
        const type = found.type as ObjectType;
        if (bytes.length > maxBytes) return { kind: 'tooLarge', type, sizeBytes: bytes.length };
        return { kind: 'found', type, bytes };
      } catch (error) {
        if ((error as { code?: string }).code === 'NotFoundError') return { kind: 'missing' };
        throw new WaitError(`object ${oid} could not be read: ${(error as Error).message}`, 1_000, { cause: error });
      }
    },
  };
}
