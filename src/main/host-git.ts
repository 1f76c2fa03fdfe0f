import { type Log, type RemoteUrl, StalledError } from '../base/index.ts';
import { createGitlessRemotes, openGitlessRepositories } from '../git/adapters/gitless/index.ts';
import {
  createNativeRemotes,
  gitEnvironment,
  openRepositoryStore,
  type RepositoryStore,
  runGit,
} from '../git/adapters/native/index.ts';
import {
  type Connections,
  createHttpRefs,
  createPackDownload,
  openConnections,
} from '../git/adapters/smart-http/index.ts';
import {
  type FetchBlobs,
  type FetchRefs,
  type ListRefs,
  notAllowed,
  type ProxyFor,
  proxiesOf,
  type Repositories,
} from '../git/index.ts';
import type { Ends } from './daemon.ts';

/** Schemes of remotes that are followed only where the control plane was told so. */
export type LocalScheme = 'http' | 'file';

/** Asks remotes and fetches from them. */
export interface Remotes {
  readonly list: ListRefs;
  readonly fetch: FetchRefs;
  readonly fetchBlobs: FetchBlobs;
}

/** The repositories of this control plane, and how it comes to them: `served` when git can serve them too. */
export interface HostGit {
  readonly repositories: Repositories;
  readonly served: RepositoryStore | undefined;
  readonly remotes: Remotes;
  /** The proxy for remotes that name none themselves: that of the environment. */
  readonly proxyFor: ProxyFor;
  /** The environment of programs beside git: those that check signatures. */
  readonly env: Record<string, string>;
}

export interface HostGitOptions {
  readonly folder: string;
  /** Do without git though it is there. */
  readonly withoutGit: boolean;
  readonly localSchemes: readonly LocalScheme[];
  readonly log: Log;
}

/** Opens the repositories with the git of this host or, where there is none, without. */
export async function openHostGit(options: HostGitOptions, ends: Ends): Promise<HostGit> {
  const { folder, localSchemes, log } = options;
  const schemes = ['https', 'ssh', ...localSchemes] as const;
  const { proxyFor, problems } = proxiesOf(process.env);
  for (const problem of problems) log.write('warn', 'a proxy of the environment is not used', { problem });
  const connections = openConnections();
  ends.push(() => connections.close());
  if (options.withoutGit || !(await hasGit())) {
    const repositories = await openGitlessRepositories(folder);
    ends.push(() => repositories.close());
    const download = createPackDownload(connections);
    const remotes = createGitlessRemotes({ repositories, schemes, list: createHttpRefs(connections), download });
    log.write('warn', 'there is no git here: remotes are followed over HTTPS, and nothing can be pushed or cloned', {});
    return { repositories, served: undefined, remotes, proxyFor, env: gitEnvironment('/dev/null') };
  }
  const repositories = await openRepositoryStore({ folder, log });
  ends.push(() => repositories.close());
  return {
    repositories,
    served: repositories,
    remotes: remotesByGit(repositories, connections, schemes),
    proxyFor,
    env: repositories.env,
  };
}

async function hasGit(): Promise<boolean> {
  try {
    await runGit(['--version'], { env: gitEnvironment('/dev/null'), maxBytes: 4_096 });
    return true;
  } catch (error) {
    if (error instanceof StalledError && error.reason === 'GitMissing') return false;
    throw error;
  }
}

/** Git fetches; over HTTP refs are asked for without it, which costs a hundredth. */
function remotesByGit(
  repositories: RepositoryStore,
  connections: Connections,
  schemes: readonly RemoteUrl['scheme'][],
): Remotes {
  const overHttp = createHttpRefs(connections);
  const native = createNativeRemotes({ repositories, schemes });
  return {
    ...native,
    async list(remote, signal) {
      const { scheme } = remote.url;
      if (!schemes.includes(scheme)) throw notAllowed(scheme);
      return scheme === 'https' || scheme === 'http' ? overHttp(remote, signal) : native.list(remote, signal);
    },
  };
}
