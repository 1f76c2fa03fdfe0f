import { type ImageReference, imageName } from '../../language/index.ts';
import { type Authorization, authorize } from './authorize.ts';
import { parseChallenges } from './challenge.ts';
import { type Credentials, credentialsFor, type DockerConfig, readDockerConfig } from './docker-config.ts';
import { apiHost, isLoopback } from './host.ts';
import { ACCEPT, type ManifestKind, manifestOf, namedManifest } from './manifest.ts';
import { type RegistryWorld, type Reply, type SendFailure, send, sendOnce } from './send.ts';

export type ResolvedImage =
  | { readonly kind: 'resolved'; readonly digest: string; readonly of: ManifestKind }
  /** `message` tells whose fault it is and what to do. */
  | { readonly kind: 'failed'; readonly message: string };

export interface RegistryClient {
  /** The digest that the reference's tag has now. Never rejects for what a registry does. */
  resolve(reference: ImageReference): Promise<ResolvedImage>;
}

interface Client {
  readonly world: RegistryWorld;
  readonly config: DockerConfig;
  /** What is asked once of each registry. */
  readonly schemes: Map<string, Promise<'http' | 'https'>>;
  readonly credentials: Map<string, Promise<Credentials>>;
  /** By name of the image: tokens are for one repository. */
  readonly authorizations: Map<string, Promise<Authorization>>;
}

/** A client with the logins of Docker. StalledError when Docker's configuration cannot be read. */
export function createRegistryClient(world: RegistryWorld): RegistryClient {
  const client: Client = {
    world,
    config: readDockerConfig(world.env),
    schemes: new Map(),
    credentials: new Map(),
    authorizations: new Map(),
  };
  return {
    async resolve(reference) {
      const result = await resolveTag(client, reference);
      return result.kind === 'failed' ? { kind: 'failed', message: result.message } : result;
    },
  };
}

/** The value of a key, made once. */
function once<V>(values: Map<string, Promise<V>>, key: string, make: () => Promise<V>): Promise<V> {
  const known = values.get(key) ?? make();
  values.set(key, known);
  return known;
}

async function resolveTag(client: Client, reference: ImageReference): Promise<ResolvedImage> {
  const { registry, repository, tag = 'latest' } = reference;
  const scheme = await once(client.schemes, registry, () => findScheme(client.world, registry));
  const url = new URL(`${scheme}://${apiHost(registry)}/v2/${repository}/manifests/${tag}`);
  // Asking for the head alone moves nothing, and does not count against the pulls that Docker Hub allows.
  const head = await request(client, reference, 'HEAD', url);
  if (head.kind === 'failed') return head;
  const named = head.status === 200 ? namedManifest(head) : undefined;
  if (named !== undefined) return { kind: 'resolved', ...named };
  if (MEANT.has(head.status)) return refusal(reference, head.status);
  const reply = await request(client, reference, 'GET', url);
  if (reply.kind === 'failed') return reply;
  if (reply.status !== 200) return refusal(reference, reply.status);
  const manifest = manifestOf(reply);
  if (manifest.kind === 'failed') return { kind: 'failed', message: `${registry} ${manifest.message}` };
  return { kind: 'resolved', digest: manifest.digest, of: manifest.of };
}

/** Answers to HEAD that GET would only repeat; others come from registries that do not know HEAD. */
const MEANT: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** TLS everywhere; a registry of this machine may do without, which is found by asking. */
async function findScheme(world: RegistryWorld, registry: string): Promise<'http' | 'https'> {
  if (!isLoopback(registry)) return 'https';
  const reply = await sendOnce(world, { method: 'GET', url: new URL(`https://${registry}/v2/`), headers: {} });
  return reply.kind === 'reply' || reply.isUntrusted ? 'https' : 'http';
}

/** Sends with what authorizes it; a challenge is answered once for each request. */
async function request(
  client: Client,
  reference: ImageReference,
  method: 'GET' | 'HEAD',
  url: URL,
): Promise<Reply | SendFailure | { readonly kind: 'failed'; readonly message: string }> {
  const { world, config, credentials, authorizations } = client;
  const { registry, repository } = reference;
  const name = imageName(reference);
  const known = await authorizations.get(name);
  if (known?.kind === 'failed') return known;
  const headersOf = (authorization: Authorization | undefined): Record<string, string> => ({
    accept: ACCEPT,
    ...(authorization?.kind === 'header' && { authorization: authorization.value }),
  });
  const first = await send(world, { method, url, headers: headersOf(known) });
  if (first.kind === 'failed' || first.status !== 401) return first;
  // A token that was good for an earlier request has run out.
  if (known !== undefined) authorizations.delete(name);
  const challenges = parseChallenges(first.headers.get('www-authenticate') ?? '');
  const authorization = await once(authorizations, name, async () =>
    authorize(world, {
      registry,
      repository,
      challenges,
      credentials: await once(credentials, registry, () => credentialsFor(config, world.env, registry)),
    }),
  );
  if (authorization.kind === 'failed') return authorization;
  return send(world, { method, url, headers: headersOf(authorization) });
}

function refusal(reference: ImageReference, status: number): ResolvedImage {
  const { registry, tag } = reference;
  return { kind: 'failed', message: refusalText(registry, tag ?? 'latest', status) };
}

function refusalText(registry: string, tag: string, status: number): string {
  switch (status) {
    case 404:
      return `${registry} has no such image, or no tag "${tag}" of it`;
    case 401:
    case 403:
      return `${registry} does not show it to the login of this machine: \`docker login ${registry}\``;
    case 429:
      return `${registry} takes no more requests now: wait, or log in with \`docker login ${registry}\``;
    default:
      return `${registry} answers ${status}`;
  }
}
