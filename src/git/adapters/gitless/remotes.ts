import { rm } from 'node:fs/promises';
import { MAX_FETCHED_REFS, MAX_TOLD_COMMITS, type RemoteUrl } from '../../../base/index.ts';
import {
  type DownloadPack,
  type FetchBlobs,
  type FetchRefs,
  fetchApart,
  type ListRefs,
  notAllowed,
  type Oid,
  type PackRequest,
  type Remote,
  RemoteError,
  type Repositories,
  withMissingBlobs,
} from '../../index.ts';
import { indexApart } from './index-thread.ts';
import { movePlainRefs } from './plain-refs.ts';
import { openQuarantine, type Quarantine } from './quarantine.ts';

export interface GitlessRemotesOptions {
  readonly repositories: Repositories;
  /** Asks a remote over HTTP for its refs, and for a pack. */
  readonly list: ListRefs;
  readonly download: DownloadPack;
  /** Schemes that are followed: `https`, and on a machine of one's own, or for tests, also `http`. */
  readonly schemes: readonly RemoteUrl['scheme'][];
}

/** Remotes over HTTP, without git. */
export interface GitlessRemotes {
  readonly list: ListRefs;
  readonly fetch: FetchRefs;
  readonly fetchBlobs: FetchBlobs;
}

export function createGitlessRemotes(options: GitlessRemotesOptions): GitlessRemotes {
  const { repositories, schemes } = options;
  const allow = ({ scheme }: RemoteUrl): void => {
    if (!schemes.includes(scheme)) throw notAllowed(scheme);
    if (scheme === 'https' || scheme === 'http') return;
    const message = `${scheme} remotes take git on the machine of the control plane: install git there, or use https`;
    throw new RemoteError('ProtocolRefused', message);
  };
  return {
    async list(remote, signal) {
      allow(remote.url);
      return options.list(remote, signal);
    },
    async fetch(name, remote, refs, signal) {
      allow(remote.url);
      await repositories.ensure(name);
      const { refs: there } = await options.list(remote, signal);
      const quarantine = await openQuarantine(repositories, name);
      try {
        const failed = new Map<string, RemoteError>();
        const notes = new Set<string>();
        const reader = withMissingBlobs(quarantine.objects, async (blobs) => {
          await fetchBlobsInto(options, quarantine, remote, blobs, signal);
        });
        const haves = [...new Set((await repositories.refs(name)).values())].slice(0, MAX_TOLD_COMMITS);
        for (const ref of refs) if (!there.has(ref)) failed.set(ref, goneError(ref));
        const asked = refs.filter((ref) => !failed.has(ref));
        for (let at = 0; at < asked.length; at += MAX_FETCHED_REFS) {
          const fetchSome = async (some: readonly string[]): Promise<void> => {
            const wants = [...new Set(some.map((ref) => there.get(ref) as Oid))];
            for (const note of await fetchPack(options, quarantine, { remote, wants, haves, signal })) notes.add(note);
          };
          await fetchApart(fetchSome, asked.slice(at, at + MAX_FETCHED_REFS), failed);
        }
        const fetched = asked.filter((ref) => !failed.has(ref)).map((ref) => [ref, there.get(ref) as Oid] as const);
        return {
          refs: new Map(fetched),
          failed,
          notes: [...notes],
          objects: reader,
          async land(updates) {
            await quarantine.land();
            movePlainRefs(repositories.path(name), updates);
          },
          close: () => quarantine.remove(),
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
        await fetchBlobsInto(options, quarantine, remote, blobs, signal);
        await quarantine.land();
      } finally {
        await quarantine.remove();
      }
    },
  };
}

interface PackWish {
  readonly remote: Remote;
  readonly wants: readonly Oid[];
  /** Tips of what the repository has. */
  readonly haves: readonly Oid[];
  readonly signal: AbortSignal;
}

/** Fetches what is not there yet into the quarantine. Returns what the remote cannot do. */
async function fetchPack(
  options: GitlessRemotesOptions,
  quarantine: Quarantine,
  { remote, wants, haves, signal }: PackWish,
): Promise<readonly string[]> {
  const { depth, filter } = remote;
  const missing = wants.filter((oid) => !quarantine.objects.has(oid));
  if (missing.length === 0) return [];
  const request: PackRequest = {
    wants: missing,
    haves,
    shallow: [...quarantine.shallow],
    ...(depth !== undefined && { depth }),
    ...(filter !== undefined && { filter }),
  };
  return takePack(options, quarantine, { remote, request, signal, isFiltered: filter !== undefined });
}

/** Blobs alone: one that the remote does not have makes it refuse them all, and is then told apart. */
async function fetchBlobsInto(
  options: GitlessRemotesOptions,
  quarantine: Quarantine,
  remote: Remote,
  blobs: readonly Oid[],
  signal: AbortSignal,
): Promise<void> {
  const missing = blobs.filter((oid) => !quarantine.objects.has(oid));
  const fetchSome = async (some: readonly string[]): Promise<void> => {
    const request: PackRequest = { wants: some, haves: [], shallow: [] };
    await takePack(options, quarantine, { remote, request, signal, isFiltered: true });
  };
  if (missing.length > 0) await fetchApart(fetchSome, missing, new Map());
}

interface PackJob {
  readonly remote: Remote;
  readonly request: PackRequest;
  readonly signal: AbortSignal;
  readonly isFiltered: boolean;
}

/** Downloads a pack, looks through it, and takes it in when all that its objects need is there. */
async function takePack(
  { download }: GitlessRemotesOptions,
  quarantine: Quarantine,
  { remote, request, signal, isFiltered }: PackJob,
): Promise<readonly string[]> {
  const files = quarantine.newPack();
  try {
    const answer = await download(remote, request, files.pack, signal);
    const shallow = new Set([...quarantine.shallow, ...answer.shallow]);
    for (const oid of answer.unshallow) shallow.delete(oid);
    const { pack, index } = files;
    const job = { pack, index, shallow: [...shallow], isFiltered: isFiltered || quarantine.isPartial };
    const { needed } = await indexApart({ ...job, wants: request.wants }, answer.sizeBytes, signal);
    const absent = needed.find((oid) => !quarantine.objects.has(oid));
    if (absent !== undefined) {
      throw new RemoteError('ObjectsRefused', `what was fetched refers to object ${absent}, which did not come`);
    }
    quarantine.keep(files, answer, isFiltered);
    return answer.notes;
  } catch (error) {
    for (const file of Object.values(files)) await rm(file, { force: true });
    throw error;
  }
}

function goneError(ref: string): RemoteError {
  return new RemoteError('NotFound', `the remote has no ${ref} any more`);
}
