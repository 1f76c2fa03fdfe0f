import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Json } from '../../src/base/index.ts';
import { connectKubernetes } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Cluster, type Execution, LABEL, type Pod, reflect } from '../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { workflow } from '../../test/propeller/closures.ts';
import { executionOf, NAMESPACE, register } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { type ShardProcess, startShardProcess } from '../shard-process.ts';

const QUEUED = 5_000;
const LIVE = 10_000;
const BARE = 2_500;
/** Requests under way at a time, as many as a controller of Kubernetes has workers for. */
const WIDTH = 50;
const LOOK_MS = 25;
/** What a burst leaves behind is given back within this. */
const SETTLE_MS = 20_000;
const MB = 1024 * 1024;

/**
 * One shard over HTTP, as a process of its own: over the API server that KUBECONFIG names, which must have the kinds of pipectl, else
 * over that of an embedded store. Pods are ended by a kubelet that does nothing else, in the process of the bench.
 */
export async function open(): Promise<Session> {
  return { round, close: async () => undefined };
}

async function round() {
  return { ...(await onServer(measureRate)), ...(await onServer(measureMemory)) };
}

async function onServer<T>(measure: (cluster: Cluster, kubeconfig: string) => Promise<T>): Promise<T> {
  const given = process.env.KUBECONFIG ?? '';
  const server = given === '' ? fork(join(import.meta.dirname, '../cluster-api.ts')) : undefined;
  const kubeconfig =
    server === undefined ? given : await new Promise<string>((resolve) => server.once('message', resolve));
  try {
    return await measure(await connectKubernetes({ kubeconfigPath: kubeconfig }), kubeconfig);
  } finally {
    server?.disconnect();
  }
}

async function measureRate(cluster: Cluster, kubeconfig: string) {
  const prefix = `b${Date.now().toString(36)}`;
  const closure = await register(cluster, ONE_POD);
  await bareRate(cluster, `${prefix}-warm`);
  const before = await bareRate(cluster, `${prefix}-before`);
  await queue(cluster, closure, prefix, QUEUED);
  const ending = new AbortController();
  const kubelet = endPods(cluster, ending.signal);
  const startedAt = performance.now();
  const shard = await startShardProcess(kubeconfig);
  await until(async () => kubelet.ended() >= QUEUED && (await shard.metric('pipectl_propeller_hot_executions')) === 0);
  const overAt = Date.now();
  const seconds = (performance.now() - startedAt) / 1_000;
  const writes = await shard.metric('pipectl_api_requests_total', /method="(POST|PUT|PATCH|DELETE)"/);
  const corrections = await shard.metric('pipectl_watch_corrections_total');
  const lists = await shard.metric('pipectl_watch_lists_total');
  ending.abort('measured');
  await shard.stop();
  const succeeded = await allSucceeded(cluster, prefix);
  const begunAt = Math.min(...succeeded.map(({ status }) => Date.parse(status?.startedAt ?? '')));
  const after = await bareRate(cluster, `${prefix}-after`);
  const samePerSecond = await sameRate(cluster, closure, `${prefix}-same`, succeeded[0] as Execution);
  await removeAll(cluster, prefix, QUEUED);
  return {
    perSecond: QUEUED / seconds,
    upPerSecond: (QUEUED * 1_000) / (overAt - begunAt),
    samePerSecond,
    barePerSecond: (before + after) / 2,
    seconds,
    writes: writes / QUEUED,
    lists,
    corrections,
  };
}

/** No kubelet: every execution waits for its pod. */
async function measureMemory(cluster: Cluster, kubeconfig: string) {
  const prefix = `l${Date.now().toString(36)}`;
  await queue(cluster, await register(cluster, ONE_POD), prefix, LIVE);
  const shard = await startShardProcess(kubeconfig);
  await until(async () => {
    const [transitions, free, workers] = await all(shard, ['transitions_total', 'free_workers', 'workers']);
    return (transitions ?? 0) >= LIVE && free === workers && (await podCount(cluster)) >= LIVE;
  });
  const burstMb = shard.residentBytes() / MB;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const residentMb = shard.residentBytes() / MB;
  await shard.stop();
  await removeAll(cluster, prefix, LIVE);
  return { burstMb, residentMb };
}

const ONE_POD = workflow({
  one: { kind: 'task', with: {}, task: { inputs: {}, outputs: {}, run: { image: 'busybox:1.37', command: ['true'] } } },
});

function all(shard: ShardProcess, names: readonly string[]): Promise<readonly number[]> {
  return Promise.all(names.map((name) => shard.metric(`pipectl_propeller_${name}`)));
}

async function bareRate(cluster: Cluster, prefix: string): Promise<number> {
  const startedAt = performance.now();
  await inParallel(BARE, async (index) => {
    const metadata = { name: `${prefix}-${index}`, namespace: NAMESPACE };
    const key = { kind: 'ConfigMap', ...metadata };
    await cluster.write([{ op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } }], BRIEF);
    await cluster.write([{ op: 'patch', key, patch: { metadata: { labels: { a: 'b' } } } }], BRIEF);
    await cluster.write([{ op: 'delete', key }], BRIEF);
  });
  return (BARE * 1_000) / (performance.now() - startedAt);
}

/** All that an execution of the run asked of the server, its kubelet's part as well, by a loop that decides nothing and watches nothing. */
async function sameRate(cluster: Cluster, closure: string, prefix: string, like: Execution): Promise<number> {
  const [pod] = (
    await cluster.list<Pod>('Pod', { namespace: NAMESPACE, labelSelector: `${LABEL.execution}=${like.metadata.name}` })
  ).items;
  if (pod === undefined) throw new Error(`${like.metadata.name} has no pod`);
  const { labels, annotations, ownerReferences } = pod.metadata;
  const { finishedAt: _, outputs: __, ...status } = (like.status ?? {}) as Readonly<Record<string, Json>>;
  await queue(cluster, closure, prefix, BARE);
  const startedAt = performance.now();
  await inParallel(BARE, async (index) => {
    const name = `${prefix}-${index}`;
    const key = { kind: 'Execution', namespace: NAMESPACE, name };
    const metadata = { name: `${name}-one-1`, namespace: NAMESPACE, ...(ownerReferences && { ownerReferences }) };
    const object = {
      ...pod,
      status: undefined,
      metadata: { ...metadata, ...(labels && { labels }), ...(annotations && { annotations }) },
    };
    await cluster.write(
      [
        { op: 'create', object },
        { op: 'patchStatus', key, patch: { ...status, phase: 'Running' } },
      ],
      VERSIONED,
    );
    await cluster.write(
      [
        {
          op: 'patchStatus',
          key: { ...key, kind: 'Pod', name: metadata.name },
          patch: pod.status as unknown as Record<string, Json>,
        },
      ],
      BRIEF,
    );
    await cluster.write([{ op: 'patchStatus', key, patch: like.status as unknown as Record<string, Json> }], VERSIONED);
  });
  const perSecond = (BARE * 1_000) / (performance.now() - startedAt);
  await removeAll(cluster, prefix, BARE);
  return perSecond;
}

/** As a shard asks for it, which must know the version that its next write is to find. */
const VERSIONED = { lastVersion: true } as const;

/** As the engine asks for it: no side has to parse more than the other. */
const BRIEF = { discard: true } as const;

function queue(cluster: Cluster, closure: string, prefix: string, count: number): Promise<void> {
  return inParallel(count, (index) =>
    cluster.write([{ op: 'create', object: executionOf(closure, `${prefix}-${index}`, {}) }], BRIEF),
  );
}

function removeAll(cluster: Cluster, prefix: string, count: number): Promise<void> {
  if ((process.env.KUBECONFIG ?? '') === '') return Promise.resolve();
  return inParallel(count, (index) =>
    cluster.write([{ op: 'delete', key: { kind: 'Execution', namespace: NAMESPACE, name: `${prefix}-${index}` } }]),
  );
}

/** Runs `work` WIDTH times at a time. */
async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

/** Ends each pod as soon as it is there. */
function endPods(cluster: Cluster, signal: AbortSignal): { readonly ended: () => number } {
  const seen = new Set<string>();
  let ended = 0;
  const end = async (name: string): Promise<void> => {
    const at = new Date().toISOString();
    const terminated = { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at };
    const container = { name: 'task', ready: false, restartCount: 0, image: '', state: { terminated } };
    const status = { phase: 'Succeeded', startTime: at, containerStatuses: [container] };
    const key = { kind: 'Pod', namespace: NAMESPACE, name };
    await cluster.write([{ op: 'patchStatus', key, patch: status }], BRIEF);
    ended++;
  };
  const { done } = reflect<Pod>(
    cluster,
    'Pod',
    { clock: hostClock, random: hostRandom, log: { write: () => undefined }, namespace: NAMESPACE },
    {
      changed(changes) {
        for (const change of changes) {
          if (change.type === 'gone' || seen.has(change.object.metadata.name)) continue;
          seen.add(change.object.metadata.name);
          end(change.object.metadata.name).catch(failed);
        }
      },
    },
    signal,
  );
  done.catch(failed);
  return { ended: () => ended };
}

function failed(error: unknown): void {
  process.stderr.write(`the kubelet of the bench: ${String(error)}\n`);
  process.exit(1);
}

async function allSucceeded(cluster: Cluster, prefix: string): Promise<readonly Execution[]> {
  const fieldSelector = 'status.phase=Succeeded';
  const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE, fieldSelector });
  const own = items.filter(({ metadata }) => metadata.name.startsWith(prefix));
  if (own.length !== QUEUED) throw new Error(`${own.length} of ${QUEUED} executions succeeded`);
  return own;
}

async function podCount(cluster: Cluster): Promise<number> {
  return (await cluster.list<Pod>('Pod', { namespace: NAMESPACE })).items.length;
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 600_000;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('not done within ten minutes');
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
