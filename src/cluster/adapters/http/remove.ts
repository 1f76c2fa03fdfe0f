import { API_PAGE_SIZE, ConflictError, isJsonObject, type Json } from '../../../base/index.ts';
import { type KubeObject, NotFoundError, type Preconditions } from '../../index.ts';
import { type Api, answerJson, answerText, apiVersionOf, type Exchange, keyOf } from './api.ts';
import { readBody } from './body.ts';
import { listHead, objectText } from './forms.ts';
import { listOptions } from './read.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest, deleted } from './status.ts';
import { isDryDelete } from './write-options.ts';

/** DELETE of one object. Answers a Status, or the object when finalizers keep it. */
export async function answerDelete(api: Api, route: ObjectsRoute, { request, response }: Exchange): Promise<void> {
  const body = await readBody(request);
  const dryRun = isDryDelete(route, body);
  const condition = deleteOptions(body, route);
  const key = keyOf(route);
  const [last] = await api.cluster.write([{ op: 'delete', key, ...(condition && { if: condition }) }], { dryRun });
  const isHeld = (last?.metadata.finalizers?.length ?? 0) > 0 && last?.metadata.deletionTimestamp !== undefined;
  if (isHeld) answerText(response, 200, objectText(last as KubeObject));
  else answerJson(response, 200, deleted(key, last?.metadata.uid));
}

/** DELETE of all objects that the selectors choose; answers the list of them. One that is gone already is no failure. */
export async function answerDeleteCollection(
  api: Api,
  route: ObjectsRoute,
  { request, response }: Exchange,
): Promise<void> {
  const body = await readBody(request);
  const dryRun = isDryDelete(route, body);
  deleteOptions(body, route);
  const { limit: _, continueToken: __, ...options } = listOptions(route);
  const removed: KubeObject[] = [];
  let resourceVersion = '';
  for (let continueToken: string | undefined; ; ) {
    const page = await api.cluster.list(route.info.kind, {
      ...options,
      limit: API_PAGE_SIZE,
      ...(continueToken !== undefined && { continueToken }),
    });
    resourceVersion = page.resourceVersion;
    await Promise.all(page.items.map((object) => deleteOne(api, route, object, dryRun)));
    for (const object of page.items) removed.push(object);
    continueToken = page.continueToken;
    if (continueToken === undefined) break;
  }
  const head = listHead(`${route.info.kind}List`, apiVersionOf(route.info), { resourceVersion });
  answerText(response, 200, `${head}${removed.map(objectText).join(',')}]}`);
}

async function deleteOne(api: Api, route: ObjectsRoute, { metadata }: KubeObject, dryRun: boolean): Promise<void> {
  const { name, namespace, uid } = metadata;
  const key = { kind: route.info.kind, name, ...(namespace !== undefined && { namespace }) };
  try {
    await api.cluster.write([{ op: 'delete', key, ...(uid !== undefined && { if: { uid } }) }], { dryRun });
  } catch (error) {
    // Gone, or gone and made anew: either way the object that was listed is no more.
    if (!(error instanceof NotFoundError || error instanceof ConflictError)) throw error;
  }
}

/** The preconditions of a DeleteOptions body. Dependents always go with their owner, in the background. */
function deleteOptions(body: Json | undefined, route: ObjectsRoute): Preconditions | undefined {
  const options = isJsonObject(body) ? body : {};
  const policy = options.propagationPolicy ?? route.query.get('propagationPolicy');
  if (policy === 'Orphan' || options.orphanDependents === true) {
    throw badRequest('propagationPolicy Orphan is not supported by this control plane: dependents go with their owner');
  }
  const { preconditions } = options;
  if (!isJsonObject(preconditions)) return undefined;
  const { uid, resourceVersion } = preconditions;
  return {
    ...(typeof uid === 'string' && { uid }),
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
  };
}
