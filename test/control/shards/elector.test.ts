import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { RELIST_INTERVAL_MS } from '../../../src/base/index.ts';
import { openEmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import type { Cluster } from '../../../src/cluster/index.ts';
import { startElector } from '../../../src/control/shards/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { temporaryFolder } from '../../git/fixtures/real-git.ts';
import { quiet } from '../../git/fixtures/served.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

it.each([
  ['as often as it is told', { relistMs: 100 * RELIST_INTERVAL_MS }, 1],
  ['as other watches are, when it is told nothing', {}, 4],
])('the watch of who waits for a lease is checked by a list %s', async (_name, options, atLeast) => {
  const store = await openEmbeddedStore({
    folder: join(temporaryFolder(), 'store'),
    clock: hostClock,
    random: hostRandom,
    log: quiet,
  });
  const clock = manualClock(1_000_000);
  let lists = 0;
  const list: Cluster['list'] = (kind, listed) => {
    lists++;
    return store.list(kind, listed);
  };
  const cluster: Cluster = { ...store, get: store.get, watch: store.watch, write: store.write, list };
  let epoch = 0;
  const elector = startElector(
    { cluster, clock, random: hostRandom, log: quiet, name: 'one', identity: 'me', isPrompt: true, ...options },
    { acquired: (now) => (epoch = now), lost: () => undefined },
  );
  const until = clock.now() + 5 * RELIST_INTERVAL_MS;
  await vi.waitFor(
    () => {
      clock.set(clock.now() + 1_000);
      expect(clock.now()).toBeGreaterThan(until);
    },
    { timeout: 40_000, interval: 1 },
  );
  expect(epoch).toBeGreaterThan(0);
  expect(lists).toBeGreaterThanOrEqual(atLeast);
  if (atLeast === 1) expect(lists).toBe(1);
  await elector.stop();
  await store.close();
});
