import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, type Log, MAX_STREAMS } from '../../../base/index.ts';
import { type AuditLog, type Cluster, type Identity, maySee } from '../../index.ts';
import { namingApi } from './acted-by.ts';
import { type Api, answerJson, answerStatus, answerText, type Exchange } from './api.ts';
import { auditedApi, auditSource } from './audited.ts';
import { accessRequest, authorize } from './authorize.ts';
import { readBody } from './body.ts';
import { answerCreate, answerPatch, answerUpdate } from './change.ts';
import { signedApi } from './changed-by.ts';
import { discoveryAnswer, SERVICE } from './discovery.ts';
import { type Authenticate, bearerToken, isLocalHost } from './guard.ts';
import { answerLogs } from './logs.ts';
import { aggregatedDiscovery, mediaTypes } from './negotiate.ts';
import { openApiAnswer, openApiV2, openApiV2Bytes } from './openapi.ts';
import { answerOutput } from './output.ts';
import { isTrue } from './query.ts';
import { answerList, answerObject } from './read.ts';
import { answerDelete, answerDeleteCollection } from './remove.ts';
import { isReview, reviewAnswer } from './reviews.ts';
import { type ObjectsRoute, parseRoute, type Route } from './routes.ts';
import { failure, methodNotAllowed, namingObject, noSuchResource, statusOf } from './status.ts';
import { answerWatch } from './watch.ts';

export interface ApiServerOptions {
  readonly cluster: Cluster;
  readonly authenticate: Authenticate;
  readonly clock: Clock;
  readonly log: Log;
  /** Where writes are noted; absent: nowhere. */
  readonly audit?: AuditLog;
  /** The product's version. */
  readonly version: string;
  /** Prometheus text for /metrics. */
  readonly metrics?: () => string;
  /** Why the control plane is not ready, for /readyz; undefined when it is. */
  readonly unready?: () => string | undefined;
}

export interface ApiServer {
  /** A listener for node:http. Never throws and never rejects; every request gets an answer or a closed connection. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Ends the open requests of these users: what they were allowed, they are no more. */
  endOf(isMeant: (user: Identity) => boolean): void;
  /** Ends open watches and followed logs, so that a server can close. */
  close(): void;
}

/** Open requests, each with its user once that is known. */
type Streams = Map<AbortController, Identity | undefined>;

/** A Kubernetes-compatible API over any cluster. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const streams: Streams = new Map();
  return {
    handle(request, response) {
      const gone = new AbortController();
      streams.set(gone, undefined);
      response.once('close', () => {
        streams.delete(gone);
        // A reason that is given spares the DOMException that is made without one.
        if (!response.writableFinished) gone.abort('gone');
      });
      response.on('error', () => gone.abort('gone'));
      serve(options, streams, request, response, gone).catch((error: unknown) => {
        if (gone.signal.aborted) return;
        const status = statusOf(error);
        if (status.code >= 500) {
          options.log.write('error', 'request failed', { url: request.url?.split('?', 1)[0], error: String(error) });
        }
        answerStatus(response, status);
      });
    },
    endOf(isMeant) {
      for (const [stream, user] of streams) if (user !== undefined && isMeant(user)) stream.abort();
    },
    close() {
      for (const stream of streams.keys()) stream.abort();
    },
  };
}

async function serve(
  options: ApiServerOptions,
  streams: Streams,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortController,
): Promise<void> {
  if (!isLocalHost(request.headers.host)) {
    throw failure(403, 'Forbidden', 'this control plane answers only to 127.0.0.1, localhost and [::1]');
  }
  const route = parseRoute(request.url ?? '/');
  if (route.kind === 'path' && answerHealth(options, route.path, request, response)) return;
  const token = bearerToken(request);
  const user = token === undefined ? undefined : options.authenticate(token);
  if (user === undefined) throw failure(401, 'Unauthorized', 'Unauthorized');
  streams.set(gone, user);
  if (streams.size > MAX_STREAMS) {
    throw failure(429, 'TooManyRequests', `more than ${MAX_STREAMS} requests are open`, { retryAfterSeconds: 1 });
  }
  const exchange: Exchange = { request, response, user, signal: gone.signal };
  if (route.kind === 'path') return answerPath(options, route, exchange);
  await serveObjects(options, route, exchange);
}

const WRITING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Lets the user do what they may, and notes what is written. */
async function serveObjects(options: ApiServerOptions, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const { request, user } = exchange;
  const wanted = accessRequest(request, route);
  const isWrite = WRITING.has(request.method ?? '');
  const signed = isWrite ? namingApi(signedApi(options, route, user), route, user) : options;
  const audited =
    isWrite && options.audit !== undefined
      ? auditedApi(signed, options.audit, auditSource(request, user), wanted, route)
      : undefined;
  try {
    const fields = authorize(user, wanted);
    const allowed = fields === undefined ? exchange : { ...exchange, fields };
    await answerObjects(audited?.api ?? signed, route, allowed);
  } catch (error) {
    audited?.failed(error);
    throw namingObject(error, route.info, route.name);
  }
}

function answerObjects(api: Api, route: ObjectsRoute, exchange: Exchange): Promise<void> {
  const { method } = exchange.request;
  if (route.subresource === 'log' && route.info.kind === 'Pod') {
    if (method !== 'GET') throw methodNotAllowed(method);
    return answerLogs(api, route, exchange);
  }
  if (route.subresource === 'output' && route.info.kind === 'Execution') {
    if (method !== 'GET') throw methodNotAllowed(method);
    return answerOutput(api, route, exchange);
  }
  const isStatus = route.subresource === 'status' && route.info.hasStatus;
  if (route.subresource !== undefined && !isStatus) throw noSuchResource();
  if (route.info === SERVICE && (method !== 'GET' || route.name !== undefined)) throw noSuchResource();
  if (method === 'GET' && isTrue(route.query, 'watch') && !isStatus) return answerWatch(api, route, exchange);
  if (route.name === undefined) {
    if (method === 'GET') return answerList(api, route, exchange);
    if (method === 'POST') return answerCreate(api, route, exchange);
    if (method === 'DELETE') return answerDeleteCollection(api, route, exchange);
    throw methodNotAllowed(method);
  }
  if (method === 'GET') return answerObject(api, route, exchange);
  if (method === 'PUT') return answerUpdate(api, route, exchange);
  if (method === 'PATCH') return answerPatch(api, route, exchange);
  if (method === 'DELETE' && !isStatus) return answerDelete(api, route, exchange);
  throw methodNotAllowed(method);
}

async function answerPath(
  options: ApiServerOptions,
  { path }: Extract<Route, { kind: 'path' }>,
  { request, response, user }: Exchange,
): Promise<void> {
  if (request.method === 'POST' && isReview(path)) {
    return answerJson(response, 201, reviewAnswer(path, await readBody(request), user));
  }
  const { accept } = request.headers;
  const aggregated = aggregatedDiscovery(accept);
  const discovery = discoveryAnswer(path, request.headers.host ?? '', aggregated);
  const known = discovery ?? openApiAnswer(path, options.version) ?? smallAnswer(options, path);
  if (known !== undefined) {
    if (request.method !== 'GET') throw methodNotAllowed(request.method);
    const isAggregated = discovery !== undefined && aggregated !== undefined && (path === '/api' || path === '/apis');
    const type = isAggregated
      ? `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
      : 'application/json';
    return answerText(response, 200, JSON.stringify(known), type);
  }
  if (path === '/openapi/v2') return answerOpenApiV2(options, accept, response);
  if (path === '/metrics' && options.metrics !== undefined) {
    if (!maySee(user)) throw failure(403, 'Forbidden', `forbidden: User "${user.name}" may not see metrics`);
    return answerText(response, 200, options.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
  }
  throw noSuchResource();
}

function smallAnswer({ version }: ApiServerOptions, path: string): { [field: string]: unknown } | undefined {
  if (path === '/')
    return { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] };
  if (path !== '/version') return undefined;
  // kubectl compares major and minor with its own and warns beyond one step, so these name the API level that is spoken.
  return {
    major: API_LEVEL.major,
    minor: API_LEVEL.minor,
    gitVersion: `v${API_LEVEL.major}.${API_LEVEL.minor}.0+pipectl-${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch}`,
  };
}

/** The Kubernetes release whose API conventions this follows. */
const API_LEVEL = { major: '1', minor: '36' };

function answerOpenApiV2({ version }: ApiServerOptions, accept: string | undefined, response: ServerResponse): void {
  if (!mediaTypes(accept).some(({ type }) => type.includes('protobuf'))) {
    answerJson(response, 200, openApiV2(version));
    return;
  }
  const body = openApiV2Bytes(version);
  // Asked for with "@v1.0", which is no media type (RFC 6838, 4.2) and which kubectl 1.27 cannot read back.
  const type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
  response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}

/** Health is told to anyone on the machine: a supervisor needs no token. Returns false for other paths. */
function answerHealth(
  options: ApiServerOptions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (path !== '/healthz' && path !== '/livez' && path !== '/readyz') return false;
  if (request.method !== 'GET') throw methodNotAllowed(request.method);
  const why = path === '/readyz' ? options.unready?.() : undefined;
  answerText(response, why === undefined ? 200 : 503, why ?? 'ok', 'text/plain; charset=utf-8');
  return true;
}
