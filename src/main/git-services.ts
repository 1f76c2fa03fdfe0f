import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditLog, Cluster, Identity, Secrets } from '../cluster/index.ts';
import { createPushAccess } from '../control/access/index.ts';
import { startRemoval } from '../control/removal/index.ts';
import { createAbsentEndpoint } from '../git/adapters/gitless/index.ts';
import { createGitEndpoint, type GitEndpoint } from '../git/adapters/native/index.ts';
import type { Ends } from './daemon.ts';
import type { Host } from './host.ts';
import type { HostGit } from './host-git.ts';
import type { Metrics } from './metrics.ts';
import type { Resync } from './resync.ts';
import { startReviews } from './reviews/start-reviews.ts';
import { startSources } from './sources.ts';

export interface GitServicesOptions extends Host {
  /** The live executions and the archived ones, where there is an archive. */
  readonly cluster: Cluster;
  /** The live objects. */
  readonly store: Cluster;
  readonly hostGit: HostGit;
  readonly secrets: Secrets;
  readonly resync: Resync;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  /** Whose token it is; undefined: nobody's. */
  readonly authenticate: (token: string) => Identity | undefined;
}

export interface GitServices {
  /** Answers requests for git and webhooks; false when it is neither. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Runs work on a repository while no push to it is decided or lands. */
  inTurn(repository: string, work: () => Promise<void>): Promise<void>;
  /** Resolves when no push is being decided. */
  drained(): Promise<void>;
}

/** Takes pushes and webhooks, follows remotes, and removes repositories; what it starts is added to `ends`. */
export async function startGitServices(options: GitServicesOptions, ends: Ends): Promise<GitServices> {
  const { store, hostGit, resync, metrics, audit, authenticate, clock, log } = options;
  const { repositories } = hostGit;
  // The endpoint knows when a repository has no push; what it hands pushes to asks it for that.
  const inTurn = (name: string, work: () => Promise<void>): Promise<void> => git.inTurn(name, work);
  const handler = resync.handler(inTurn);
  const git: GitEndpoint =
    hostGit.served === undefined
      ? createAbsentEndpoint()
      : await createGitEndpoint({
          repositories: hostGit.served,
          authenticate: ({ token }) => (token === undefined ? undefined : authenticate(token)),
          access: createPushAccess({ cluster: store, clock, audit, handler }),
          log,
        });
  const removeObjects = (name: string): Promise<void> => inTurn(name, () => repositories.remove(name));
  const removal = startRemoval({ ...options, cluster: store, removeObjects });
  ends.push(() => removal.close());
  const reviews = startReviews({ ...options, ...hostGit }, ends);
  const onHint = (name: string): void => reviews.hint(name);
  const { sources, webhooks } = startSources({ ...options, ...hostGit, cluster: store, handler, inTurn, onHint }, ends);
  metrics.watchSources(sources);
  return {
    handle: (request, response) => git.handle(request, response) || webhooks.handle(request, response),
    inTurn,
    drained: () => git.drained(),
  };
}
