import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type Execution, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon } from './fixtures/program.ts';
import { untilExecution as executionWhen, filesOf, isOver, pipectlOutput, pushProject } from './fixtures/site.ts';

/** Conditions, branches, workflows in workflows, dynamic nodes and failure handlers, through the real control plane. */

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  await start();
  for (const name of ['multiplier', 'coin-flip', 'common-letters', 'regional-averages', 'test-cluster']) {
    await push(name, filesOf(join(EXAMPLES, name)));
  }
  await push('deep', DEEP);
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

async function runToEnd(project: string, plan: string, ...argv: string[]): Promise<Execution> {
  const namespace = `${project}-development`;
  const name = await run('run', plan, '-n', namespace, ...argv);
  return untilExecution(namespace, name, 'is over', isOver);
}

describe('the examples', () => {
  it.each([
    ['0.5', 0, { result: 1 }],
    ['3', 1, { result: 9 }],
  ])('multiply %s by the branch that its size takes', async (number, branch, outputs) => {
    const { status } = await runToEnd('multiplier', 'multiplier', '--input', `number=${number}`);
    expect(status).toMatchObject({ phase: 'Succeeded', outputs, nodes: { fractions: { branch } } });
  });

  it('fail where a branch says so', async () => {
    const { status } = await runToEnd('multiplier', 'multiplier', '--input', 'number=11');
    const message = 'the number must be between 0.1 and 10, not 11';
    expect(status).toMatchObject({ phase: 'Failed', error: { node: 'fractions', message } });
  });

  it('say only the side that came up', async () => {
    const { status } = await runToEnd('coin-flip', 'coin-flip');
    const phases = [status?.nodes?.heads?.phase, status?.nodes?.tails?.phase].sort();
    expect(phases).toEqual(['Skipped', 'Succeeded']);
    expect(status?.outputs?.result).toMatch(/^it was (heads|tails)$/);
  });

  it('compare regions by one workflow, run inline twice', async () => {
    const { status } = await runToEnd('regional-averages', 'compare-regions');
    expect(status).toMatchObject({ phase: 'Succeeded', nodeCount: 3 });
    expect(status?.outputs?.difference).toBeCloseTo((12.5 + 30.1) / 2 - (18 + 22.4) / 2, 6);
    expect(Object.keys(status?.nodes ?? {})).toEqual(expect.arrayContaining(['north/clean', 'south/average']));
  });

  it('clean up after themselves', async () => {
    const { status } = await runToEnd('test-cluster', 'test-cluster');
    expect(status?.nodes).not.toHaveProperty('onFailure');
    expect(status?.phase).toBe('Succeeded');
  });

  it('count letters by a workflow that a task has written, which can be looked at', { timeout: 30_000 }, async () => {
    const { status, metadata } = await runToEnd('common-letters', 'common-letters');
    expect(status).toMatchObject({ phase: 'Succeeded', outputs: { count: 3 } });
    const closure = status?.nodes?.letters?.closure ?? '';
    expect(await run('get', 'closures', closure, '-n', SYSTEM_NAMESPACE)).toContain('plan-letters');
    const described = await run('describe', 'execution', metadata.name, '-n', 'common-letters-development');
    expect(described).toMatch(/^ {2}letters +dynamic/m);
    expect(described).toMatch(/^ {4}total +/m);
  });
});

describe('nested workflows', () => {
  const namespace = 'deep-production';

  it('go on after a kill -9, at any depth, with what was written', { timeout: 60_000 }, async () => {
    const name = await run('run', 'deep', '-n', namespace);
    await untilExecution(namespace, name, 'runs deep inside', ({ status }) => {
      return status?.nodes?.['outer/made/slow']?.phase === 'Running';
    });
    await daemon.kill();
    await start();
    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({
      phase: 'Succeeded',
      outputs: { x: 7 },
      nodes: { 'outer/made/slow': { attempt: 1 } },
    });
    expect(await run('logs', `${name}/outer/made/slow`, '-n', namespace)).toContain('slept');
    expect(await run('logs', `${name}/outer`, '-n', namespace)).toContain('slept');
  });

  it('end with their handlers, which are told what failed', { timeout: 30_000 }, async () => {
    const name = await run('run', 'deep', '-n', namespace, '--input', 'seconds=-1');
    const { status } = await untilExecution(namespace, name, 'is over', isOver);
    expect(status).toMatchObject({
      phase: 'Failed',
      error: { node: 'outer/made/slow', reason: 'NonZeroExit', exitCode: 3 },
      nodes: { 'outer/onFailure': { phase: 'Succeeded' }, onFailure: { phase: 'Failed', error: { exitCode: 4 } } },
    });
    expect(await run('logs', `${name}/outer/onFailure`, '-n', namespace)).toContain('outer/made/slow failed');
    const described = await run('describe', 'execution', name, '-n', namespace);
    expect(described).toContain('outer/made/slow: NonZeroExit (exit code 3)');
  });
});

const DEEP = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: deep }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
  'pipelines/all.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: slow }
spec:
  inputs: { seconds: integer }
  outputs: { x: integer }
  run:
    command: [sh, -c, 'test "$PIPECTL_INPUT_SECONDS" -ge 0 || exit 3; sleep "$PIPECTL_INPUT_SECONDS"; echo slept; echo x=7 > "$PIPECTL_OUTPUTS"']
---
kind: Task
metadata: { name: write }
spec:
  inputs: { seconds: integer }
  outputs: { workflow: json }
  run:
    command:
      - sh
      - -c
      - |
        printf '{"workflow":{"outputs":{"x":"%s{{ nodes.slow.outputs.x }}"},"nodes":{"slow":{"task":"slow","with":{"seconds":%s}}}}}' '$' "$PIPECTL_INPUT_SECONDS" > "$PIPECTL_OUTPUTS"
---
kind: Task
metadata: { name: tell }
spec:
  inputs: { text: string, code: { type: integer, default: 0 } }
  run: { command: [sh, -c, 'echo "$PIPECTL_INPUT_TEXT"; exit "$PIPECTL_INPUT_CODE"'] }
---
kind: Workflow
metadata: { name: outer }
spec:
  inputs: { seconds: integer }
  outputs: { x: "\${{ nodes.made.outputs.x }}" }
  nodes:
    made: { dynamic: { task: write, with: { seconds: "\${{ inputs.seconds }}" }, tasks: [slow], outputs: { x: integer } } }
  onFailure: { task: tell, with: { text: "\${{ default(error.node, 'something') }} failed" } }
---
kind: Workflow
metadata: { name: deep }
spec:
  inputs: { seconds: { type: integer, default: 3 } }
  outputs: { x: "\${{ nodes.outer.outputs.x }}" }
  nodes:
    nap: { sleep: 50ms }
    outer: { workflow: outer, with: { seconds: "\${{ inputs.seconds }}" }, needs: [nap] }
  onFailure: { task: tell, with: { text: too bad, code: 4 } }
---
kind: LaunchPlan
metadata: { name: deep }
spec: { workflow: deep }
`,
};
