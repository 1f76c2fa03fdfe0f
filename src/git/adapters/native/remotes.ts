import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_FETCHED_REFS, MAX_REMOTE_REFS_BYTES, type RemoteUrl, StalledError } from '../../../base/index.ts';
import {
  type FetchBlobs,
  type FetchRefs,
  fetchApart,
  followedRef,
  isOid,
  type ListRefs,
  notAllowed,
  type Oid,
  RemoteError,
  type RemoteRefs,
  withMissingBlobs,
} from '../../index.ts';
import { gitMissing, runGit } from './environment.ts';
import { type Fetching, fetchBlobs, fetchOrRefetch, fetchSome, isPartial, missingOf } from './fetch-objects.ts';
import { openFetchedReader } from './fetched-reader.ts';
import { landFetched, moveObjects } from './land-fetched.ts';
import { openQuarantine, type Quarantine } from './quarantine.ts';
import { runRemoteGit } from './remote-process.ts';
import type { RepositoryStore } from './repositories.ts';

export interface NativeRemotesOptions {
  readonly repositories: RepositoryStore;
  /** Schemes that are followed: `https` and `ssh`, and on a machine of one's own, or for tests, also `http` and `file`. */
  readonly schemes: readonly RemoteUrl['scheme'][];
}

/** Remotes by the `git` program. */
export interface NativeRemotes {
  readonly list: ListRefs;
  readonly fetch: FetchRefs;
  readonly fetchBlobs: FetchBlobs;
}

export function createNativeRemotes({ repositories, schemes }: NativeRemotesOptions): NativeRemotes {
  const allow = (url: RemoteUrl): void => {
    if (!schemes.includes(url.scheme)) throw notAllowed(url.scheme);
  };
  return {
    async list(remote, signal) {
      allow(remote.url);
      const args = ['ls-remote', '--symref', '--', remote.url.text, 'HEAD', 'refs/heads/*', 'refs/tags/*'];
      const { env, folder: scratch } = repositories;
      const { timeoutMs } = remote;
      const request = { args, remote, env, scratch, maxBytes: MAX_REMOTE_REFS_BYTES, timeoutMs, signal };
      return parseListing((await runRemoteGit(request)).out);
    },
    async fetch(name, remote, refs, signal) {
      allow(remote.url);
      await repositories.ensure(name);
      const quarantine = await openQuarantine(repositories, name);
      try {
        const failed = new Map<string, RemoteError>();
        const notes = new Set<string>();
        const fetching: Fetching = { repositories, quarantine, remote, signal };
        for (let at = 0; at < refs.length; at += MAX_FETCHED_REFS) {
          const part = refs.slice(at, at + MAX_FETCHED_REFS);
          await fetchApart((some) => fetchSome(fetching, some, notes), part, failed);
        }
        const there = refs.filter((ref) => !failed.has(ref));
        const fetched = (await readLooseRefs(quarantine, there)) ?? (await readRefs(quarantine, repositories.env));
        const reader = openFetchedReader(repositories, name, quarantine);
        const fetchMissing = (blobs: readonly Oid[]): Promise<void> => fetchOrRefetch(fetching, blobs, there, notes);
        return {
          refs: fetched,
          failed,
          get notes() {
            return [...notes];
          },
          objects: isPartial(fetching) ? withMissingBlobs(reader, fetchMissing) : reader,
          async land(updates) {
            await landFetched(repositories, name, quarantine, updates);
            repositories.packSometimes(name);
          },
          async close() {
            reader.close();
            await quarantine.remove();
          },
        };
      } catch (error) {
        await quarantine.remove();
        throw error;
      }
    },
    async fetchBlobs(name, remote, blobs, signal) {
      allow(remote.url);
      const quarantine = await openQuarantine(repositories, name);
      try {
        const missing = await missingOf(repositories, name, blobs);
        if (missing.length > 0) await fetchBlobs({ repositories, quarantine, remote, signal }, missing);
        await moveObjects(join(quarantine.gitDir, 'objects'), join(repositories.path(name), 'objects'));
        repositories.packSometimes(name);
      } finally {
        await quarantine.remove();
      }
    },
  };
}

/** `ref: refs/heads/main<TAB>HEAD`, then `<oid><TAB><ref>`; what annotated tags point at is told as `<ref>^{}`. */
function parseListing(text: string): RemoteRefs {
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const line of text.split('\n')) {
    const [first = '', ref = ''] = line.split('\t', 2);
    if (ref === 'HEAD' && first.startsWith('ref: ')) head = first.slice('ref: '.length);
    const followed = followedRef(first, ref);
    if (followed !== undefined) refs.set(...followed);
  }
  return { refs, ...(head !== undefined && refs.has(head) && { head }) };
}

/** The refs as files, which is how git leaves a few; undefined when one is not there. */
async function readLooseRefs(
  { gitDir }: Quarantine,
  refs: readonly string[],
): Promise<ReadonlyMap<string, string> | undefined> {
  if (refs.length > MAX_FETCHED_REFS) return undefined;
  const read = async (ref: string): Promise<readonly [string, string]> => {
    return [ref, (await readFile(join(gitDir, ref), 'latin1')).trimEnd()];
  };
  const found = await Promise.all(refs.map(read)).catch(() => undefined);
  return found?.every(([, oid]) => isOid(oid)) === true ? new Map(found) : undefined;
}

async function readRefs({ gitDir }: Quarantine, env: Record<string, string>): Promise<ReadonlyMap<string, string>> {
  const args = ['--git-dir', gitDir, 'for-each-ref', '--format=%(objectname)%09%(refname)'];
  try {
    return parseListing(await runGit(args, { env, maxBytes: MAX_REMOTE_REFS_BYTES })).refs;
  } catch (error) {
    if (error instanceof StalledError && error.reason === gitMissing().reason) throw error;
    throw new RemoteError('FetchFailed', 'what was fetched cannot be read', 0, { cause: error });
  }
}
