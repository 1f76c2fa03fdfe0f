import { type Execution, NotFoundError } from '../../index.ts';
import { type Api, type Exchange, keyOf } from './api.ts';
import type { ObjectsRoute } from './routes.ts';
import { badRequest, noSuchResource } from './status.ts';
import { drained } from './stream.ts';

/** GET of `executions/<name>/output`: the JSON text of an output that is in the object store. `node` absent: of the execution. */
export async function answerOutput(api: Api, route: ObjectsRoute, { response, signal }: Exchange): Promise<void> {
  const { cluster } = api;
  if (cluster.storedOutput === undefined) throw noSuchResource();
  const name = route.query.get('output') ?? '';
  if (name === '') throw badRequest('output must name an output');
  const node = route.query.get('node') ?? '';
  const key = keyOf(route);
  const { status } = await cluster.get<Execution>(key);
  const owner = node === '' ? status : Object.hasOwn(status?.nodes ?? {}, node) ? status?.nodes?.[node] : undefined;
  const stored = owner?.storedOutputs ?? {};
  const ref = Object.hasOwn(stored, name) ? stored[name] : undefined;
  if (ref === undefined) throw new NotFoundError(key);
  const chunks = cluster.storedOutput(key, { ...(node !== '' && { node }), name, ref, signal })[Symbol.asyncIterator]();
  // The first chunk comes before the head, so that a refusal can still be a Status.
  let chunk = await chunks.next();
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  for (; chunk.done !== true; chunk = await chunks.next()) {
    if (!response.write(chunk.value)) await drained(response, signal);
  }
  response.end();
}
