import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer, PeerAsk } from './peer-process.ts';

/** Time to register ten thousand jobs before they are due, and for all of them to be called back. */
const REGISTER_MS: Readonly<Record<Peer, number>> = { croner: 15_000, 'node-cron': 15_000, bullmq: 40_000 };
const CALL_BACK_MS = 60_000;

type Answer = { readonly isReady?: boolean; readonly late?: readonly number[]; readonly error?: string };

/**
 * How late so many jobs of another scheduler are that are due at one instant, in milliseconds; none where it is not
 * installed: what is no dependency of ours is looked for in the folder that PIPECTL_BENCH_PEERS names.
 */
export async function peerLateness(peer: Peer, count: number): Promise<readonly number[]> {
  const folder = process.env.PIPECTL_BENCH_PEERS ?? '';
  if (peer !== 'croner' && !existsSync(join(folder, 'node_modules', peer))) return [];
  const dueAt = Math.ceil((Date.now() + REGISTER_MS[peer]) / 1_000) * 1_000;
  const child = fork(join(import.meta.dirname, 'peer-process.ts'), { stdio: 'inherit' });
  const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
  child.on('exit', () => reject(new Error(`the process of ${peer} ended`)));
  child.on('message', ({ isReady, late, error }: Answer) => {
    if (late !== undefined) resolve(late);
    else if (isReady !== true) reject(new Error(`${peer}: ${error ?? 'its jobs were due before all were registered'}`));
  });
  const bound = setTimeout(() => reject(new Error(`${peer} did not call all back`)), dueAt - Date.now() + CALL_BACK_MS);
  const ask: PeerAsk = { peer, count, dueAt, folder };
  child.send(ask);
  try {
    return await promise;
  } finally {
    clearTimeout(bound);
    child.removeAllListeners('exit');
    child.disconnect();
  }
}
