import { randomInt } from 'node:crypto';
import { ConflictError, isJsonObject, type Json, MAX_PATCH_TRIES } from '../../../base/index.ts';
import type { KubeObject, MergePatch, Preconditions, Write } from '../../index.ts';
import { type Api, answerText, apiVersionOf, type Exchange, keyOf } from './api.ts';
import { checkPatch } from './authorize.ts';
import { contentType, readBody, readObject } from './body.ts';
import { withDefaults } from './defaults.ts';
import { applyJsonPatch } from './json-patch.ts';
import { mergeDiff } from './merge-diff.ts';
import { objectForm } from './negotiate.ts';
import { objectInForm } from './read.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest, failure, namingObject } from './status.ts';
import { validateFields } from './validate.ts';
import { type AskedWrite, apiFor, askedWrite } from './write-options.ts';

type JsonMap = { readonly [field: string]: Json };

/** POST to a collection. */
export async function answerCreate(plain: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const api = apiFor(plain, askedWrite('CreateOptions', route, exchange.request));
  const body = named(await readObject(exchange.request), route);
  const { name } = body.metadata;
  try {
    const object = objectOf(body, route, name);
    validateFields(route, body, exchange.response, { isPartial: false });
    await answerWrite(api, route, exchange, { op: 'create', object }, 201);
  } catch (error) {
    // The path of a collection names none.
    throw namingObject(error, route.info, name);
  }
}

/** PUT of an object, or of its status. */
export async function answerUpdate(plain: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const api = apiFor(plain, askedWrite('UpdateOptions', route, exchange.request));
  const body = await readObject(exchange.request);
  const object = objectOf(body, route, route.name ?? '');
  if (route.subresource !== 'status') validateFields(route, body, exchange.response, { isPartial: false });
  if (route.subresource === 'status') return answerStatusUpdate(api, route, exchange, object);
  if (object.metadata.resourceVersion === undefined) {
    // One that does not exist is not found, whatever else the body lacks.
    await api.cluster.get(keyOf(route));
    throw failure(422, 'Invalid', 'metadata.resourceVersion: Invalid value: "": must be specified for an update');
  }
  await answerWrite(api, route, exchange, { op: 'update', object }, 200);
}

async function answerStatusUpdate(
  api: Api,
  route: ObjectsRoute,
  exchange: Exchange,
  object: KubeObject,
): Promise<void> {
  const current = await api.cluster.get(keyOf(route));
  const patch = mergeDiff(current.status as Json | undefined, object.status as Json | undefined) ?? {};
  // Without a version of its own the client means "whatever it is", but the difference was made from this one.
  const resourceVersion = object.metadata.resourceVersion ?? current.metadata.resourceVersion;
  const condition: Preconditions = resourceVersion === undefined ? {} : { resourceVersion };
  await answerWrite(api, route, exchange, { op: 'patchStatus', key: keyOf(route), patch, if: condition }, 200);
}

/** PATCH of an object or of its status, in the four ways that Kubernetes knows. */
export async function answerPatch(plain: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const type = contentType(exchange.request);
  const asked = askedWrite('PatchOptions', route, exchange.request);
  const api = apiFor(plain, asked);
  const body = await readBody(exchange.request);
  checkPatch(exchange, body, MERGE_TYPES.has(type));
  switch (type) {
    case 'application/merge-patch+json':
      return answerMergePatch(api, route, exchange, body);
    case 'application/strategic-merge-patch+json':
      return answerMergePatch(api, route, exchange, plainPatch(body));
    case 'application/json-patch+json':
      return answerJsonPatch(api, route, exchange, body ?? null);
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+json':
      return answerApply(api, route, exchange, body, asked);
    default:
      throw failure(
        415,
        'UnsupportedMediaType',
        `the patch type ${type} is not supported; send application/merge-patch+json, application/json-patch+json or application/apply-patch+yaml`,
      );
  }
}

const MERGE_TYPES: ReadonlySet<string> = new Set([
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]);

async function answerMergePatch(
  api: Api,
  route: ObjectsRoute,
  exchange: Exchange,
  body: Json | undefined,
): Promise<void> {
  if (!isJsonObject(body)) throw badRequest('a merge patch is one JSON object');
  validateFields(route, body, exchange.response, { isPartial: true });
  const key = keyOf(route);
  const condition = preconditions(body.metadata);
  if (route.subresource === 'status') {
    const patch = isJsonObject(body.status) ? body.status : {};
    return answerWrite(api, route, exchange, { op: 'patchStatus', key, patch, ...condition }, 200);
  }
  // Status has its own subresource; a client's copy of it in a patch of the rest is not meant.
  const { status, ...patch } = body;
  const rest: MergePatch = route.info.hasStatus ? patch : body;
  await answerWrite(api, route, exchange, { op: 'patch', key, patch: rest, ...condition }, 200);
}

/** A version or uid in the patch's metadata must be that of the object. */
function preconditions(metadata: Json | undefined): { if?: Preconditions } {
  if (!isJsonObject(metadata)) return {};
  const { uid, resourceVersion } = metadata;
  if (typeof uid !== 'string' && typeof resourceVersion !== 'string') return {};
  return {
    if: {
      ...(typeof uid === 'string' && { uid }),
      ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
    },
  };
}

/**
 * Of a strategic merge patch what is a plain one: hints about the order of lists are dropped, and directives that
 * change its meaning are refused. Custom kinds of a Kubernetes cluster do not take this type at all.
 */
function plainPatch(value: Json | undefined): Json {
  if (!isJsonObject(value)) return value ?? null;
  const plain: { [key: string]: Json } = Object.create(null);
  for (const [key, member] of Object.entries(value)) {
    if (key.startsWith('$setElementOrder/') || key === '$retainKeys') continue;
    const isMergedList = Array.isArray(member) && member.some((item) => isJsonObject(item));
    if (key.startsWith('$') || isMergedList) {
      throw failure(
        415,
        'UnsupportedMediaType',
        `strategic merge of ${JSON.stringify(key)} is not supported; use a merge patch (kubectl patch --type=merge)`,
      );
    }
    plain[key] = plainPatch(member);
  }
  return plain;
}

/** Read, change, write; again when another write came between, unless the patch itself names a version. */
async function answerJsonPatch(api: Api, route: ObjectsRoute, exchange: Exchange, patch: Json): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const current = await api.cluster.get(keyOf(route));
    const changed = applyJsonPatch(current as unknown as Json, patch);
    if (!isJsonObject(changed)) throw badRequest('the patched object would be none');
    const object = objectOf(changed, route, route.name ?? '');
    validateFields(route, changed, exchange.response, { isPartial: false });
    const isConditional = object.metadata.resourceVersion !== current.metadata.resourceVersion;
    try {
      if (route.subresource === 'status') return await answerStatusUpdate(api, route, exchange, object);
      return await answerWrite(api, route, exchange, { op: 'update', object }, 200);
    } catch (error) {
      if (!(error instanceof ConflictError) || isConditional || tries === MAX_PATCH_TRIES) throw error;
    }
  }
}

async function answerApply(
  api: Api,
  route: ObjectsRoute,
  exchange: Exchange,
  body: Json | undefined,
  { fieldManager, force }: AskedWrite,
): Promise<void> {
  if (!isJsonObject(body)) throw badRequest('the applied configuration must be one object');
  const { managedFields = null } = isJsonObject(body.metadata) ? body.metadata : {};
  if (managedFields !== null) throw badRequest('metadata.managedFields must be nil');
  const object = objectOf(body, route, route.name ?? '');
  validateFields(route, body, exchange.response, { isPartial: true, isApplied: true });
  if (route.subresource === 'status') {
    const patch = isJsonObject(body.status) ? body.status : {};
    return answerWrite(api, route, exchange, { op: 'patchStatus', key: keyOf(route), patch }, 200);
  }
  await answerWrite(api, route, exchange, { op: 'apply', object, fieldManager, force }, 200);
}

async function answerWrite(
  api: Api,
  route: ObjectsRoute,
  { request, response }: Exchange,
  write: Write,
  code: number,
): Promise<void> {
  const form = objectForm(request.headers.accept);
  const [object] = await api.cluster.write([write]);
  answerText(response, code, objectInForm(api, route, form, object as KubeObject));
}

/** The body as an object of the route's kind, with the name and namespace that the URL says. */
function objectOf(body: JsonMap, route: ObjectsRoute, name: string): KubeObject {
  const { info, namespace } = route;
  const apiVersion = apiVersionOf(info);
  const isOther =
    (body.kind !== undefined && body.kind !== info.kind) ||
    (body.apiVersion !== undefined && body.apiVersion !== apiVersion);
  if (isOther) {
    throw badRequest(
      `the body is a ${String(body.apiVersion)} ${String(body.kind)}, but the URL is of ${apiVersion} ${info.kind}`,
    );
  }
  const metadata = isJsonObject(body.metadata) ? body.metadata : {};
  if (metadata.name !== undefined && metadata.name !== name) {
    throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
  }
  const given = metadata.namespace;
  if (given !== undefined && given !== '' && given !== namespace) {
    throw badRequest(`the namespace of the object (${String(given)}) does not match the request (${namespace ?? ''})`);
  }
  if (info.namespaced && namespace === undefined) throw badRequest('an empty namespace may not be set');
  const { namespace: _, resourceVersion, ...rest } = metadata;
  const meta = {
    ...rest,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(typeof resourceVersion === 'string' && resourceVersion !== '' && { resourceVersion }),
  };
  return { ...withDefaults(info.kind, body), apiVersion, kind: info.kind, metadata: meta } as KubeObject;
}

/** Fills in a name from `metadata.generateName`, as Kubernetes does, with five characters of its alphabet. */
function named(
  body: JsonMap,
  route: ObjectsRoute,
): JsonMap & { readonly metadata: JsonMap & { readonly name: string } } {
  const metadata = isJsonObject(body.metadata) ? body.metadata : {};
  const { name, generateName } = metadata;
  if (typeof name === 'string' && name !== '') return { ...body, metadata: { ...metadata, name } };
  if (typeof generateName !== 'string' || generateName === '') {
    throw failure(
      422,
      'Invalid',
      `${route.info.kind}: metadata.name: Required value: name or generateName is required`,
    );
  }
  let suffix = '';
  while (suffix.length < 5) suffix += SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)];
  return { ...body, metadata: { ...metadata, name: `${generateName}${suffix}` } };
}

/** Of `k8s.io/apimachinery/pkg/util/rand`: no vowels, nothing that looks alike. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
