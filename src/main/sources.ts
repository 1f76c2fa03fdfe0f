import type { Clock, Log, Random } from '../base/index.ts';
import { type Cluster, findObject, type Repository, type Secrets, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { createSources, type Sources } from '../control/sources/index.ts';
import { createWebhookEndpoint, type WebhookEndpoint } from '../git/adapters/webhooks/index.ts';
import type { ProxyFor, PushHandler, Repositories } from '../git/index.ts';
import type { Ends } from './daemon.ts';
import type { Remotes } from './host-git.ts';

export interface StartSourcesOptions {
  readonly cluster: Cluster;
  readonly repositories: Repositories;
  readonly remotes: Remotes;
  /** The proxy for remotes that name none themselves. */
  readonly proxyFor: ProxyFor;
  readonly secrets: Secrets;
  /** Told of what hosts say, as well. */
  readonly onHint: (repository: string) => void;
  /** Decides on what was fetched. */
  readonly handler: PushHandler;
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface FollowedSources {
  readonly sources: Sources;
  readonly webhooks: WebhookEndpoint;
}

/** Follows remotes, and takes webhooks that say when to. */
export function startSources(options: StartSourcesOptions, ends: Ends): FollowedSources {
  const { cluster, repositories, remotes, secrets, clock, log } = options;
  const sources = createSources({ ...options, ...remotes, localRefs: (name) => repositories.refs(name) });
  ends.push(() => sources.stop());
  const webhooks = createWebhookEndpoint({
    async secretOf(name) {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
      const webhook = (await findObject<Repository>(cluster, key))?.spec.webhook;
      if (webhook === undefined) return undefined;
      const answer = await secrets.read(SYSTEM_NAMESPACE, webhook.secret);
      return answer.kind === 'value' ? { provider: webhook.provider, secret: trimmed(answer.bytes) } : undefined;
    },
    hint(name) {
      sources.hint(name);
      options.onHint(name);
    },
    clock,
    log,
  });
  return { sources, webhooks };
}

/** A secret that was written by `echo` ends with a line feed, which nobody means. */
function trimmed(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('utf8').trim());
}
