import { MAX_FETCHED_BLOBS } from '../../../base/index.ts';
import { fetchApart, type Oid, type Remote, RemoteError } from '../../index.ts';
import { runGitWithInput } from './environment.ts';
import type { Quarantine } from './quarantine.ts';
import { PROMISOR, type RemoteAnswer, runRemoteGit } from './remote-process.ts';
import type { RepositoryStore } from './repositories.ts';

/** What is fetched from where to where. */
export interface Fetching {
  readonly repositories: RepositoryStore;
  readonly quarantine: Quarantine;
  readonly remote: Remote;
  readonly signal: AbortSignal;
}

const OPTIONS = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--no-auto-maintenance',
];

/** Whether what is fetched may refer to blobs that are not there. */
export function isPartial({ remote, quarantine }: Fetching): boolean {
  return remote.filter !== undefined || quarantine.isPartial;
}

/** Fetches refs into the quarantine, under their names. What the remote cannot do is added to `notes`. */
export async function fetchSome(fetching: Fetching, refs: readonly string[], notes: Set<string>): Promise<void> {
  const { depth, filter = isPartial(fetching) ? NOTHING_LEFT_OUT : undefined } = fetching.remote;
  const options = [
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(filter === undefined ? ['--no-filter'] : [`--filter=${filter}`]),
  ];
  const { said } = await run(
    fetching,
    options,
    refs.map((ref) => `+${ref}:${ref}`),
  );
  if (fetching.remote.filter !== undefined && IGNORED.test(said))
    notes.add('the server cannot leave blobs out, so all are fetched');
}

/** Only with a filter does git put up with blobs that an earlier one left out; no blob is as large as this. */
const NOTHING_LEFT_OUT = 'blob:limit=1024g';

/** What git says of a server that ignores a filter. */
const IGNORED = /filtering not recognized by server/;

/** Blobs by id, as git does it itself when it misses some. One that the remote does not have stays missing. */
export async function fetchBlobs(fetching: Fetching, blobs: readonly Oid[]): Promise<void> {
  const fetchPart = async (part: readonly string[]): Promise<void> => {
    await run({ ...fetching, isBlobs: true }, ['--filter=blob:none'], part);
  };
  for (let at = 0; at < blobs.length; at += MAX_FETCHED_BLOBS) {
    await fetchApart(fetchPart, blobs.slice(at, at + MAX_FETCHED_BLOBS), new Map());
  }
}

/** The same; of a remote that gives nothing by its id, all is fetched instead. */
export async function fetchOrRefetch(
  fetching: Fetching,
  blobs: readonly Oid[],
  refs: readonly string[],
  notes: Set<string>,
): Promise<void> {
  try {
    await fetchBlobs(fetching, blobs);
  } catch (error) {
    if (!(error instanceof RemoteError) || !BY_REF_ONLY.test(error.message)) throw error;
    notes.add('the server gives no blobs by their id, so all are fetched');
    await run(
      fetching,
      ['--refetch', '--no-filter'],
      refs.map((ref) => `+${ref}:${ref}`),
    );
  }
}

/** What git says of a server that was told to give only what its refs show. */
const BY_REF_ONLY = /does not allow request for unadvertised object/;

async function run(
  fetching: Fetching & { readonly isBlobs?: boolean },
  options: readonly string[],
  refspecs: readonly string[],
): Promise<RemoteAnswer> {
  const { repositories, quarantine, remote, signal, isBlobs = false } = fetching;
  const partial = isBlobs || isPartial(fetching);
  const args = [
    '--git-dir',
    quarantine.gitDir,
    ...(isBlobs ? ['-c', 'fetch.negotiationAlgorithm=noop'] : []),
    ...OPTIONS,
    ...options,
    '--',
    partial ? PROMISOR : remote.url.text,
    ...refspecs,
  ];
  const { env, folder: scratch } = repositories;
  try {
    return await runRemoteGit({ args, remote, env, scratch, maxBytes: 4_096, isPartial: partial, signal });
  } finally {
    if (partial) await quarantine.resetConfig();
  }
}

/** Those of the blobs that a repository does not have. */
export async function missingOf(
  { env, path }: RepositoryStore,
  name: string,
  blobs: readonly Oid[],
): Promise<readonly Oid[]> {
  const args = ['--git-dir', path(name), 'cat-file', '--batch-check'];
  const maxBytes = 100 * blobs.length + 4_096;
  const answer = await runGitWithInput(args, blobs.map((oid) => `${oid}\n`).join(''), { env, maxBytes });
  return answer.split('\n').flatMap((line) => (line.endsWith(' missing') ? [line.slice(0, 40)] : []));
}
