import type { Clock, Log, Random } from '../base/index.ts';
import { createApiServer, tokenAuthenticator } from '../cluster/adapters/http/index.ts';
import { type AuditLog, type Cluster, type Identity, OWNER, type Secrets } from '../cluster/index.ts';
import { startTokens, type Tokens } from '../control/access/index.ts';
import type { Ends } from './daemon.ts';
import type { DataFolder } from './data-folder.ts';
import { startGitServices } from './git-services.ts';
import type { HostGit } from './host-git.ts';
import { listenLocally } from './listen.ts';
import type { Metrics } from './metrics.ts';
import type { Resync } from './resync.ts';
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
  const { folder, cluster, store, resync, metrics, audit, clock, log } = options;
  const isOwner = tokenAuthenticator(folder.token, {
    name: OWNER,
    groups: ['system:masters'],
    scopes: [{ kind: 'admin' }],
  });
  const authenticate = (token: string): Identity | undefined => isOwner(token) ?? tokens.authenticate(token);
  const api = createApiServer({ cluster, authenticate, audit, clock, log, version: VERSION, metrics: metrics.text });
  const tokens: Tokens = await startTokens({ ...options, cluster: store, onRevoked: api.endOf });
  ends.push(() => tokens.stop());
  const gitServices = await startGitServices({ ...options, authenticate }, ends);
  const listening = await listenLocally(options.port, folder.certificate, (request, response) => {
    if (gitServices.handle(request, response)) return;
    api.handle(request, response);
  });
  resync.allLater(gitServices.inTurn);
  ends.push(async () => {
    resync.close();
    api.close();
    await listening.close();
    await gitServices.drained();
  });
  return `http://127.0.0.1:${listening.port}`;
}
