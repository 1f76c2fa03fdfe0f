import type { RetryPolicy } from './closure.ts';

/** What holds where a definition is silent. */

/** No retries unless asked for; then a second, two, four … up to a minute. */
export const DEFAULT_RETRIES: RetryPolicy = { limit: 0, backoff: { initialMs: 1000, factor: 2, maxMs: 60_000 } };

/** Workers of a propeller shard, and nodes of one execution that run at a time (Flyte's default is 25 too). */
export const DEFAULT_WORKERS = 500;
export const DEFAULT_MAX_PARALLELISM = 25;
