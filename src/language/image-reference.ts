import { MAX_IMAGE_NAME_LENGTH, MAX_IMAGE_REFERENCE_LENGTH, remembered } from '../base/index.ts';

/** An image reference in its parts, with the defaults of Docker filled in. */
export interface ImageReference {
  /** Host and port, for example `docker.io` or `localhost:5000`. */
  readonly registry: string;
  /** For example `library/python`. */
  readonly repository: string;
  /** Absent when the reference has a digest and no tag. `latest` when it has neither. */
  readonly tag?: string;
  /** For example `sha256:…`. */
  readonly digest?: string;
}

export type ImageReferenceResult =
  | { readonly kind: 'ok'; readonly reference: ImageReference }
  /** `start` and `end` are UTF-16 offsets into the text as written. */
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly help: string;
      readonly start: number;
      readonly end: number;
    };

const DEFAULT_REGISTRY = 'docker.io';
const DEFAULT_TAG = 'latest';
/** One part of a repository's name. Separators and letters share no character, so matching is linear. */
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const HOST_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const REGISTRY = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const TAG = /^\w[\w.-]{0,127}$/;
const IDENTIFIER = /^[a-f0-9]{64}$/;
/** Hexadecimal digits of the registered algorithms: https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
const DIGEST_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/**
 * Reads `[registry/]repository[:tag][@digest]` by the grammar of https://github.com/distribution/reference: the first
 * part is a registry when it holds a dot or a colon or is `localhost`; else the image is one of Docker Hub. Docker also
 * takes a first part in upper case for a host; here that is the mistake that it looks like.
 */
export const parseImageReference: (text: string) => ImageReferenceResult = remembered(readImageReference);

function readImageReference(text: string): ImageReferenceResult {
  const outside = outsideOfGrammar(text);
  if (outside !== undefined) return outside;
  const at = text.indexOf('@');
  const named = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isImageDigest(digest)) {
    const help = 'write sha256: and 64 hexadecimal digits in lower case';
    return refused(`"${shown(digest)}" is no digest`, help, at + 1, text.length);
  }
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/') && !named.endsWith(']');
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    const help = 'a tag has at most 128 letters, digits, "_", "." and "-", and begins with none of the last two';
    return refused(`"${shown(tag)}" is no tag`, help, colon + 1, named.length);
  }
  return splitName(name, tag ?? (digest === undefined ? DEFAULT_TAG : undefined), digest);
}

function outsideOfGrammar(text: string): ImageReferenceResult | undefined {
  if (text === '') return refused('the image reference is empty', 'name an image, or leave "image" out', 0, 0);
  if (text.length > MAX_IMAGE_REFERENCE_LENGTH) {
    const message = `the image reference has ${text.length} characters, more than ${MAX_IMAGE_REFERENCE_LENGTH}`;
    return refused(message, 'name one image', 0, text.length);
  }
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.exec(text)?.[0];
  if (scheme !== undefined) {
    const help = `write it without "${scheme}"`;
    return refused('an image reference does not begin with a scheme', help, 0, scheme.length);
  }
  const space = text.search(/\s/);
  if (space !== -1) return refused('an image reference holds no white space', 'take it out', space, space + 1);
  return undefined;
}

function splitName(name: string, tag: string | undefined, digest: string | undefined): ImageReferenceResult {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasRegistry = first === 'localhost' || /[.:[]/.test(first);
  if (hasRegistry && (!REGISTRY.test(first) || portOf(first) > MAX_PORT)) {
    const help = 'it is the host of a registry, with its port where it has one: registry.example.com:5000';
    return refused(`"${shown(first)}" is no registry`, help, 0, first.length);
  }
  const from = hasRegistry ? slash + 1 : 0;
  const path = name.slice(from);
  const problem = pathProblem(path, from);
  if (problem !== undefined) return problem;
  if (!hasRegistry && IDENTIFIER.test(path)) {
    return refused(
      'the id of an image is no reference',
      'name its repository, then @sha256: and the id',
      0,
      path.length,
    );
  }
  const registry = !hasRegistry || first === 'index.docker.io' ? DEFAULT_REGISTRY : first.toLowerCase();
  const repository = registry === DEFAULT_REGISTRY && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + 1 + repository.length > MAX_IMAGE_NAME_LENGTH) {
    const help = `registry and repository together have at most ${MAX_IMAGE_NAME_LENGTH} characters`;
    return refused('the name of the image is too long', help, 0, name.length);
  }
  const reference = {
    registry,
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
  return { kind: 'ok', reference };
}

const MAX_PORT = 65_535;

function portOf(registry: string): number {
  return Number(/:([0-9]+)$/.exec(registry)?.[1] ?? 0);
}

function pathProblem(path: string, from: number): ImageReferenceResult | undefined {
  let start = from;
  for (const component of path.split('/')) {
    const end = start + component.length;
    if (component === '') return refused('a part of the image name is empty', 'part its names by one "/"', start, end);
    if (/[A-Z]/.test(component)) {
      const help = `write "${shown(component.toLowerCase())}"`;
      return refused('the name of an image is in lower case', help, start, end);
    }
    if (!PATH_COMPONENT.test(component)) {
      const help = 'names are letters and digits, parted by ".", "_", "__" or dashes';
      return refused(`"${shown(component)}" cannot be part of an image name`, help, start, end);
    }
    start = end + 1;
  }
  return undefined;
}

function refused(message: string, help: string, start: number, end: number): ImageReferenceResult {
  return { kind: 'error', message, help, start, end };
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Whether `text` is a digest of a registered algorithm. */
export function isImageDigest(text: string): boolean {
  const colon = text.indexOf(':');
  const length = DIGEST_LENGTHS.get(text.slice(0, Math.max(0, colon)));
  const hex = text.slice(colon + 1);
  return length === hex.length && /^[a-f0-9]+$/.test(hex);
}

/** Registry and repository: `docker.io/library/python`. */
export function imageName({ registry, repository }: ImageReference): string {
  return `${registry}/${repository}`;
}

/**
 * The one form of a reference by tag, whichever way it was written: `docker.io/library/python:3.12`. Undefined for a
 * reference by digest, which means the same image for ever.
 */
export function taggedImage(reference: ImageReference): string | undefined {
  return reference.digest === undefined ? `${imageName(reference)}:${reference.tag ?? DEFAULT_TAG}` : undefined;
}

/** The reference by digest: `docker.io/library/python@sha256:…`. */
export function pinnedImage(reference: ImageReference, digest: string): string {
  return `${imageName(reference)}@${digest}`;
}
