import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Log } from '../../../base/index.ts';
import type { Cluster, FieldPath, Identity, ObjectKey } from '../../index.ts';
import type { ObjectsRoute } from './routes.ts';
import type { Status } from './status.ts';

/** What every handler works with. */
export interface Api {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** The product's version, for /version and OpenAPI. */
  readonly version: string;
}

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: Identity;
  /** Of a patch: the fields that it may change; absent: all. */
  readonly fields?: readonly FieldPath[];
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** The key of the one object that a route names. */
export function keyOf(route: ObjectsRoute): ObjectKey {
  return {
    kind: route.info.kind,
    name: route.name ?? '',
    ...(route.namespace !== undefined && { namespace: route.namespace }),
  };
}

/** The API version of a kind, as it stands in its objects. */
export function apiVersionOf(info: { readonly group: string; readonly version: string }): string {
  return info.group === '' ? info.version : `${info.group}/${info.version}`;
}

/** Answers with a JSON text. */
export function answerText(response: ServerResponse, code: number, text: string, type = 'application/json'): void {
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  // As text, which goes out in one piece with its head.
  response.end(text);
}

/** Answers with a JSON value. */
export function answerJson(response: ServerResponse, code: number, value: unknown): void {
  answerText(response, code, JSON.stringify(value));
}

/** Answers with a refusal; when an answer has begun, all that is left is to break it off. */
export function answerStatus(response: ServerResponse, status: Status): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  answerJson(response, status.code, status);
}
