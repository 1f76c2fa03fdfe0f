import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Execution, type Lease, type Shard, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { buildProgram, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';
import { isOver } from './fixtures/site.ts';

/** Shards as processes of the real program: killed, stopped, woken, more and fewer; each attempt leaves a line in a ledger. */

const NAMESPACE = 'shop-production';
const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [p], domains: { production: { ref: main } } }
`;

const platform = (shards: number, workers: number) => `apiVersion: pipectl.dev/v1
kind: Platform
metadata: { name: default }
spec:
  propeller: { workers: ${workers}, maxParallelism: 25, sharding: { strategy: hash, shards: ${shards} } }
  quotas:
    - { project: shop, maxTasks: 6 }
`;

const workflow = (ledger: string) => `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: note }
spec:
  run: { image: "busybox:1.37", command: [sh, -c, 'echo "$PIPECTL_IDEMPOTENCY_KEY" >> ${ledger}; sleep 0.2'] }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: chain }
spec:
  nodes:
    one: { task: note }
    two: { task: note, needs: [one] }
`;

/** Processes of shards that this control plane has started, oldest first. */
function shardPids(parent: number | undefined): number[] {
  const isShard = (pid: number): boolean => {
    try {
      const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      return (
        rest.split(' ')[1] === String(parent) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('shard-process')
      );
    } catch {
      return false;
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .filter(isShard)
    .sort((a, b) => a - b);
}

async function shardsOf(cluster: KubernetesCluster): Promise<readonly Shard[]> {
  return (await cluster.list<Shard>('Shard', { namespace: SYSTEM_NAMESPACE })).items;
}

async function holders(cluster: KubernetesCluster): Promise<Record<string, string>> {
  const { items } = await cluster.list<Lease>('Lease', { namespace: SYSTEM_NAMESPACE });
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.holderIdentity ?? '']));
}

it('shards that are processes survive kill -9, SIGSTOP and another number of them', { timeout: 180_000 }, async () => {
  const ledger = join(newFolder(), 'ledger');
  const daemon = await startDaemon({ program: await buildProgram(), data: join(newFolder(), 'data') });
  const cluster = await daemon.connect();
  const project = newProject({
    'pipectl.yaml': PROJECT,
    'p/w.yaml': workflow(ledger),
    'p/platform.yaml': platform(3, 40),
  });
  const push = async (): Promise<void> => {
    const { code, text } = await project.push(daemon.remote('shop'));
    if (code !== 0) throw new Error(text);
  };
  const allServe = (shards: number, workers: number) =>
    until(`${shards} shards serve with ${workers} workers`, async () => {
      const found = await shardsOf(cluster);
      const isSo = found.every(({ status }) => status?.workers === workers && (status.epoch ?? 0) > 0);
      return found.length === shards && isSo ? found : undefined;
    });
  let started = 0;
  const run = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const { code, err } = await pipectl(
        daemon.kubeconfig,
        'run',
        'chain',
        '--name',
        `e${started++}`,
        '-n',
        NAMESPACE,
      );
      if (code !== 0) throw new Error(err);
    }
  };
  const allOver = async (): Promise<void> => {
    await until(
      'all executions are over',
      async () => {
        const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
        return items.length === started && items.every(isOver) ? true : undefined;
      },
      60_000,
    );
    const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
    expect(items.filter(({ status }) => status?.phase !== 'Succeeded')).toEqual([]);
    // Every attempt has run, and no attempt has run twice.
    const lines = readFileSync(ledger, 'utf8').trim().split('\n');
    expect([lines.length, new Set(lines).size]).toEqual([2 * started, 2 * started]);
  };

  await push();
  const before = await allServe(3, 40);
  const [first = 0, second = 0, third = 0] = shardPids(daemon.child.pid);
  expect(third).toBeGreaterThan(0);

  // A push resizes the workers of processes that go on.
  project.commit({ 'p/platform.yaml': platform(3, 30) });
  await push();
  const resized = await allServe(3, 30);
  expect(resized.map(({ status }) => status?.epoch)).toEqual(before.map(({ status }) => status?.epoch));
  expect(shardPids(daemon.child.pid)).toEqual([first, second, third]);

  // One is killed and one is stopped while executions run.
  const heldBefore = await holders(cluster);
  await run(12);
  process.kill(first, 'SIGKILL');
  process.kill(second, 'SIGSTOP');
  await until(
    'both leases have other holders',
    async () => {
      const now = await holders(cluster);
      const isOther = (name: string): boolean => now[name] !== '' && now[name] !== heldBefore[name];
      return isOther('pipectl-shard-0') && isOther('pipectl-shard-1') ? true : undefined;
    },
    60_000,
  );
  await run(6);
  await allOver();
  process.kill(second, 'SIGCONT');
  await until('the one that woke up is gone', () => (existsSync(`/proc/${second}`) ? undefined : true), 40_000);
  await run(3);
  await allOver();

  // Fewer, and then one, which runs in the control plane itself.
  project.commit({ 'p/platform.yaml': platform(2, 30) });
  await push();
  await run(4);
  await until('two shards are left', async () => ((await shardsOf(cluster)).length === 2 ? true : undefined), 60_000);
  await allOver();
  project.commit({ 'p/platform.yaml': platform(1, 30) });
  await push();
  await run(4);
  await until('no process is left', () => (shardPids(daemon.child.pid).length === 0 ? true : undefined), 60_000);
  await allOver();
  await daemon.kill();
});
