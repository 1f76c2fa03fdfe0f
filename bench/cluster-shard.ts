import { connectKubernetes } from '../src/cluster/adapters/kubernetes/index.ts';
import { type Cluster, type Pod, patchStatus, reflect, type Write } from '../src/cluster/index.ts';
import { startOneShard } from '../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';
import { createKubernetesPods, createSourceMaps } from '../src/runtime/index.ts';
import { workflow } from '../test/propeller/closures.ts';
import { executionOf, NAMESPACE, register } from './engine-host.ts';

/**
 * One shard over the API server that KUBECONFIG names: `node bench/cluster-shard.ts [EXECUTIONS]`. Pods are ended by a
 * kubelet that does nothing else. Prints writes of the engine for each one-pod execution, the rate, and that of a bare
 * create-patch-delete loop on the same server, before and after.
 */
const count = Number(process.argv[2] ?? 1_000);
const kubeconfigPath = process.env.KUBECONFIG ?? '';
if (kubeconfigPath === '') throw new Error('set KUBECONFIG to the file of an API server that has the kinds of pipectl');
const log = { write: () => undefined };
const host = { clock: hostClock, random: hostRandom, log };
const cluster = await connectKubernetes({ kubeconfigPath });
const prefix = `b${Date.now().toString(36)}`;

const writes = new Map<string, number>();
const counted = (inner: Cluster): Cluster => ({
  ...inner,
  write(batch, options) {
    for (const write of batch) note(write);
    return inner.write(batch, options);
  },
});
function note(write: Write): void {
  const kind = 'key' in write ? write.key.kind : write.object.kind;
  const name = `${write.op} ${kind}`;
  writes.set(name, (writes.get(name) ?? 0) + 1);
}

/** As many at a time as a client of Kubernetes has workers for. */
async function inParallel(width: number, total: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < total) await work(next++);
    }),
  );
}

async function bareRate(): Promise<number> {
  const startedAt = performance.now();
  await inParallel(50, count, async (index) => {
    const metadata = { name: `${prefix}-bare-${index}`, namespace: NAMESPACE };
    const key = { kind: 'ConfigMap', ...metadata };
    await cluster.write([{ op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } }]);
    await cluster.write([{ op: 'patch', key, patch: { metadata: { labels: { a: 'b' } } } }]);
    await cluster.write([{ op: 'delete', key }]);
  });
  return (count * 1_000) / (performance.now() - startedAt);
}

function endPods(signal: AbortSignal): void {
  const seen = new Set<string>();
  reflect<Pod>(
    cluster,
    'Pod',
    { ...host, namespace: NAMESPACE },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'gone' || seen.has(change.object.metadata.name)) continue;
          const { name } = change.object.metadata;
          seen.add(name);
          const at = new Date().toISOString();
          const terminated = { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at };
          const container = { name: 'task', ready: false, restartCount: 0, image: '', state: { terminated } };
          const status = { phase: 'Succeeded', startTime: at, containerStatuses: [container] };
          patchStatus(cluster, { kind: 'Pod', namespace: NAMESPACE, name }, status).catch(() => undefined);
        }
      },
    },
    signal,
  ).done.catch(() => undefined);
}

const ending = new AbortController();
const closure = await register(
  cluster,
  workflow({
    one: {
      kind: 'task',
      with: {},
      task: { inputs: {}, outputs: {}, run: { image: 'busybox:1.37', command: ['true'] } },
    },
  }),
);
const before = await bareRate();
endPods(ending.signal);
await inParallel(50, count, (index) =>
  cluster.write([{ op: 'create', object: executionOf(closure, `${prefix}-${index}`, {}) }]),
);
const { promise: allOver, resolve } = Promise.withResolvers<void>();
let over = 0;
const startedAt = performance.now();
const shard = await startOneShard({
  ...host,
  cluster,
  fenced: async (mayWrite) => counted(await connectKubernetes({ kubeconfigPath, mayWrite })),
  id: 'shard-0',
  identity: prefix,
  pods: createKubernetesPods(createSourceMaps({ cluster, ...host })),
  onEnded: ({ name, phase }) => {
    if (phase !== 'Succeeded') throw new Error(`${name} ended as ${phase}`);
    if (!name.startsWith(prefix)) return;
    over += 1;
    if (over === count) resolve();
  },
});
await allOver;
const rate = (count * 1_000) / (performance.now() - startedAt);
const after = await bareRate();
const bare = (before + after) / 2;
const each = [...writes].map(([name, times]) => `${name}: ${(times / count).toFixed(2)}`).join(', ');
process.stdout.write(
  `${count} executions; ${rate.toFixed(0)}/s; bare loop ${bare.toFixed(0)}/s (${((rate / bare) * 100).toFixed(0)} %); ` +
    `writes each: ${each}; RSS ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB\n`,
);
ending.abort();
await shard.stop();
process.exit(0);
