import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Log } from '../src/base/index.ts';
import { openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import { startReconciler } from '../src/control/reconciler/index.ts';
import { createRegistration } from '../src/control/registration/index.ts';
import { createGitEndpoint, openRepositoryStore } from '../src/git/adapters/native/index.ts';
import type { PushHandler } from '../src/git/index.ts';
import { tuneHeap } from '../src/main/heap.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';
import { machineMs } from './machine.ts';

/**
 * The parts of a daemon that a push goes through, wired as it wires them, and watched at both ends. Run as
 * `push-plane.ts FOLDER TOKEN plane|yes`; `yes` accepts every push without looking at it. Tells its parent what it sees
 * and ends with it. Times are on the machine's own clock; see machineMs.
 */
export type PlaneEvent =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'active'; readonly hookMs: number; readonly activeMs: number };

tuneHeap();
const [folder = '', token = '', mode = ''] = process.argv.slice(2);
const quiet: Log = { write: () => undefined };
const ports = { clock: hostClock, random: hostRandom, log: quiet };
const tell = (event: PlaneEvent): void => void process.send?.(event);

const store = await openEmbeddedStore({ folder: join(folder, 'store'), ...ports });
const repositories = await openRepositoryStore({ folder: join(folder, 'git'), log: quiet });
const reconciler = startReconciler({ cluster: store, ...ports });
let hookMs = 0;
const registration = createRegistration({
  cluster: store,
  ...ports,
  refs: repositories.refs,
  objects: repositories.reader,
  settled: async (...request) => {
    const settled = await reconciler.settled(...request);
    tell({ kind: 'active', hookMs, activeMs: machineMs() });
    return settled;
  },
});
const yes: PushHandler = { decide: async () => ({ accepted: true, lines: [] }), landed: async () => [] };
const handler = mode === 'yes' ? yes : registration;
const endpoint = await createGitEndpoint({
  repositories,
  log: quiet,
  authenticate: (credentials) => (credentials.token === token ? { name: 'bench' } : undefined),
  access: {
    refusal: async () => undefined,
    untaken: () => undefined,
    handlerFor: () => ({
      decide(request) {
        hookMs = machineMs();
        return handler.decide(request);
      },
      landed: handler.landed,
    }),
  },
});
const server = createServer((request, response) => void endpoint.handle(request, response));
server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/git/bench.git` });
});
process.once('disconnect', async () => {
  server.closeAllConnections();
  server.close();
  await endpoint.drained();
  repositories.close();
  await reconciler.close();
  await store.close();
});
