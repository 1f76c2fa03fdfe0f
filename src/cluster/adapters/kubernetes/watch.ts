import type { IncomingMessage } from 'node:http';
import {
  MAX_WATCH_LINE_BYTES,
  MAX_WATCH_RECONNECTS,
  type Random,
  WATCH_BACKOFF,
  WATCH_REQUEST_SECONDS,
  WaitError,
} from '../../../base/index.ts';
import { ExpiredError, type KubeObject, type WatchEvent, type WatchOptions } from '../../index.ts';
import { collectionPath, infoOf, queryOf, selectorsOf } from './paths.ts';
import { pause } from './pause.ts';
import { refusal } from './refusals.ts';
import { readText, type Transport } from './transport.ts';

export interface WatchSource {
  readonly transport: Transport;
  readonly server: string;
  readonly random: Pick<Random, 'unit'>;
  /** The version to watch from when the caller names none. */
  currentVersion(kind: string): Promise<string>;
}

/**
 * A watch that outlives its connections: one that ends or breaks is opened again from the last version seen, with
 * back-off and jitter. Ends when the signal aborts. Throws ExpiredError when that version is gone, WaitError after
 * MAX_WATCH_RECONNECTS failures in a row, and any refusal that trying again would not change.
 */
export async function* watchKind<T extends KubeObject>(
  source: WatchSource,
  kind: string,
  options: WatchOptions,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  const { signal } = options;
  let version = options.resourceVersion;
  for (let failures = 0; !signal.aborted; ) {
    try {
      version ??= await source.currentVersion(kind);
      const response = await open(source, kind, options, version);
      for await (const batch of batches<T>(response, kind, source)) {
        failures = 0;
        version = lastVersion(batch) ?? version;
        yield batch;
      }
      // A server that ends every watch at once must not be asked in a tight loop.
      failures += 1;
    } catch (error) {
      if (signal.aborted) return;
      if (!isPassing(error)) throw error;
      failures += 1;
      if (failures > MAX_WATCH_RECONNECTS) throw asWait(error);
    }
    if (!signal.aborted && failures > 0) await pause(backoffMs(Math.min(failures, 30), source.random), signal);
  }
}

async function open(
  source: WatchSource,
  kind: string,
  options: WatchOptions,
  resourceVersion: string,
): Promise<IncomingMessage> {
  const query = queryOf({
    ...selectorsOf(options),
    watch: true,
    allowWatchBookmarks: true,
    ignoreStatusChanges: options.ignoreStatusChanges,
    resourceVersion,
    timeoutSeconds: Math.ceil(WATCH_REQUEST_SECONDS * (1 + source.random.unit())),
  });
  const path = `${collectionPath(infoOf(kind), options.namespace)}${query}`;
  const response = await source.transport({ method: 'GET', path, signal: options.signal });
  // Half-open connections (a laptop that slept, a dropped NAT entry) end by the system's probes, not never.
  response.socket.setKeepAlive(true, 15_000);
  if (response.statusCode === 200) return response;
  const { statusCode = 0, headers } = response;
  throw refusal(statusCode, await readText(response), { kind, server: source.server }, headers['retry-after']);
}

/** Events as they arrive: all that one read brought is one batch. */
async function* batches<T extends KubeObject>(
  response: IncomingMessage,
  kind: string,
  { server }: WatchSource,
): AsyncGenerator<readonly WatchEvent<T>[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0) {
      rest.push(chunk);
      restBytes += chunk.length;
      if (restBytes > MAX_WATCH_LINE_BYTES) throw new Error(`an event is larger than ${MAX_WATCH_LINE_BYTES} bytes`);
      continue;
    }
    const text = Buffer.concat([...rest, chunk.subarray(0, end)]).toString('utf8');
    rest = [chunk.subarray(end + 1)];
    restBytes = chunk.length - end - 1;
    const lines = text.split('\n').filter((line) => line !== '');
    if (lines.length > 0) yield lines.map((line) => eventOf<T>(line, kind, server));
  }
}

interface RawEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject & { readonly code?: number };
}

function eventOf<T extends KubeObject>(line: string, kind: string, server: string): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as RawEvent;
  switch (type) {
    case 'BOOKMARK':
      return { type, resourceVersion: object.metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw refusal(object.code ?? 500, JSON.stringify(object), { kind, server });
    default:
      return { type, object: object as unknown as T };
  }
}

function lastVersion(batch: readonly WatchEvent[]): string | undefined {
  const last = batch.at(-1);
  return last?.type === 'BOOKMARK' ? last.resourceVersion : last?.object.metadata.resourceVersion;
}

/** Whether the same request may succeed later: the server was busy or away, or the connection broke. */
function isPassing(error: unknown): boolean {
  if (error instanceof WaitError) return true;
  if (error instanceof ExpiredError) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT' || code === 'ABORT_ERR';
}

function asWait(error: unknown): WaitError {
  return error instanceof WaitError ? error : new WaitError(`the watch broke off: ${(error as Error).message}`, 1_000);
}

function backoffMs(failures: number, random: Pick<Random, 'unit'>): number {
  const { initialMs, factor, maxMs } = WATCH_BACKOFF;
  return Math.min(initialMs * factor ** (failures - 1), maxMs) * (0.5 + random.unit() / 2);
}
