import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { ANNOTATION, type Execution, LABEL, type NodeStatus } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { pipectl } from './fixtures/project.ts';
import { untilExecution as executionWhen, filesOf, isOver, pipectlOutput, pushProject } from './fixtures/site.ts';

/** Executions that wait for people and for each other, through the real control plane and its command line. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  await start();
  for (const project of ['publish-report', 'month-end']) await push(project, filesOf(join(EXAMPLES, project)));
  await push('nested', NESTED);
}, 60_000);

async function start(): Promise<void> {
  daemon = await startDaemon({ program, data });
  cluster = await daemon.connect();
}

const push = (project: string, files: Parameters<typeof pushProject>[2]): Promise<void> =>
  pushProject(daemon, project, files);
const run = (...argv: string[]): Promise<string> => pipectlOutput(daemon, ...argv);
const untilExecution = (namespace: string, name: string, what: string, isWanted: (execution: Execution) => boolean) =>
  executionWhen(cluster, { namespace, name }, what, isWanted);
const nodeOf = ({ status }: Execution, path: string): NodeStatus | undefined => status?.nodes?.[path];

describe('a report that waits for people', () => {
  const namespace = 'publish-report-development';

  it('is answered by the command line and by a patch, and waits across a kill -9', { timeout: 60_000 }, async () => {
    const name = await run('run', 'publish-report', '-n', namespace, '--input', 'rest=100ms');
    await untilExecution(namespace, name, 'waits for its title', (it) => nodeOf(it, 'title')?.wait !== undefined);
    expect(await run('get', 'exec', name, '-n', namespace)).toContain('Running (waiting)');
    const refused = await pipectl(daemon.kubeconfig, 'approve', name, 'title', '-n', namespace);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('is a signal node')]);
    expect(await run('signal', name, '-n', namespace, '--value', 'Numbers')).toBe('title has its value');

    const message = 'Publish “Numbers”?';
    await untilExecution(namespace, name, 'is to be approved', (it) => {
      return nodeOf(it, 'review')?.wait?.message?.startsWith(message) === true;
    });
    const described = await run('describe', 'execution', name, '-n', namespace);
    expect(described).toContain(message);
    expect(described).toContain(`pipectl approve ${name} review`);

    await daemon.kill();
    await start();
    const decision = { decision: 'approve', by: 'ann', reason: 'fine' };
    const patch = { spec: { signals: { review: decision } } };
    await cluster.write([{ op: 'patch', key: { kind: 'Execution', namespace, name }, patch }]);
    const late = await pipectl(daemon.kubeconfig, 'reject', name, 'review', '-n', namespace);
    expect([late.code, late.err]).toEqual([1, expect.stringMatching(/approved already by ann/)]);

    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({
      phase: 'Succeeded',
      nodes: { review: { decision }, title: { phase: 'Succeeded' } },
    });
    expect(JSON.stringify(status?.outputs)).toContain('Numbers');
  });

  it('is not published when somebody rejects it ahead of its turn', { timeout: 30_000 }, async () => {
    const name = await run('run', 'publish-report', '-n', namespace, '--input', 'rest=1ms');
    expect(await run('reject', name, 'review', '-n', namespace, '--reason', 'too early')).toContain('keeps the answer');
    await run('signal', name, 'title', '-n', namespace, '--value', 'Numbers');
    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({
      phase: 'Failed',
      error: { node: 'review', reason: 'Rejected', message: expect.stringMatching(/^rejected by \S+: too early$/) },
      nodes: { publish: { phase: 'Skipped' } },
    });
  });
});

describe('a month end that runs launch plans', () => {
  const namespace = 'month-end-development';

  it('reads the outputs of its children, which belong to it', { timeout: 60_000 }, async () => {
    const name = await run('run', 'month-end', '-n', namespace, '--input', 'month=2026-01', '--priority', '5');
    const { status, metadata } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { total: 2401 } });
    const { items } = await cluster.list<Execution>('Execution', {
      namespace,
      labelSelector: `${LABEL.parent}=${name}`,
    });
    expect(items.map(({ spec }) => [spec.launchPlan, spec.priority, spec.inputs.region]).sort()).toEqual([
      ['close-north', 5, 'north'],
      ['close-south', 5, 'south'],
    ]);
    for (const child of items) {
      expect(child.spec.trigger).toMatchObject({ kind: 'execution', execution: name, depth: 1 });
      expect(child.metadata.ownerReferences?.[0]?.uid).toBe(metadata.uid);
      expect(child.metadata.annotations).toHaveProperty([ANNOTATION.digest]);
    }
    const north = items.find(({ spec }) => spec.launchPlan === 'close-north')?.metadata.name ?? '';
    expect(status?.nodes?.north?.child).toEqual({ name: north, phase: 'Succeeded' });
    expect(await run('describe', 'execution', name, '-n', namespace)).toContain(north);
    expect(await run('describe', 'execution', north, '-n', namespace)).toContain(`node north of execution ${name}`);

    // The tasks print nothing: that the child is asked, its name tells.
    const logs = await pipectl(daemon.kubeconfig, 'logs', `${name}/north/close/9`, '-n', namespace);
    expect([logs.code, logs.err]).toEqual([1, expect.stringContaining(`there is no log of ${north}/close/9`)]);

    await cluster.write([{ op: 'delete', key: { kind: 'Execution', namespace, name } }]);
    await until('the children are collected', async () => {
      const left = await cluster.list('Execution', { namespace, labelSelector: `${LABEL.parent}=${name}` });
      return left.items.length === 0 ? true : undefined;
    });
  });
});

describe('a parent that is steered', () => {
  const namespace = 'nested-production';

  async function childOf(name: string): Promise<string> {
    const parent = await untilExecution(namespace, name, 'has a running child', (it) => {
      return nodeOf(it, 'inner')?.child?.phase === 'Running';
    });
    return nodeOf(parent, 'inner')?.child?.name ?? '';
  }

  it('pauses its child and goes on with it, and answers reach the child', { timeout: 60_000 }, async () => {
    const name = await run('run', 'outer', '-n', namespace);
    const child = await childOf(name);
    await run('pause', name, '-n', namespace);
    await untilExecution(namespace, child, 'is paused', ({ spec }) => spec.desired === 'Paused');
    await run('signal', child, '-n', namespace, '--value', '20');
    await untilExecution(namespace, child, 'has its value', (it) => nodeOf(it, 'ask')?.phase === 'Succeeded');
    await daemon.kill();
    await start();
    await run('resume', name, '-n', namespace);
    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { total: 40 } });
  });

  it('aborts its child and what that runs', { timeout: 60_000 }, async () => {
    const name = await run('run', 'outer', '-n', namespace);
    const child = await childOf(name);
    await run('signal', child, '-n', namespace, '--value', '1000000');
    await untilExecution(namespace, child, 'runs its task', (it) => nodeOf(it, 'double')?.phase === 'Running');
    await run('abort', name, '-n', namespace, '--reason', 'wrong day');
    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({ phase: 'Aborted', nodes: { inner: { phase: 'Aborted' } } });
    const ended = await cluster.get<Execution>({ kind: 'Execution', namespace, name: child });
    expect(ended.status).toMatchObject({ phase: 'Aborted', nodes: { double: { phase: 'Aborted' } } });
  });
});

const NESTED = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: nested }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
  'pipelines/all.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: double }
spec:
  inputs: { n: integer }
  outputs: { twice: integer }
  run:
    command: [sh, -c, 'test "$PIPECTL_INPUT_N" -lt 1000 || sleep 600; echo "twice=$((PIPECTL_INPUT_N * 2))" > "$PIPECTL_OUTPUTS"']
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: inner }
spec:
  outputs: { twice: "\${{ nodes.double.outputs.twice }}" }
  nodes:
    ask: { signal: { type: integer, message: How many? } }
    double: { task: double, with: { n: "\${{ nodes.ask.outputs.value }}" } }
---
apiVersion: pipectl.dev/v1
kind: LaunchPlan
metadata: { name: inner }
spec: { workflow: inner }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: outer }
spec:
  outputs: { total: "\${{ nodes.inner.outputs.twice }}" }
  nodes: { inner: { launchPlan: inner } }
`,
};
