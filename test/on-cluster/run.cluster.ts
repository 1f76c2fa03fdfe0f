import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { deleteObject, type Execution, findObject, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { until } from '../daemon/fixtures/program.ts';
import { newProject, pipectl } from '../daemon/fixtures/project.ts';
import { isOver } from '../daemon/fixtures/site.ts';
import { startProcessKubelet } from '../runtime/fixtures/process-kubelet.ts';
import { type Installation, install } from './installation.ts';
import { openTestCluster, type TestCluster } from './test-cluster.ts';

/**
 * Controllers and shards beside the cluster, pods on it. Tasks run in PIPECTL_TEST_IMAGE, any image with /bin/sh. Where no
 * node would take them, PIPECTL_TEST_KUBELET=process runs them as processes here.
 */
const IMAGE = process.env.PIPECTL_TEST_IMAGE ?? 'busybox:1.37';

const workflow = `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: greet }
spec:
  inputs: { name: string }
  outputs: { text: string }
  source: p/src
  run: { image: "${IMAGE}", command: [/bin/sh, greet.sh] }
---
apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: fail }
spec: { run: { image: "${IMAGE}", command: [/bin/sh, -c, "exit 3"] } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: hello }
spec:
  inputs: { name: { type: string, default: world } }
  outputs: { text: "\${{ nodes.two.outputs.text }}" }
  nodes:
    one: { task: greet, with: { name: "\${{ inputs.name }}" } }
    two: { task: greet, with: { name: "\${{ nodes.one.outputs.text }}" } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: broken }
spec: { nodes: { only: { task: fail } } }
`;

describe('an installation beside a cluster', () => {
  let test: TestCluster;
  let site: Installation;
  let namespace: string;
  const ends: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    test = await openTestCluster();
    const { cluster, kubeconfig, prefix } = test;
    ends.push(() => test.close());
    await test.ownNamespace(SYSTEM_NAMESPACE);
    namespace = await test.ownNamespace(`${prefix}-production`);
    if (process.env.PIPECTL_TEST_KUBELET === 'process') {
      const kubelet = await startProcessKubelet(podsOf(cluster, namespace), join(tmpdir(), `${prefix}-pods`));
      ends.push(() => kubelet.stop());
    }
    site = await install(kubeconfig, cluster);
    ends.push(() => site.stop());
    ends.push(() => removeRepository(cluster, prefix));
    ends.push(() => deleteObject(cluster, { kind: 'Token', namespace: SYSTEM_NAMESPACE, name: 'ci' }));
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end().catch(() => undefined);
  });

  const over = (name: string): Promise<Execution> =>
    until(
      `${name} is over`,
      async () => {
        const execution = await test.cluster.get<Execution>({ kind: 'Execution', namespace, name });
        return isOver(execution) ? execution : undefined;
      },
      90_000,
    );

  it('registers a push, and runs it as pods with source, inputs and outputs', async () => {
    const project = newProject({
      'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ${test.prefix} }
spec: { paths: [p], domains: { production: { ref: main } } }
`,
      'p/w.yaml': workflow,
      'p/src/greet.sh': 'echo "text=hello $PIPECTL_INPUT_NAME" > "$PIPECTL_OUTPUTS"\n',
    });
    const pushed = await until('the controller that works takes a push', async () => {
      const [controller] = site.controllers;
      const answer = controller && (await project.push(site.remote(controller, test.prefix)));
      return answer !== undefined && !answer.text.includes('503') ? answer : undefined;
    });
    expect(pushed).toMatchObject({ code: 0 });
    const { code, err } = await pipectl(test.kubeconfig, 'run', 'hello', '--name', 'first', '-n', namespace);
    expect([code, err]).toEqual([0, '']);
    expect((await over('first')).status).toMatchObject({ phase: 'Succeeded', outputs: { text: 'hello hello world' } });
  });

  it('tells of a task that fails', async () => {
    expect((await pipectl(test.kubeconfig, 'run', 'broken', '--name', 'second', '-n', namespace)).code).toBe(0);
    const { status } = await over('second');
    expect(status).toMatchObject({ phase: 'Failed', error: { reason: 'NonZeroExit' } });
  });
});

/** The controllers take its parts away, and its finalizer: without them its namespace would never go. */
async function removeRepository(cluster: KubernetesCluster, name: string): Promise<void> {
  const key = { kind: 'Repository', namespace: SYSTEM_NAMESPACE, name };
  await deleteObject(cluster, key);
  await until(
    'the repository is removed',
    async () => (await findObject(cluster, key)) === undefined || undefined,
    90_000,
  );
}

/** The cluster as somebody sees it who may look at pods of one namespace only: other people's are theirs. */
function podsOf(cluster: KubernetesCluster, namespace: string): KubernetesCluster {
  return {
    ...cluster,
    list: (kind, options) => cluster.list(kind, { ...options, namespace }),
    watch: (kind, options) => cluster.watch(kind, { ...options, namespace }),
  };
}
