import { type Clock, type Log, MAX_TOKENS, type Random } from '../../base/index.ts';
import { type Cluster, type Identity, reflect, SYSTEM_NAMESPACE, type Token, tokenHash } from '../../cluster/index.ts';

export interface TokensOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Told whose requests must end: their token is gone or has expired. */
  readonly onRevoked: (isMeant: (user: Identity) => boolean) => void;
}

export interface Tokens {
  /** Whose token this is; undefined when it is none, or none any more. */
  authenticate(text: string): Identity | undefined;
  stop(): Promise<void>;
}

interface Known {
  readonly identity: Identity;
  readonly hash: string;
  readonly expiresAtMs: number;
}

/** A timer's longest wait: those of Node end at 24 days. */
const MAX_WAIT_MS = 24 * 3_600_000;

/**
 * Follows the Token objects; resolves when those that are there are known. They are found by the SHA-256 of what a
 * client shows, so how long a look takes tells nothing about the text of any.
 */
export async function startTokens(options: TokensOptions): Promise<Tokens> {
  const { cluster, clock, log, onRevoked } = options;
  const byName = new Map<string, Known>();
  const byHash = new Map<string, Known>();
  const ending = new AbortController();
  const synced = Promise.withResolvers<void>();
  const forget = (name: string): void => {
    const known = byName.get(name);
    if (known === undefined) return;
    byName.delete(name);
    byHash.delete(known.hash);
    onRevoked((user) => user === known.identity);
  };
  let cancelTimer = (): void => {};
  const awaitExpiry = (): void => {
    cancelTimer();
    const now = clock.now();
    let next = now + MAX_WAIT_MS;
    for (const { identity, expiresAtMs } of byName.values()) {
      if (expiresAtMs <= now) onRevoked((user) => user === identity);
      else next = Math.min(next, expiresAtMs);
    }
    cancelTimer = clock.at(next, awaitExpiry);
  };
  const reflector = reflect<Token>(
    cluster,
    'Token',
    { ...options, namespace: SYSTEM_NAMESPACE },
    {
      changed(changes) {
        for (const change of changes) {
          // A token never changes; one of the same name may be another.
          forget(change.type === 'set' ? change.object.metadata.name : change.key.name);
          if (change.type === 'gone') continue;
          const known = knownOf(change.object);
          if (byName.size >= MAX_TOKENS) {
            log.write('warn', `a token is not looked at: there are ${MAX_TOKENS}`, { token: known.identity.name });
            continue;
          }
          byName.set(known.identity.name, known);
          byHash.set(known.hash, known);
        }
        awaitExpiry();
      },
      synced: () => synced.resolve(),
    },
    ending.signal,
  );
  await synced.promise;
  return {
    authenticate(text) {
      const known = byHash.get(tokenHash(text));
      return known === undefined || known.expiresAtMs <= clock.now() ? undefined : known.identity;
    },
    async stop() {
      ending.abort();
      cancelTimer();
      await reflector.done;
    },
  };
}

function knownOf({ metadata: { name }, spec }: Token): Known {
  return {
    identity: { name, groups: spec.groups ?? [], scopes: spec.scopes },
    hash: spec.hash,
    expiresAtMs: spec.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(spec.expiresAt),
  };
}
