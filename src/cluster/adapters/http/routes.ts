import { KINDS, type KindInfo } from '../../index.ts';
import { SERVICE } from './discovery.ts';
import { badRequest } from './status.ts';

/** What a URL names: objects of a kind, or a path that is none of the API's objects. */
export type Route =
  | {
      readonly kind: 'objects';
      readonly info: KindInfo;
      /** Absent: all namespaces, or a kind that has none. */
      readonly namespace?: string;
      readonly name?: string;
      readonly subresource?: string;
      readonly query: URLSearchParams;
    }
  | { readonly kind: 'path'; readonly path: string; readonly query: URLSearchParams };

export type ObjectsRoute = Extract<Route, { kind: 'objects' }>;

const BY_PATH: ReadonlyMap<string, KindInfo> = new Map(
  [...KINDS, SERVICE].map((info) => [`${info.group}/${info.version}/${info.plural}`, info]),
);

/**
 * Reads `/api/v1/…` and `/apis/<group>/<version>/…` as Kubernetes lays them out.
 * Throws a 400 for a URL that cannot be decoded.
 */
export function parseRoute(url: string): Route {
  const cut = url.indexOf('?');
  const path = cut < 0 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
  return objectsRoute(segments(path), query) ?? { kind: 'path', path: trimSlash(path), query };
}

function segments(path: string): string[] {
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw badRequest('the URL holds a malformed percent-encoding');
  }
}

function objectsRoute(parts: readonly string[], query: URLSearchParams): ObjectsRoute | undefined {
  const [group, version, rest] =
    parts[0] === 'api' ? ['', parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || rest.length === 0) return undefined;
  const find = (plural: string | undefined): KindInfo | undefined => BY_PATH.get(`${group}/${version}/${plural}`);

  // `namespaces/x/pods` are pods; `namespaces`, `namespaces/x` and `namespaces/x/status` are namespaces.
  if (rest[0] === 'namespaces' && rest[2] !== undefined) {
    const info = find(rest[2]);
    if (info?.namespaced === true) return route(info, query, rest[1], rest[3], rest[4], rest.length > 5);
  }
  const info = find(rest[0]);
  if (info === undefined) return undefined;
  // A namespaced kind without a namespace can only be listed or watched.
  if (info.namespaced && rest.length > 1) return undefined;
  return route(info, query, undefined, rest[1], rest[2], rest.length > 3);
}

function route(
  info: KindInfo,
  query: URLSearchParams,
  namespace: string | undefined,
  name: string | undefined,
  subresource: string | undefined,
  isTooDeep: boolean,
): ObjectsRoute | undefined {
  if (isTooDeep) return undefined;
  return {
    kind: 'objects',
    info,
    query,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
