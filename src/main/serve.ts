import type { Clock, Log, Random } from '../base/index.ts';
import { createApiServer, tokenAuthenticator } from '../cluster/adapters/http/index.ts';
import { type AuditLog, type Cluster, type Identity, OWNER, type Secrets } from '../cluster/index.ts';
import { createPushAccess, startTokens, type Tokens } from '../control/access/index.ts';
import { startRemoval } from '../control/removal/index.ts';
import { createAbsentEndpoint } from '../git/adapters/gitless/index.ts';
import { createGitEndpoint, type GitEndpoint } from '../git/adapters/native/index.ts';
import type { Ends } from './daemon.ts';
import type { DataFolder } from './data-folder.ts';
import type { HostGit } from './host-git.ts';
import { listenLocally } from './listen.ts';
import type { Metrics } from './metrics.ts';
import type { Resync } from './resync.ts';
import { startReviews } from './reviews/start-reviews.ts';
import { startSources } from './sources.ts';
import { VERSION } from './version.ts';

export interface ServeOptions {
  /** Port on 127.0.0.1; 0: any free one. */
  readonly port: number;
  readonly folder: DataFolder;
  /** What clients see. */
  readonly cluster: Cluster;
  /** The live objects. */
  readonly store: Cluster;
  readonly hostGit: HostGit;
  readonly secrets: Secrets;
  readonly resync: Resync;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Serves the API and git to who shows a token. Resolves with the URL; what it starts is added to `ends`. */
export async function serve(options: ServeOptions, ends: Ends): Promise<string> {
  const { folder, cluster, store, hostGit, resync, metrics, audit, clock, log } = options;
  const { repositories } = hostGit;
  const isOwner = tokenAuthenticator(folder.token, {
    name: OWNER,
    groups: ['system:masters'],
    scopes: [{ kind: 'admin' }],
  });
  const authenticate = (token: string): Identity | undefined => isOwner(token) ?? tokens.authenticate(token);
  const api = createApiServer({ cluster, authenticate, audit, clock, log, version: VERSION, metrics: metrics.text });
  const tokens: Tokens = await startTokens({ ...options, cluster: store, onRevoked: api.endOf });
  ends.push(() => tokens.stop());
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
  const listening = await listenLocally(options.port, folder.certificate, (request, response) => {
    if (git.handle(request, response) || webhooks.handle(request, response)) return;
    api.handle(request, response);
  });
  resync.allLater(inTurn);
  ends.push(async () => {
    resync.close();
    api.close();
    await listening.close();
    await git.drained();
  });
  return `http://127.0.0.1:${listening.port}`;
}
