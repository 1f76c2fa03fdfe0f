import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/base/index.ts';
import { openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import { startReconciler } from '../../src/control/reconciler/index.ts';
import { createRegistration } from '../../src/control/registration/index.ts';
import { createGitEndpoint, openRepositoryStore } from '../../src/git/adapters/native/index.ts';
import type { PushHandler } from '../../src/git/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import type { Session } from '../figure.ts';
import { commitFile, HEADER, push, writeRepository } from '../repository.ts';

const SMALL = 1_000;
const LARGE = 10_000;
const PUSHES = 20;
const TOKEN = 'bench';
const quiet: Log = { write: () => undefined };

/** Two repositories pushed in turn to one control plane each, and the large one to a server that only says yes. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-push-'));
  const small = await openSite(join(folder, 'small'), SMALL);
  const large = await openSite(join(folder, 'large'), LARGE);
  const floor = await startPlane(join(folder, 'floor'), acceptAll());
  await push(large.work, floor.url, TOKEN);
  let count = 0;
  return {
    async round() {
      const samples = seriesOf('smallHookMs', 'smallPushMs', 'largeHookMs', 'largePushMs', 'floorMs');
      for (let i = 0; i < PUSHES; i++) {
        count++;
        await pushChange(small, count, 'small', samples);
        await pushChange(large, count, 'large', samples);
        const started = performance.now();
        await push(large.work, floor.url, TOKEN);
        samples.floorMs?.push(performance.now() - started);
      }
      return samples;
    },
    async close() {
      for (const plane of [small.plane, large.plane, floor]) await plane.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Site {
  readonly work: string;
  readonly plane: Plane;
  readonly definitions: number;
}

async function openSite(folder: string, definitions: number): Promise<Site> {
  const work = join(folder, 'work');
  const files = Array.from({ length: definitions }, (_, index) => [taskPath(index), taskText(index, 0)] as const);
  writeRepository(work, Object.fromEntries(files));
  const plane = await startPlane(join(folder, 'plane'));
  await push(work, plane.url, TOKEN);
  return { work, plane, definitions };
}

async function pushChange(site: Site, count: number, name: string, samples: Record<string, number[]>): Promise<void> {
  const { work, plane, definitions } = site;
  // A step that has no factor in common with the number of files reaches all of them, far apart.
  const index = (count * 37) % definitions;
  commitFile(work, taskPath(index), taskText(index, count));
  const activeAt = plane.nextActive();
  const started = performance.now();
  const pushing = push(work, plane.url, TOKEN);
  const at = await activeAt;
  samples[`${name}HookMs`]?.push(at - plane.hookAt());
  samples[`${name}PushMs`]?.push(at - started);
  await pushing;
}

/** Folders of 100 tasks, one definition a file: how large repositories are laid out. */
function taskPath(index: number): string {
  return `group-${Math.floor(index / 100)}/task-${index}.yaml`;
}

function taskText(index: number, version: number): string {
  return `${HEADER}kind: Task
metadata: { name: task-${index} }
spec:
  inputs: { a: integer }
  outputs: { b: integer }
  run: { command: [sh, -c, "echo b=${version}"] }
`;
}

function seriesOf(...keys: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(keys.map((key) => [key, []]));
}

function acceptAll(): PushHandler {
  return { decide: async () => ({ accepted: true, lines: [] }), landed: async () => [] };
}

interface Plane {
  readonly url: string;
  /** When the last push's pre-receive hook first spoke. */
  hookAt(): number;
  /** When the next push's domain shows its commit. */
  nextActive(): Promise<number>;
  close(): Promise<void>;
}

/** The parts of a daemon that a push goes through, wired as it wires them, and watched at both ends. */
async function startPlane(folder: string, fixed?: PushHandler): Promise<Plane> {
  const ports = { clock: hostClock, random: hostRandom, log: quiet };
  const store = await openEmbeddedStore({ folder: join(folder, 'store'), ...ports });
  const repositories = await openRepositoryStore({ folder: join(folder, 'git'), log: quiet });
  const reconciler = startReconciler({ cluster: store, ...ports });
  let hookAt = 0;
  let told: (at: number) => void = () => undefined;
  const registration = createRegistration({
    cluster: store,
    ...ports,
    refs: repositories.refs,
    objects: repositories.reader,
    settled: async (...request) => {
      const settled = await reconciler.settled(...request);
      told(performance.now());
      return settled;
    },
  });
  const handler = fixed ?? registration;
  const endpoint = await createGitEndpoint({
    repositories,
    log: quiet,
    authenticate: ({ token }) => (token === TOKEN ? 'bench' : undefined),
    handler: {
      decide(request) {
        hookAt = performance.now();
        return handler.decide(request);
      },
      landed: handler.landed,
    },
  });
  const server = createServer((request, response) => void endpoint.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/git/bench.git`,
    hookAt: () => hookAt,
    nextActive: () =>
      new Promise((resolve) => {
        told = resolve;
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await endpoint.drained();
      repositories.close();
      await reconciler.close();
      await store.close();
    },
  };
}
