import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Log } from '../src/base/index.ts';
import { openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import { startReconciler } from '../src/control/reconciler/index.ts';
import { createRegistration } from '../src/control/registration/index.ts';
import { createGitEndpoint, openRepositoryStore } from '../src/git/adapters/native/index.ts';
import type { PushHandler } from '../src/git/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** One push of one changed file. Times in milliseconds. */
export interface PushSample {
  /** From the pre-receive hook's first words to the domain showing the commit. */
  readonly hookMs: number;
  /** From the start of `git push` to the same. */
  readonly pushMs: number;
  /** The same push to a bare server whose hook says yes at once: the floor. */
  readonly floorMs: number;
}

const quiet: Log = { write: () => undefined };
const TOKEN = 'bench';

/** Pushes one changed file `rounds` times to a project of `definitions` definitions, each beside its floor. */
export async function benchPush(definitions: number, rounds: number): Promise<readonly PushSample[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-push-'));
  const plane = await startPlane(join(folder, 'plane'));
  const floor = await startPlane(join(folder, 'floor'), acceptAll());
  try {
    const work = join(folder, 'work');
    writeProject(work, definitions);
    await push(work, plane.url);
    await push(work, floor.url);
    const samples: PushSample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      writeTask(work, round % definitions, round + 1);
      git(work, ['commit', '-qam', `round ${round}`]);
      const floorMs = await timed(() => push(work, floor.url));
      const start = performance.now();
      const pushing = push(work, plane.url);
      const activeAt = plane.nextActive();
      samples.push({ hookMs: (await activeAt) - plane.hookAt(), pushMs: (await activeAt) - start, floorMs });
      await pushing;
    }
    return samples;
  } finally {
    await plane.close();
    await floor.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function acceptAll(): PushHandler {
  return { decide: async () => ({ accepted: true, lines: [] }), landed: async () => [] };
}

interface Plane {
  readonly url: string;
  hookAt(): number;
  nextActive(): Promise<number>;
  close(): Promise<void>;
}

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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Folders of 100 tasks, one definition a file: how large repositories are laid out. */
function writeProject(folder: string, definitions: number): void {
  const project = { name: 'bench' };
  write(
    join(folder, 'pipectl.yaml'),
    `apiVersion: pipectl.dev/v1\nkind: Project\nmetadata: { name: ${project.name} }\nspec: { paths: [pipelines], domains: { production: { ref: main } } }\n`,
  );
  for (let index = 0; index < definitions; index += 1) writeTask(folder, index, 0);
  git(folder, ['init', '-q', '-b', 'main']);
  git(folder, ['add', '-A']);
  git(folder, ['commit', '-qm', 'first']);
}

function writeTask(folder: string, index: number, version: number): void {
  const name = `task-${index}`;
  const text = `apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: ${name} }\nspec:\n  inputs: { a: integer }\n  outputs: { b: integer }\n  run: { command: [sh, -c, "echo b=${version}"] }\n`;
  write(join(folder, 'pipelines', `group-${Math.floor(index / 100)}`, `${name}.yaml`), text);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const ENV = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
};

function git(folder: string, args: readonly string[]): void {
  execFileSync('git', [...args], { cwd: folder, env: ENV, stdio: ['ignore', 'ignore', 'inherit'] });
}

function push(folder: string, url: string): Promise<void> {
  const header = `http.extraHeader=Authorization: Bearer ${TOKEN}`;
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-c', header, 'push', '-q', url, 'main'], {
      cwd: folder,
      env: ENV,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`git push failed: ${text}`))));
  });
}
