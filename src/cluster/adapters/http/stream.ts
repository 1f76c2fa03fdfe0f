import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { STREAM_STALL_MS } from '../../../base/index.ts';

/**
 * Resolves when the client has taken what was written. A client that takes nothing for STREAM_STALL_MS is cut off:
 * it would hold its part of the store's history for ever. Rejects when the client is gone.
 */
export async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const stall = setTimeout(() => response.destroy(), STREAM_STALL_MS);
  try {
    await once(response, 'drain', { signal });
  } finally {
    clearTimeout(stall);
  }
}
