import { API_PAGE_SIZE } from '../../../base/index.ts';
import type { KubeObject, ListOptions, ObjectList } from '../../index.ts';
import { type Api, answerText, apiVersionOf, type Exchange, keyOf } from './api.ts';
import { SERVICE } from './discovery.ts';
import { type IncludedObject, listHead, metadataText, objectText, tableText } from './forms.ts';
import { historyQuery } from './history-query.ts';
import { type Form, objectForm } from './negotiate.ts';
import { count } from './query.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest, failure } from './status.ts';
import { drained } from './stream.ts';

/** GET of one object, whole, as a table's row or as metadata. */
export async function answerObject(api: Api, route: ObjectsRoute, { request, response }: Exchange): Promise<void> {
  const form = objectForm(request.headers.accept);
  const object = await api.cluster.get(keyOf(route));
  answerText(response, 200, objectInForm(api, route, form, object));
}

/** The text of one object in the form that the client asked for. */
export function objectInForm(api: Api, route: ObjectsRoute, form: Form, object: KubeObject): string {
  switch (form) {
    case 'object':
      return objectText(object);
    case 'metadata':
      return metadataText(object);
    case 'table': {
      const meta = { resourceVersion: object.metadata.resourceVersion ?? '' };
      const options = { includes: includedObject(route), now: api.clock.now(), hasHeader: true };
      return tableText(route.info, [object], meta, options);
    }
  }
}

/** GET of a collection. Without a limit the whole of it, read page by page, so that no answer is held in memory twice. */
export async function answerList(api: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const form = objectForm(exchange.request.headers.accept);
  const options = listOptions(route);
  if (route.info === SERVICE) return answerPage(api, route, exchange, form, { items: [], resourceVersion: '0' });
  await checkVersion(api, route);
  const isWhole = options.limit === undefined;
  const first = await api.cluster.list(route.info.kind, isWhole ? { ...options, limit: API_PAGE_SIZE } : options);
  // A table's columns stand before its rows and its version before both, so only plain lists are worth streaming.
  if (!isWhole || first.continueToken === undefined) return answerPage(api, route, exchange, form, first);
  if (form === 'table') return answerPage(api, route, exchange, form, await wholeList(api, route, first));
  await streamList(api, route, exchange, form, first);
}

function answerPage(api: Api, route: ObjectsRoute, { response }: Exchange, form: Form, page: ObjectList): void {
  const meta = metaOf(page);
  if (form === 'table') {
    const options = { includes: includedObject(route), now: api.clock.now(), hasHeader: true };
    answerText(response, 200, tableText(route.info, page.items, meta, options));
    return;
  }
  const texts = page.items.map(form === 'object' ? objectText : metadataText);
  answerText(response, 200, `${headOf(route, form, meta)}${texts.join(',')}]}`);
}

async function streamList(
  api: Api,
  route: ObjectsRoute,
  { response, signal }: Exchange,
  form: Form,
  first: ObjectList,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.write(headOf(route, form, { resourceVersion: first.resourceVersion }));
  const toText = form === 'object' ? objectText : metadataText;
  let separator = '';
  for (let page: ObjectList | undefined = first; page !== undefined; page = await nextPage(api, route, page)) {
    if (page.items.length === 0) continue;
    const isFull = !response.write(separator + page.items.map(toText).join(','));
    separator = ',';
    if (isFull) await drained(response, signal);
  }
  response.end(']}');
}

async function wholeList(api: Api, route: ObjectsRoute, first: ObjectList): Promise<ObjectList> {
  const items: KubeObject[] = [];
  for (let page: ObjectList | undefined = first; page !== undefined; page = await nextPage(api, route, page)) {
    for (const item of page.items) items.push(item);
  }
  return { items, resourceVersion: first.resourceVersion };
}

async function nextPage(api: Api, route: ObjectsRoute, page: ObjectList): Promise<ObjectList | undefined> {
  const { continueToken } = page;
  if (continueToken === undefined) return undefined;
  return api.cluster.list(route.info.kind, { ...listOptions(route), limit: API_PAGE_SIZE, continueToken });
}

function headOf(route: ObjectsRoute, form: Form, meta: { resourceVersion: string; continue?: string }): string {
  return form === 'metadata'
    ? listHead('PartialObjectMetadataList', 'meta.k8s.io/v1', meta)
    : listHead(`${route.info.kind}List`, apiVersionOf(route.info), meta);
}

function metaOf(page: ObjectList): { resourceVersion: string; continue?: string } {
  return {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken !== undefined && { continue: page.continueToken }),
  };
}

/** Namespace, selectors and page of a list or a watch; a route to one object selects it by name. */
export function listOptions(route: ObjectsRoute): ListOptions {
  const { query, namespace, name } = route;
  const labelSelector = query.get('labelSelector') ?? '';
  const fields = [query.get('fieldSelector') ?? '', name === undefined ? '' : `metadata.name=${name}`];
  const fieldSelector = fields.filter((each) => each !== '').join(',');
  const limit = count(query, 'limit');
  const continueToken = query.get('continue') ?? '';
  const archived = historyQuery(route);
  return {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== '' && { labelSelector }),
    ...(fieldSelector !== '' && { fieldSelector }),
    ...(limit !== undefined && limit > 0 && { limit }),
    ...(continueToken !== '' && { continueToken }),
    ...(archived !== undefined && { archived }),
  };
}

export function includedObject(route: ObjectsRoute): IncludedObject {
  const value = route.query.get('includeObject');
  return value === 'None' || value === 'Object' ? value : 'Metadata';
}

/**
 * Every list is the newest state, which satisfies `resourceVersion` "", "0" and "not older than N"; one from the future
 * is refused as Kubernetes does, and so is an exact one from the past.
 */
async function checkVersion(api: Api, route: ObjectsRoute): Promise<void> {
  const asked = route.query.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return;
  if (!/^\d+$/.test(asked)) throw badRequest(`invalid resourceVersion ${JSON.stringify(asked)}`);
  const { resourceVersion: current } = await api.cluster.list(route.info.kind, { limit: 1 });
  if (BigInt(asked) > BigInt(current)) {
    throw failure(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  }
  if (route.query.get('resourceVersionMatch') === 'Exact' && asked !== current) {
    throw failure(410, 'Expired', `resource version ${asked} is no longer held; list without it`);
  }
}
