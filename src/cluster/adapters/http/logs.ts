import type { LogOptions, Pod } from '../../index.ts';
import { type Api, type Exchange, keyOf } from './api.ts';
import { count, isTrue } from './query.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest } from './status.ts';
import { drained } from './stream.ts';

/** GET of `pods/<name>/log`: the container's output as plain text, followed when asked. */
export async function answerLogs(api: Api, route: ObjectsRoute, { response, signal }: Exchange): Promise<void> {
  const options = logOptions(api, route, signal);
  const pod = await api.cluster.get<Pod>(keyOf(route));
  checkContainer(pod, options.container);
  const chunks = api.cluster.podLogs(keyOf(route), options)[Symbol.asyncIterator]();
  // The first chunk comes before the head, so that a refusal can still be a Status; a follower must not wait for it.
  const first = options.follow === true ? undefined : await chunks.next();
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  for (let chunk = first ?? (await chunks.next()); chunk.done !== true; chunk = await chunks.next()) {
    if (!response.write(chunk.value)) await drained(response, signal);
  }
  response.end();
}

function logOptions(api: Api, { query }: ObjectsRoute, signal: AbortSignal): LogOptions {
  const container = query.get('container') ?? '';
  const tailLines = count(query, 'tailLines');
  const limitBytes = count(query, 'limitBytes');
  const sinceMs = since(api, query);
  if (limitBytes === 0) throw badRequest('limitBytes must be greater than 0');
  return {
    signal,
    follow: isTrue(query, 'follow'),
    timestamps: isTrue(query, 'timestamps'),
    previous: isTrue(query, 'previous'),
    ...(container !== '' && { container }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(sinceMs !== undefined && { sinceMs }),
  };
}

function since(api: Api, query: URLSearchParams): number | undefined {
  const seconds = count(query, 'sinceSeconds');
  const time = query.get('sinceTime') ?? '';
  if (seconds !== undefined && time !== '') throw badRequest('at most one of sinceTime or sinceSeconds may be given');
  if (seconds !== undefined) return seconds * 1000;
  if (time === '') return undefined;
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw badRequest(`invalid sinceTime ${JSON.stringify(time)}: must be an RFC 3339 time`);
  return Math.max(0, api.clock.now() - at);
}

function checkContainer(pod: Pod, container: string | undefined): void {
  const names = pod.spec.containers.map(({ name }) => name);
  const name = container ?? names[0] ?? '';
  if (!names.includes(name)) {
    throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}; it has ${names.join(', ')}`);
  }
  const state = pod.status?.containerStatuses?.find((each) => each.name === name)?.state;
  if (state?.running !== undefined || state?.terminated !== undefined) return;
  const reason = state?.waiting?.reason ?? 'Pending';
  throw badRequest(`container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${reason}`);
}
