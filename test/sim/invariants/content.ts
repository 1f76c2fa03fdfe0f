import { gunzipSync } from 'node:zlib';
import { type Closure, SYSTEM_NAMESPACE } from '../../../src/cluster/index.ts';
import type { SimStore } from '../world/store.ts';

/** By digest, for all worlds: a digest has one content. */
const PARSED = new Map<string, unknown>();
const MAX_PARSED = 1_000;

/** What a closure object holds, read without waiting; undefined when it is not there or no JSON. */
export function contentOf(store: SimStore, digest: string): unknown {
  const found = store.find({ kind: 'Closure', namespace: SYSTEM_NAMESPACE, name: digest }) as Closure | undefined;
  if (found === undefined) return undefined;
  const known = PARSED.get(digest);
  if (known !== undefined) return known;
  const { encoding, content = '', chunks } = found.spec;
  if (chunks !== undefined) throw new Error('the generator writes no closure of several chunks');
  const text = encoding === 'gzip' ? gunzipSync(Buffer.from(content, 'base64')).toString() : content;
  const parsed: unknown = JSON.parse(text);
  if (PARSED.size >= MAX_PARSED) PARSED.clear();
  PARSED.set(digest, parsed);
  return parsed;
}
