import type { Octokit } from 'octokit';
import { MAX_TAGGED_ANSWERS } from '../../../base/index.ts';

type Response = Awaited<ReturnType<Octokit['request']>>;

/**
 * Answers that GitHub tagged are asked for on condition: one that has not changed comes without a body and does not count
 * against the rate limit (docs.github.com/rest, "conditional requests").
 */
export function keepByTag(octokit: Octokit): void {
  const kept = new Map<string, { readonly tag: string; readonly response: Response }>();
  octokit.hook.wrap('request', async (request, options) => {
    if (options.method !== 'GET') return request(options);
    const { url } = octokit.request.endpoint(options);
    const known = kept.get(url);
    try {
      // Hooks below this one are given the same object, whatever is passed on.
      if (known !== undefined) options.headers['if-none-match'] = known.tag;
      const response = (await request(options)) as Response;
      const tag = response.headers.etag;
      kept.delete(url);
      if (tag !== undefined) kept.set(url, { tag, response });
      if (kept.size > MAX_TAGGED_ANSWERS) kept.delete(kept.keys().next().value as string);
      return response;
    } catch (error) {
      if (known !== undefined && (error as { readonly status?: unknown }).status === 304) return known.response;
      throw error;
    }
  });
}
