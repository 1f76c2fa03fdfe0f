import type { Clock, Log, Random } from '../base/index.ts';
import { type Cluster, findObject, type Repository, type Secrets, SYSTEM_NAMESPACE } from '../cluster/index.ts';
import { createSources, type Sources } from '../control/sources/index.ts';
import { createHttpRefs } from '../git/adapters/http-refs/index.ts';
import { createNativeRemotes, notAllowed, type RepositoryStore } from '../git/adapters/native/index.ts';
import { createWebhookEndpoint, type WebhookEndpoint } from '../git/adapters/webhooks/index.ts';
import type { ListRefs, PushHandler } from '../git/index.ts';
import type { Ends } from './daemon.ts';

/** Schemes of remotes that are followed only where the control plane was told so. */
export type LocalScheme = 'http' | 'file';

export interface StartSourcesOptions {
  readonly cluster: Cluster;
  readonly repositories: RepositoryStore;
  readonly secrets: Secrets;
  /** Decides on what was fetched. */
  readonly handler: PushHandler;
  readonly inTurn: (repository: string, work: () => Promise<void>) => Promise<void>;
  /** Schemes to follow besides https and ssh. */
  readonly localSchemes: readonly LocalScheme[];
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
  const { cluster, repositories, secrets, localSchemes, clock, log } = options;
  const schemes = ['https', 'ssh', ...localSchemes] as const;
  const http = createHttpRefs();
  const native = createNativeRemotes({ repositories, schemes });
  const list: ListRefs = async (remote, signal) => {
    const { scheme } = remote.url;
    if (!schemes.includes(scheme)) throw notAllowed(scheme);
    return scheme === 'https' || scheme === 'http' ? http.list(remote, signal) : native.list(remote, signal);
  };
  const sources = createSources({
    ...options,
    list,
    fetch: native.fetch,
    localRefs: (name) => repositories.refs(name),
  });
  ends.push(async () => {
    await sources.stop();
    http.close();
  });
  const webhooks = createWebhookEndpoint({
    async secretOf(name) {
      const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
      const webhook = (await findObject<Repository>(cluster, key))?.spec.webhook;
      if (webhook === undefined) return undefined;
      const answer = await secrets.read(SYSTEM_NAMESPACE, webhook.secret);
      return answer.kind === 'value' ? { provider: webhook.provider, secret: trimmed(answer.bytes) } : undefined;
    },
    hint: (name) => sources.hint(name),
    clock,
    log,
  });
  return { sources, webhooks };
}

/** A secret that was written by `echo` ends with a line feed, which nobody means. */
function trimmed(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('utf8').trim());
}
