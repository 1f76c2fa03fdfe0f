import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instantMs } from '../../src/base/index.ts';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Execution, findObject, type Pod, type Repository, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { type ApiFixture, openApi } from '../cluster/api-fixture.ts';
import { behindFaults, type FaultProxy } from '../cluster/faults/fault-proxy.ts';
import type { FaultRates } from '../cluster/faults/play.ts';
import { until } from '../daemon/fixtures/program.ts';
import { newProject, pipectl } from '../daemon/fixtures/project.ts';
import { isOver } from '../daemon/fixtures/site.ts';
import { type Installation, install } from '../on-cluster/installation.ts';
import { type ProcessKubelet, startProcessKubelet } from '../runtime/fixtures/process-kubelet.ts';

/** Controllers and shards whose every request goes over a network that fails; people and the kubelet have one that does not. */

const FAULTS: FaultRates = {
  read: { dropped: 0.04, lost: 0.04, truncated: 0.04, busy: 0.04, broken: 0.04, slow: 0.04 },
  write: { unauthorized: 0.04, dropped: 0.04, lost: 0.04, conflict: 0.04, busy: 0.04, broken: 0.04, slow: 0.04 },
  watch: { refused: 0.05, busy: 0.05, expired: 0.05, expiredEvent: 0.02, cut: 0.02, slow: 0.05, duplicated: 0.05 },
  withoutBookmarks: true,
};
const NAMESPACE = 'shop-production';
/** Seconds as a rule. A pass that fails is tried again after 1, 2, 4 … 60 s, so an unlucky row of faults takes more than a minute. */
const PATIENCE_MS = 780_000;
const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [p], domains: { production: { ref: main } } }
`;
const FILES = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: double }
spec:
  inputs: { n: integer }
  outputs: { twice: integer }
  run: { image: "busybox:1.37", command: [sh, -c, 'echo "twice=$((PIPECTL_INPUT_N * 2))" > "$PIPECTL_OUTPUTS"'] }
---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: second-time }
spec:
  run: { image: "busybox:1.37", command: [sh, -c, 'test "$PIPECTL_ATTEMPT" -gt 1'] }
  retries: { limit: 2, backoff: { initial: 100ms } }
---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: long }
spec: { run: { image: "busybox:1.37", command: [sleep, "600"] } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: all }
spec:
  outputs: { all: "\${{ nodes.each.outputs.twice }}", last: "\${{ nodes.last.outputs.twice }}" }
  nodes:
    first: { task: double, with: { n: 1 } }
    each: { map: { task: double, over: { n: "\${{ range(6) }}" }, concurrency: 3 } }
    again: { task: second-time, needs: [first] }
    last: { task: double, with: { n: "\${{ nodes.first.outputs.twice }}" }, needs: [again] }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: endless }
spec: { nodes: { only: { task: long } } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: tick }
spec: { nodes: { only: { task: double, with: { n: 4 } } } }
---
apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: tick }
spec: { workflow: tick }
---
apiVersion: pipectl.dev/v1
kind: Schedule
metadata: { name: tick }
spec: { launchPlan: tick, every: 5s, catchUp: { policy: all }, overlap: allow, active: true }
`;

let api: ApiFixture;
let cluster: KubernetesCluster;
let proxy: FaultProxy;
let site: Installation;
let kubelet: ProcessKubelet;
const project = newProject({ 'pipectl.yaml': PROJECT, 'p/all.yaml': FILES });

beforeAll(async () => {
  api = await openApi({ user: 'pipectl' });
  cluster = await api.connect();
  kubelet = await startProcessKubelet(cluster, api.folder);
  const behind = await behindFaults(api, 11);
  proxy = behind.proxy;
  site = await install(behind.kubeconfig, cluster);
  proxy.rates = FAULTS;
}, 60_000);
afterAll(async () => {
  proxy.rates = {};
  await site.stop();
  await kubelet.stop();
  await proxy.close();
  await api.close();
}, 60_000);

const executionOf = (name: string) => findObject<Execution>(cluster, { kind: 'Execution', namespace: NAMESPACE, name });

const over = (name: string): Promise<Execution> =>
  until(
    `${name} is over`,
    async () => {
      const execution = await executionOf(name);
      return execution !== undefined && isOver(execution) ? execution : undefined;
    },
    PATIENCE_MS,
  );

async function run(workflow: string, name: string): Promise<void> {
  const { code, err } = await pipectl(api.kubeconfig, 'run', workflow, '--name', name, '-n', NAMESPACE);
  expect([code, err]).toEqual([0, '']);
}

async function podsOf(name: string): Promise<readonly Pod[]> {
  const { items } = await cluster.list<Pod>('Pod', { namespace: NAMESPACE });
  return items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === name);
}

describe('an installation over a network that fails', { timeout: PATIENCE_MS * 2 }, () => {
  it('applies what is pushed', async () => {
    await until(
      'a push is taken',
      async () => {
        const place = await site.active().catch(() => -1);
        const controller = site.controllers[place];
        const pushed = controller && (await project.push(site.remote(controller, 'shop')));
        if (pushed?.text.includes('error[') === true) throw new Error(pushed.text);
        return pushed?.code === 0 || undefined;
      },
      PATIENCE_MS,
    );
    const commit = await until(
      'the domain is as the commit says',
      async () => {
        const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name: 'shop' };
        const domain = (await findObject<Repository>(cluster, key))?.status?.domains?.production;
        return domain?.lastApplied !== undefined && domain.lastApplied === domain.desired
          ? domain.lastApplied
          : undefined;
      },
      PATIENCE_MS,
    );
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it('runs pods, maps and retries, each attempt once', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await run('all', name);
    for (const name of ['a', 'b', 'c', 'd']) {
      const { status } = await over(name);
      expect(status).toMatchObject({ phase: 'Succeeded', outputs: { all: [0, 2, 4, 6, 8, 10], last: 4 } });
      const attempts = (await podsOf(name)).map(({ metadata }) => metadata.name.slice(name.length + 1)).toSorted();
      const each = Array.from({ length: 6 }, (_, index) => `each-${index}-1`);
      expect(attempts).toEqual(['again-1', 'again-2', ...each, 'first-1', 'last-1']);
    }
  });

  it('aborts what runs, and leaves no pod behind', async () => {
    await run('endless', 'e');
    await until(
      'it runs',
      async () => {
        const [pod] = await podsOf('e');
        return pod?.status?.phase === 'Running' || undefined;
      },
      PATIENCE_MS,
    );
    expect((await pipectl(api.kubeconfig, 'abort', 'e', '-n', NAMESPACE)).code).toBe(0);
    expect((await over('e')).status?.phase).toBe('Aborted');
    const live = (await podsOf('e')).filter(({ status }) => status?.phase === 'Running');
    expect(live).toEqual([]);
  });

  it('starts each tick once', async () => {
    const ticks = await until(
      'ticks are over',
      async () => {
        const { items } = await cluster.list<Execution>('Execution', { namespace: NAMESPACE });
        const started = items.filter(({ spec }) => spec.trigger.kind === 'schedule');
        return started.filter(isOver).length >= 3 ? started : undefined;
      },
      PATIENCE_MS,
    );
    const times = ticks.map(({ spec }) => (spec.trigger as { readonly tick?: string }).tick ?? '').toSorted();
    expect(new Set(times).size).toBe(times.length);
    const ms = times.map((each) => instantMs(each) ?? Number.NaN);
    for (const [index, at] of ms.slice(1).entries()) expect(at - (ms[index] ?? 0)).toBe(5_000);
  });

  it('has been through faults of most kinds', () => {
    expect([...proxy.played.keys()].toSorted()).toEqual(
      expect.arrayContaining(['broken', 'busy', 'conflict', 'cut', 'dropped', 'duplicated', 'lost', 'truncated']),
    );
  });
});
