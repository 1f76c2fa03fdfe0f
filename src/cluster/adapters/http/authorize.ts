import type { IncomingMessage } from 'node:http';
import type { Json } from '../../../base/index.ts';
import { type AccessRequest, accessOf, denialText, type FieldPath, fieldBeyond, type Identity } from '../../index.ts';
import type { Exchange } from './api.ts';
import { isTrue } from './query.ts';
import type { ObjectsRoute } from './routes.ts';
import { failure } from './status.ts';

const VERBS: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
]);

/** What a request wants, in the words of Kubernetes' access reviews. */
export function accessRequest({ method = '' }: IncomingMessage, route: ObjectsRoute): AccessRequest {
  return {
    verb: VERBS.get(method) ?? (method === 'DELETE' ? deletion(route) : reading(route)),
    kind: route.info.kind,
    ...(route.namespace !== undefined && { namespace: route.namespace }),
    ...(route.subresource !== undefined && { subresource: route.subresource }),
  };
}

function deletion({ name }: ObjectsRoute): string {
  return name === undefined ? 'deletecollection' : 'delete';
}

function reading(route: ObjectsRoute): string {
  if (isTrue(route.query, 'watch') && route.subresource === undefined) return 'watch';
  return route.name === undefined ? 'list' : 'get';
}

/** The fields that the user may change, or undefined for all. Throws a 403 when the request is none of theirs. */
export function authorize(user: Identity, request: AccessRequest): readonly FieldPath[] | undefined {
  const access = accessOf(user.scopes, request);
  if (access.kind === 'denied') throw failure(403, 'Forbidden', `forbidden: ${denialText(user, request)}`);
  return access.kind === 'limited' ? access.fields : undefined;
}

/** Throws a 403 when a user who may change some fields only sends a patch of others, or one that does not tell. */
export function checkPatch({ user, fields }: Exchange, patch: Json | undefined, isMerge: boolean): void {
  if (fields === undefined) return;
  const names = fields.map((path) => path.join('.')).join(', ');
  if (!isMerge)
    throw failure(403, 'Forbidden', `forbidden: User "${user.name}" may send a merge patch only, of ${names}`);
  const beyond = fieldBeyond(patch ?? null, fields);
  if (beyond === undefined) return;
  throw failure(403, 'Forbidden', `forbidden: User "${user.name}" may change ${names} only, not ${beyond}`);
}
