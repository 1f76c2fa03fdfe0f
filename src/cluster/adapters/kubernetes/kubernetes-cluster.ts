import type { Random } from '../../../base/index.ts';
import {
  type ApplyWrite,
  type Cluster,
  type KubeObject,
  type ListOptions,
  type LogOptions,
  type MergePatch,
  type ObjectKey,
  type ObjectList,
  type Preconditions,
  type WatchCounts,
  type WatchOptions,
  type Write,
  type WriteOptions,
  wholeObject,
} from '../../index.ts';
import { droppedFields, type OnDroppedField } from './dropped-fields.ts';
import { createExchange, type Exchange } from './exchange.ts';
import { type Connection, type KubeconfigOptions, loadConnection } from './kubeconfig.ts';
import { collectionPath, historyOf, infoOf, objectPath, queryOf, selectorsOf } from './paths.ts';
import { refusal } from './refusals.ts';
import { scaleDeployment } from './scale.ts';
import { type Call, createTransport, readText, type Transport, unreachable } from './transport.ts';
import { watchKind } from './watch.ts';

export interface ConnectOptions extends KubeconfigOptions {
  /** Jitter of back-offs; absent: Math.random. */
  readonly random?: Pick<Random, 'unit'>;
  /** Asked before each request that writes, also of one batch and of one that is sent again; WaitError when it says no. */
  readonly mayWrite?: () => boolean;
  /** Absent: what the server drops is not told. */
  readonly onDroppedField?: OnDroppedField;
}

export interface KubernetesCluster extends Cluster {
  /** URL of the API server. */
  readonly server: string;
  /** Namespace of the kubeconfig's context. */
  readonly namespace: string;
  readonly watchCounts: WatchCounts;
  /** Answers since the start, by method and status code, as `PATCH 200`; a request without an answer has the code 0. */
  readonly answers: ReadonlyMap<string, number>;
  /** Sets how many pods a Deployment has; writes nothing when that is so. Resolves with how many it had; undefined: there is none. */
  scale(namespace: string, deployment: string, replicas: number): Promise<number | undefined>;
}

/** The cluster behind a kubeconfig. Nothing is sent before the first call. Throws StalledError for an unusable kubeconfig. */
export async function connectKubernetes(options: ConnectOptions = {}): Promise<KubernetesCluster> {
  const connection = await loadConnection(options);
  return kubernetesCluster(connection, options.random ?? { unit: Math.random }, options);
}

function kubernetesCluster(
  connection: Connection,
  random: Pick<Random, 'unit'>,
  { mayWrite, onDroppedField }: ConnectOptions,
): KubernetesCluster {
  const { server, namespace } = connection;
  const transport = createTransport(connection);
  const answers = new Map<string, number>();
  const exchange = createExchange(connection, counted(transport, answers), random, mayWrite);
  const call = caller(connection, exchange, droppedFields(onDroppedField ?? (() => undefined)));
  const list = async <T extends KubeObject>(kind: string, options: ListOptions = {}): Promise<ObjectList<T>> => {
    const query = queryOf({
      ...selectorsOf(options),
      limit: options.limit,
      continue: options.continueToken,
      ...historyOf(options),
    });
    const path = `${collectionPath(infoOf(kind), options.namespace)}${query}`;
    return listOf<T>(kind, (await call({ method: 'GET', path }, { kind })) as unknown as RawList<T>);
  };
  return {
    server,
    namespace,
    answers,
    watchCounts: new Map(),
    list,
    get: async <T extends KubeObject>(key: ObjectKey) =>
      (await call({ method: 'GET', path: objectPath(key) }, { kind: key.kind, key })) as T,
    watch: <T extends KubeObject>(kind: string, options: WatchOptions) =>
      watchKind<T>(
        {
          transport,
          server,
          random,
          currentVersion: async (each) => (await list(each, { limit: 1 })).resourceVersion,
        },
        kind,
        options,
      ),
    writesOneByOne: true,
    async write(writes, options) {
      const written: KubeObject[] = [];
      const send = isBrief(options) ? briefly(call) : call;
      for (const [index, write] of writes.entries()) {
        const object = await sendWrite(send, write, options?.dryRun === true);
        if (options?.lastVersion !== true || index === writes.length - 1) written.push(object);
      }
      return options?.discard === true ? [] : written;
    },
    scale: (namespace, deployment, replicas) => scaleDeployment(call, { namespace, name: deployment }, replicas),
    podLogs: (key, options) => podLogs(connection, transport, key, options ?? {}),
    storedOutput: (key, { node, name, signal }) =>
      bytesOf(connection, transport, key, `output${queryOf({ node, output: name })}`, signal),
  };
}

function counted(transport: Transport, answers: Map<string, number>): Transport {
  const note = (method: string, code: number): void => {
    const name = `${method} ${code}`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
  };
  return async (call) => {
    try {
      const response = await transport(call);
      note(call.method, response.statusCode ?? 0);
      return response;
    } catch (error) {
      note(call.method, 0);
      throw error;
    }
  };
}

export type Caller = (call: Call, asked: { readonly kind: string; readonly key?: ObjectKey }) => Promise<KubeObject>;

/** Sends a request and reads its JSON answer; a refusal becomes one of the port's errors. */
function caller(connection: Connection, exchange: Exchange, noteDropped: ReturnType<typeof droppedFields>): Caller {
  return async (call, asked) => {
    const { code, text, headers } = await exchange(call);
    if (code < 200 || code > 299) {
      throw refusal(code, text, { ...asked, server: connection.server }, headers['retry-after']);
    }
    noteDropped(asked.kind, headers.warning as string | undefined);
    try {
      return JSON.parse(text) as KubeObject;
    } catch {
      throw unreachable(connection, new Error('the answer is not JSON'));
    }
  };
}

/** Whether nobody looks at what was written but its version. */
function isBrief({ discard, versions, lastVersion }: WriteOptions = {}): boolean {
  return discard === true || versions === true || lastVersion === true;
}

/**
 * Asks for the metadata alone of what is written: the answer to a small patch of a large object is then small too. Servers that
 * cannot do that may answer with the object (https://kubernetes.io/docs/reference/using-api/api-concepts/, "Metadata-only fetches").
 */
function briefly(call: Caller): Caller {
  return async (request, asked) => {
    const answer = await call(request.method === 'DELETE' ? request : { ...request, accept: METADATA_ONLY }, asked);
    if (answer.kind !== 'PartialObjectMetadata') return answer;
    return { ...answer, ...typeOf(asked.kind) };
  };
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

function typeOf(kind: string): Pick<KubeObject, 'apiVersion' | 'kind'> {
  const { group, version } = infoOf(kind);
  return { apiVersion: group === '' ? version : `${group}/${version}`, kind };
}

interface RawList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

function listOf<T extends KubeObject>(kind: string, { metadata, items }: RawList<T>): ObjectList<T> {
  const type = typeOf(kind);
  return {
    // Kubernetes leaves out kind and apiVersion of the items of its own kinds.
    items: (items ?? []).map((item) => (item.kind === undefined ? { ...item, ...type } : item)),
    resourceVersion: metadata.resourceVersion,
    ...(metadata.continue !== undefined && metadata.continue !== '' && { continueToken: metadata.continue }),
  };
}

async function sendWrite(call: Caller, write: Write, isDryRun: boolean): Promise<KubeObject> {
  if (write.op === 'createAlike') return sendWrite(call, { op: 'create', object: wholeObject(write.like) }, isDryRun);
  const key = 'key' in write ? write.key : keyOf(write.object);
  const asked = { kind: key.kind, key };
  const query = queryOf({
    fieldManager: 'fieldManager' in write ? write.fieldManager : undefined,
    force: write.op === 'apply' ? write.force === true : undefined,
    dryRun: isDryRun ? 'All' : undefined,
  });
  const path = `${objectPath(key)}${query}`;
  switch (write.op) {
    case 'create': {
      const collection = collectionPath(infoOf(key.kind), key.namespace);
      return call({ method: 'POST', path: `${collection}${query}`, body: JSON.stringify(write.object) }, asked);
    }
    case 'update':
      return call({ method: 'PUT', path, body: JSON.stringify(write.object) }, asked);
    case 'apply':
      return call({ method: 'PATCH', path, body: applied(write), contentType: 'application/apply-patch+yaml' }, asked);
    case 'patch':
      return call(mergePatch(path, write.patch, write.if), asked);
    case 'patchStatus':
      return call(mergePatch(`${objectPath(key)}/status${query}`, { status: write.patch }, write.if), asked);
    case 'delete': {
      const body = JSON.stringify({
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: 'Background',
        // Options in the body are all that Kubernetes looks at: a dry run that only the query asks for deletes.
        ...(isDryRun && { dryRun: ['All'] }),
        ...(write.if && { preconditions: write.if }),
      });
      return deletedObject(key, await call({ method: 'DELETE', path, body }, asked));
    }
  }
}

/** Owners are the server's to tell, so an object that was read may be applied as it is. */
function applied({ object, if: preconditions }: ApplyWrite): string {
  const { managedFields: _, ...metadata } = object.metadata;
  return JSON.stringify({ ...object, metadata: { ...metadata, ...preconditions } });
}

function keyOf({ kind, metadata }: KubeObject): ObjectKey {
  return { kind, name: metadata.name, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) };
}

/** Preconditions ride in the patch's metadata, where Kubernetes compares them. */
function mergePatch(path: string, patch: MergePatch, preconditions: Preconditions | undefined): Call {
  const metadata = typeof patch.metadata === 'object' ? patch.metadata : {};
  const body = preconditions === undefined ? patch : { ...patch, metadata: { ...metadata, ...preconditions } };
  return { method: 'PATCH', path, body: JSON.stringify(body), contentType: 'application/merge-patch+json' };
}

/** Kubernetes answers a deletion with a Status, or with the object as last seen. */
function deletedObject(key: ObjectKey, answer: KubeObject): KubeObject {
  if (answer.kind !== 'Status') return answer;
  const { uid } = (answer as { details?: { uid?: string } }).details ?? {};
  return {
    ...typeOf(key.kind),
    metadata: {
      name: key.name,
      ...(key.namespace !== undefined && { namespace: key.namespace }),
      ...(uid !== undefined && { uid }),
    },
  };
}

function podLogs(
  connection: Connection,
  transport: Transport,
  key: ObjectKey,
  options: LogOptions,
): AsyncGenerator<Uint8Array> {
  const query = queryOf({
    container: options.container,
    follow: options.follow,
    tailLines: options.tailLines,
    limitBytes: options.limitBytes,
    sinceSeconds: options.sinceMs === undefined ? undefined : Math.ceil(options.sinceMs / 1000),
    timestamps: options.timestamps,
    previous: options.previous,
  });
  return bytesOf(connection, transport, key, `log${query}`, options.signal);
}

/** What a subresource gives as it is. */
async function* bytesOf(
  connection: Connection,
  transport: Transport,
  key: ObjectKey,
  subresource: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const path = `${objectPath(key)}/${subresource}`;
  try {
    const response = await transport({ method: 'GET', path, accept: '*/*', ...(signal && { signal }) });
    const { statusCode = 0, headers } = response;
    if (statusCode !== 200) {
      const asked = { kind: key.kind, key, server: connection.server };
      throw refusal(statusCode, await readText(response), asked, headers['retry-after']);
    }
    yield* response as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (signal?.aborted === true) return;
    throw (error as NodeJS.ErrnoException).code === 'ECONNRESET' ? unreachable(connection, error) : error;
  }
}
