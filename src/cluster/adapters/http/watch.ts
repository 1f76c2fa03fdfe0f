import { API_PAGE_SIZE, MAX_WATCH_MS } from '../../../base/index.ts';
import type { KubeObject, WatchEvent } from '../../index.ts';
import { type Api, apiVersionOf, type Exchange } from './api.ts';
import { SERVICE } from './discovery.ts';
import { metadataText, objectText, tableText } from './forms.ts';
import { type Form, objectForm } from './negotiate.ts';
import { count, isTrue } from './query.ts';
import { includedObject, listOptions } from './read.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest, failure, statusOf } from './status.ts';
import { drained } from './stream.ts';

/**
 * Streams events, one JSON text per line, until the client goes, its timeout ends, or the version is too old
 * (an ERROR event with a 410 Status). The rules of `resourceVersion` and `sendInitialEvents` are Kubernetes'
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-watch).
 */
export async function answerWatch(api: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const { response } = exchange;
  const plan = planOf(route, exchange);
  const ending = new AbortController();
  const signal = AbortSignal.any([exchange.signal, ending.signal]);
  const cancelTimeout = api.clock.at(api.clock.now() + plan.timeoutMs, () => ending.abort());
  const send = sender(api, route, exchange, plan.form);
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  // The client must learn that the watch stands even when nothing happens for long.
  response.flushHeaders();
  try {
    const resourceVersion = plan.hasInitialList ? await sendInitial(api, route, plan, send) : plan.resourceVersion;
    if (route.info === SERVICE) await aborted(signal);
    else await follow(api, route, plan, { send, signal, resourceVersion });
  } catch (error) {
    // The stream has begun, so the refusal is an event of it.
    if (!signal.aborted) response.write(`{"type":"ERROR","object":${JSON.stringify(statusOf(error))}}\n`);
  } finally {
    cancelTimeout();
    if (!response.destroyed) response.end();
  }
}

interface WatchPlan {
  readonly form: Form;
  readonly timeoutMs: number;
  readonly resourceVersion: string;
  /** The state at the start goes out as ADDED events. */
  readonly hasInitialList: boolean;
  /** The end of the initial list is marked by a bookmark (a streaming list). */
  readonly marksInitialEnd: boolean;
  readonly hasBookmarks: boolean;
}

function planOf(route: ObjectsRoute, { request }: Exchange): WatchPlan {
  const { query } = route;
  const resourceVersion = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(resourceVersion)) throw badRequest(`invalid resourceVersion ${JSON.stringify(resourceVersion)}`);
  const hasBookmarks = isTrue(query, 'allowWatchBookmarks');
  const sendInitialEvents = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch');
  if (sendInitialEvents !== null && match !== 'NotOlderThan') {
    throw failure(422, 'Invalid', 'sendInitialEvents requires resourceVersionMatch=NotOlderThan');
  }
  if (sendInitialEvents === null && match !== null) {
    throw failure(422, 'Invalid', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  const isStreamingList = sendInitialEvents !== null && isTrue(query, 'sendInitialEvents');
  const startsAnywhere = resourceVersion === '' || resourceVersion === '0';
  return {
    form: objectForm(request.headers.accept),
    timeoutMs: Math.min((count(query, 'timeoutSeconds') ?? 0) * 1000 || MAX_WATCH_MS, MAX_WATCH_MS),
    resourceVersion,
    hasInitialList: isStreamingList || (startsAnywhere && sendInitialEvents === null),
    marksInitialEnd: isStreamingList && hasBookmarks,
    hasBookmarks,
  };
}

type Send = (events: readonly WatchEvent[], isInitialEnd?: boolean) => Promise<void>;

/** Sends what exists as ADDED events; returns the version to go on from. */
async function sendInitial(api: Api, route: ObjectsRoute, plan: WatchPlan, send: Send): Promise<string> {
  if (route.info === SERVICE) return '0';
  const { continueToken: _, limit: __, ...options } = listOptions(route);
  let page = await api.cluster.list(route.info.kind, { ...options, limit: API_PAGE_SIZE });
  const { resourceVersion } = page;
  for (;;) {
    await send(page.items.map((object) => ({ type: 'ADDED', object })));
    if (page.continueToken === undefined) break;
    const { continueToken } = page;
    page = await api.cluster.list(route.info.kind, { ...options, limit: API_PAGE_SIZE, continueToken });
  }
  if (plan.marksInitialEnd) await send([{ type: 'BOOKMARK', resourceVersion }], true);
  return resourceVersion;
}

async function follow(
  api: Api,
  route: ObjectsRoute,
  plan: WatchPlan,
  run: { readonly send: Send; readonly signal: AbortSignal; readonly resourceVersion: string },
): Promise<void> {
  const { continueToken: _, limit: __, ...options } = listOptions(route);
  const startsHere = run.resourceVersion !== '' && run.resourceVersion !== '0';
  const events = api.cluster.watch(route.info.kind, {
    ...options,
    ...(startsHere && { resourceVersion: run.resourceVersion }),
    // A word of our own clients, which Kubernetes does not know and passes over.
    ...(isTrue(route.query, 'ignoreStatusChanges') && { ignoreStatusChanges: true }),
    signal: run.signal,
  });
  for await (const batch of events) {
    await run.send(plan.hasBookmarks ? batch : batch.filter((event) => event.type !== 'BOOKMARK'));
  }
}

/** Writes batches in one piece each and waits for the client to take them: the store bounds what piles up meanwhile. */
function sender(api: Api, route: ObjectsRoute, { response, signal }: Exchange, form: Form): Send {
  let hasSentHeader = false;
  const objectOf = (object: KubeObject): string => {
    if (form === 'object') return objectText(object);
    if (form === 'metadata') return metadataText(object);
    const options = { includes: includedObject(route), now: api.clock.now(), hasHeader: !hasSentHeader };
    hasSentHeader = true;
    const meta = { resourceVersion: object.metadata.resourceVersion ?? '' };
    return tableText(route.info, [object], meta, options);
  };
  return async (events, isInitialEnd = false) => {
    let text = '';
    for (const event of events) {
      const object =
        event.type === 'BOOKMARK'
          ? bookmarkText(route, form, event.resourceVersion, isInitialEnd)
          : objectOf(event.object);
      text += `{"type":"${event.type}","object":${object}}\n`;
    }
    if (text !== '' && !response.write(text)) await drained(response, signal);
  };
}

function bookmarkText(route: ObjectsRoute, form: Form, resourceVersion: string, isInitialEnd: boolean): string {
  const mark = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  if (form === 'table') {
    return JSON.stringify({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion },
      columnDefinitions: null,
      rows: isInitialEnd ? [{ cells: [], object: { metadata: { resourceVersion, ...mark } } }] : [],
    });
  }
  const [kind, apiVersion] =
    form === 'metadata' ? ['PartialObjectMetadata', 'meta.k8s.io/v1'] : [route.info.kind, apiVersionOf(route.info)];
  return JSON.stringify({ kind, apiVersion, metadata: { resourceVersion, ...mark } });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
