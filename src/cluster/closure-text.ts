import { gunzipSync } from 'node:zlib';
import {
  BugError,
  type Digest,
  MAX_CACHED_PAGES,
  MAX_CLOSURE_BYTES,
  MAX_CLOSURE_CHUNKS,
  sha256,
} from '../base/index.ts';
import { SYSTEM_NAMESPACE } from './object.ts';
import type { Cluster } from './port.ts';
import type { Closure } from './repository.ts';

/**
 * The canonical JSON text of the closure named by `digest`, of any kind, its content checked against the name.
 * Errors: NotFoundError when it was never registered, BugError when what is stored is not what the name says.
 */
export async function loadClosureText(cluster: Cluster, digest: Digest): Promise<string> {
  return textOf(cluster, digest, await getClosure(cluster, digest));
}

/**
 * The parsed content of the closure named by `digest`, for small ones that are read again and again: readers share it, so
 * treat it as immutable. Errors as `loadClosureText`; of one that was read before, none: it may be gone since.
 */
export async function loadClosureJson(cluster: Cluster, digest: Digest): Promise<unknown> {
  const read = cluster.writesOneByOne === true ? readOf(cluster) : undefined;
  const known = read?.get(digest);
  if (known !== undefined) {
    read?.delete(digest);
    read?.set(digest, known);
    return known;
  }
  const value = await readJson(cluster, digest);
  if (read === undefined || typeof value !== 'object' || value === null) return value;
  read.set(digest, value);
  if (read.size > MAX_CACHED_PAGES) read.delete(read.keys().next().value as Digest);
  return value;
}

async function readJson(cluster: Cluster, digest: Digest): Promise<unknown> {
  const closure = await getClosure(cluster, digest);
  const known = parsed.get(closure);
  if (known !== undefined) return known;
  const value: unknown = JSON.parse(await textOf(cluster, digest, closure));
  if (typeof value === 'object' && value !== null) parsed.set(closure, value);
  return value;
}

/** What was read of a cluster behind a network, where each reading is a request; the last used at the end. */
function readOf(cluster: Cluster): Map<Digest, object> {
  const known = readFar.get(cluster) ?? new Map<Digest, object>();
  readFar.set(cluster, known);
  return known;
}

const readFar = new WeakMap<Cluster, Map<Digest, object>>();

/** By the object that was read: an embedded cluster gives the same one until it changes. */
const parsed = new WeakMap<Closure, object>();
/** Those whose content, which is all in them, is what their name says. */
const checked = new WeakSet<Closure>();

async function textOf(cluster: Cluster, digest: Digest, closure: Closure): Promise<string> {
  const { content, chunks, encoding } = closure.spec;
  if (checked.has(closure) && content !== undefined) return content;
  const stored = chunks === undefined ? content : await joinChunks(cluster, closure);
  if (stored === undefined) throw new BugError(`closure ${digest} holds neither content nor chunks`);
  const text = encoding === 'gzip' ? gunzip(digest, stored) : stored;
  if (sha256(text) !== digest) throw new BugError(`closure ${digest} holds other content than its name says`);
  if (text === content) checked.add(closure);
  return text;
}

async function getClosure(cluster: Cluster, digest: Digest): Promise<Closure> {
  return cluster.get<Closure>({ kind: 'Closure', namespace: SYSTEM_NAMESPACE, name: digest });
}

async function joinChunks(cluster: Cluster, closure: Closure): Promise<string> {
  const chunks = closure.spec.chunks ?? [];
  if (chunks.length > MAX_CLOSURE_CHUNKS) throw new BugError(`closure ${closure.metadata.name} names too many chunks`);
  const parts: string[] = [];
  for (const digest of chunks) parts.push((await getClosure(cluster, digest)).spec.content ?? '');
  return parts.join('');
}

function gunzip(digest: Digest, stored: string): string {
  try {
    return gunzipSync(Buffer.from(stored, 'base64'), { maxOutputLength: MAX_CLOSURE_BYTES }).toString('utf8');
  } catch (cause) {
    throw new BugError(`closure ${digest} cannot be unpacked`, { cause });
  }
}
