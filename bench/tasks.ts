import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import type { Pod } from '../src/cluster/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';
import { startNodeAgent } from '../src/runtime/adapters/process/index.ts';

/** Tasks per second through the durable store and the node agent, beside a bare loop that only spawns. */
export interface TasksRound {
  readonly tasks: number;
  readonly capacity: number;
  readonly agentPerSecond: number;
  readonly barePerSecond: number;
}

/** One round: `tasks` times /bin/true as pods, then as children of child_process.spawn, `capacity` at a time. */
export async function benchTasks(tasks: number, capacity: number): Promise<TasksRound> {
  const barePerSecond = await bareLoop(tasks, capacity);
  const agentPerSecond = await throughAgent(tasks, capacity);
  return { tasks, capacity, agentPerSecond, barePerSecond };
}

async function throughAgent(tasks: number, capacity: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-tasks-'));
  const base = { clock: hostClock, random: hostRandom, log: { write: () => {} } };
  const store = await openEmbeddedStore({ ...base, folder: join(folder, 'store') });
  const sources = { ensure: () => Promise.reject(new Error('no sources in this benchmark')) };
  const agent = await startNodeAgent({ ...base, cluster: store, folder: join(folder, 'attempts'), sources, capacity });
  try {
    // The first attempt starts the spawner.
    await runPods(store, 1, 'warm');
    const started = performance.now();
    await runPods(store, tasks, 'task');
    return (tasks / (performance.now() - started)) * 1000;
  } finally {
    await agent.stop('end');
    await store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runPods(
  store: Awaited<ReturnType<typeof openEmbeddedStore>>,
  count: number,
  name: string,
): Promise<void> {
  const stop = new AbortController();
  const { resourceVersion } = await store.list('Pod');
  const watch = store.watch<Pod>('Pod', { resourceVersion, signal: stop.signal });
  const created = store.write(
    Array.from({ length: count }, (_, index) => ({ op: 'create', object: pod(`${name}-${index}`) })),
  );
  let ended = 0;
  for await (const batch of watch) {
    for (const event of batch) if (event.type === 'MODIFIED' && event.object.status?.phase === 'Succeeded') ended += 1;
    if (ended === count) break;
  }
  stop.abort();
  await created;
}

function pod(name: string): Pod {
  const container = { name: 'main', image: 'host', command: ['/bin/true'] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'bench-development' },
    spec: { restartPolicy: 'Never', containers: [container] },
  };
}

function bareLoop(tasks: number, capacity: number): Promise<number> {
  const started = performance.now();
  let begun = 0;
  let ended = 0;
  return new Promise((resolve, reject) => {
    const next = (): void => {
      begun += 1;
      const child = spawn('/bin/true', [], { stdio: 'ignore' });
      child.on('error', reject);
      child.on('exit', () => {
        ended += 1;
        if (ended === tasks) resolve((tasks / (performance.now() - started)) * 1000);
        else if (begun < tasks) next();
      });
    };
    for (let index = 0; index < Math.min(capacity, tasks); index += 1) next();
  });
}

if (import.meta.main) {
  const [tasks = 2_000, capacity = 4, rounds = 3] = process.argv.slice(2).map(Number);
  for (let round = 0; round < rounds; round += 1) console.log(JSON.stringify(await benchTasks(tasks, capacity)));
}
