import { MAX_CACHED_PARSES } from '../base/index.ts';
import { type ParsedFile, parseDefinitions } from '../language/index.ts';

/**
 * Parsed files by path and blob id, the oldest dropped first. One may be kept between the rounds of a compilation and
 * between pushes: what is parsed depends on nothing else.
 */
export interface ParseCache {
  readonly files: Map<string, ParsedFile>;
}

export function createParseCache(): ParseCache {
  return { files: new Map() };
}

const BY_TEXTS = new WeakMap<ReadonlyMap<string, Uint8Array>, ParseCache>();

/** The cache of the rounds that are asked with one map of texts, where the caller keeps none. */
export function cacheOfRounds(texts: ReadonlyMap<string, Uint8Array>): ParseCache {
  const kept = BY_TEXTS.get(texts) ?? createParseCache();
  BY_TEXTS.set(texts, kept);
  return kept;
}

/** The documents of a file, or undefined when its text was not given. */
export function parsedFile(
  cache: ParseCache,
  texts: ReadonlyMap<string, Uint8Array>,
  path: string,
  blob: string,
): ParsedFile | undefined {
  const key = `${blob}:${path}`;
  const kept = cache.files.get(key);
  if (kept !== undefined) return kept;
  const bytes = texts.get(blob);
  if (bytes === undefined) return undefined;
  const parsed = parseDefinitions({ path, bytes });
  cache.files.set(key, parsed);
  if (cache.files.size > MAX_CACHED_PARSES) cache.files.delete(cache.files.keys().next().value as string);
  return parsed;
}

/** Whether `parsedFile` would give the documents of a file. */
export function isAtHand(
  cache: ParseCache,
  texts: ReadonlyMap<string, Uint8Array>,
  path: string,
  blob: string,
): boolean {
  return texts.has(blob) || cache.files.has(`${blob}:${path}`);
}
