import { createHash } from 'node:crypto';
import { isImageDigest } from '../../language/index.ts';
import { parseObject } from './docker-config.ts';
import type { Reply } from './send.ts';

/** What a tag names: the index of an image for several platforms, or the manifest of one. */
export type ManifestKind = 'index' | 'manifest';

/** https://github.com/opencontainers/image-spec/blob/main/media-types.md and Docker's schema 2. */
const KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
  ['application/vnd.oci.image.manifest.v1+json', 'manifest'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'manifest'],
]);

export const ACCEPT = [...KINDS.keys()].join(', ');

/** What the headers alone tell; undefined when they do not tell all of it. */
export function namedManifest({ headers }: Reply): { readonly digest: string; readonly of: ManifestKind } | undefined {
  const digest = headers.get('docker-content-digest');
  const of = KINDS.get(mediaType(headers));
  return digest !== null && isImageDigest(digest) && of !== undefined ? { digest, of } : undefined;
}

export type Manifest =
  | { readonly kind: 'manifest'; readonly digest: string; readonly of: ManifestKind }
  | { readonly kind: 'failed'; readonly message: string };

/** The manifest of an answer, its digest computed from what was sent and equal to the one that was named. */
export function manifestOf({ headers, body }: Reply): Manifest {
  const value = parseObject(new TextDecoder().decode(body));
  const of = KINDS.get(mediaType(headers)) ?? KINDS.get(typeof value?.mediaType === 'string' ? value.mediaType : '');
  if (value === undefined || of === undefined) {
    return { kind: 'failed', message: 'answers with something that is neither an image index nor an image manifest' };
  }
  const named = headers.get('docker-content-digest');
  if (named !== null && !isImageDigest(named)) return { kind: 'failed', message: 'names a digest that is none' };
  const algorithm = named?.startsWith('sha512:') === true ? 'sha512' : 'sha256';
  const digest = `${algorithm}:${createHash(algorithm).update(body).digest('hex')}`;
  if (named !== null && named !== digest) {
    return { kind: 'failed', message: `sent a manifest that does not have the digest that it names, ${named}` };
  }
  return { kind: 'manifest', digest, of };
}

function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
