import type { JsonObject, Random } from '../../../base/index.ts';
import { type Answer, createExchange } from './exchange.ts';
import { loadConnection } from './kubeconfig.ts';
import type { ConnectOptions } from './kubernetes-cluster.ts';
import { queryOf } from './paths.ts';
import { refusal } from './refusals.ts';
import { type Call, createTransport } from './transport.ts';

/** An API server by paths, for what is no kind of the port: definitions of kinds, roles, workloads. */
export interface ApiServer {
  readonly url: string;
  /** The object or list at a path; undefined where there is none, or not even its kind. */
  read(path: string): Promise<JsonObject | undefined>;
  /** Server-side apply. Throws FieldConflictError without `force`. */
  apply(
    path: string,
    object: object,
    options: { readonly fieldManager: string; readonly force: boolean; readonly dryRun: boolean },
  ): Promise<JsonObject>;
  /** Takes away what keeps an object from being deleted. */
  release(path: string): Promise<void>;
  /** Whether there was something to delete. */
  remove(path: string): Promise<boolean>;
}

/** The API server behind a kubeconfig. Errors are those of the port. */
export async function connectApiServer(options: ConnectOptions = {}): Promise<ApiServer> {
  const connection = await loadConnection(options);
  const random: Pick<Random, 'unit'> = options.random ?? { unit: Math.random };
  const exchange = createExchange(connection, createTransport(connection), random);
  const send = async (call: Call, missing: boolean): Promise<JsonObject | undefined> => {
    const answer = await exchange(call);
    if (answer.code === 404 && missing) return undefined;
    return bodyOf(answer, call, connection.server);
  };
  return {
    url: connection.server,
    read: (path) => send({ method: 'GET', path }, true),
    async apply(path, object, { fieldManager, force, dryRun }) {
      const query = queryOf({ fieldManager, force, fieldValidation: 'Strict', dryRun: dryRun ? 'All' : undefined });
      const body = JSON.stringify(object);
      const contentType = 'application/apply-patch+yaml';
      return (await send({ method: 'PATCH', path: `${path}${query}`, body, contentType }, false)) as JsonObject;
    },
    async release(path) {
      const body = JSON.stringify({ metadata: { finalizers: null } });
      await send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' }, true);
    },
    remove: async (path) =>
      (await send({ method: 'DELETE', path: `${path}?propagationPolicy=Background` }, true)) !== undefined,
  };
}

function bodyOf({ code, text, headers }: Answer, { path }: Call, server: string): JsonObject {
  if (code >= 200 && code <= 299) return JSON.parse(text) as JsonObject;
  throw refusal(code, text, { kind: path.split('?')[0] ?? path, server }, headers['retry-after']);
}
