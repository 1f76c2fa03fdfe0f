import { MAX_REFUSED_REFS } from '../base/index.ts';
import { RemoteError } from './remote.ts';

/** What can be the fault of one ref among many: they are then all refused. */
const OF_ONE_REF: ReadonlySet<RemoteError['reason']> = new Set([
  'FetchFailed',
  'NotFound',
  'ObjectsRefused',
  'TooLarge',
]);

/**
 * Fetches refs together; when that fails for what one of them may be guilty of, in halves, to find out which. Those that
 * cannot be had are noted in `failed`. Errors: RemoteError, when no ref is to blame or more than MAX_REFUSED_REFS are.
 */
export async function fetchApart(
  fetch: (refs: readonly string[]) => Promise<void>,
  refs: readonly string[],
  failed: Map<string, RemoteError>,
): Promise<void> {
  try {
    await fetch(refs);
  } catch (error) {
    if (!(error instanceof RemoteError) || !OF_ONE_REF.has(error.reason) || failed.size >= MAX_REFUSED_REFS)
      throw error;
    const [only = '', ...others] = refs;
    if (others.length === 0) {
      failed.set(only, error);
      return;
    }
    const middle = Math.ceil(refs.length / 2);
    await fetchApart(fetch, refs.slice(0, middle), failed);
    await fetchApart(fetch, refs.slice(middle), failed);
  }
}
