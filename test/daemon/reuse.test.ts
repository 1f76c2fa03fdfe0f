import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../src/cluster/adapters/kubernetes/index.ts';
import { type CacheEntry, type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectlIn } from './fixtures/project.ts';
import { filesOf, pipectlOutput } from './fixtures/site.ts';

/** The cache, recoveries, relaunches and comparisons through the real control plane. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'daily-features');
const NAMESPACE = 'daily-features-development';

let program: string;
let data: string;
let daemon: Daemon;
let cluster: KubernetesCluster;
beforeAll(async () => {
  program = await buildProgram();
  data = join(newFolder(), 'data');
  await start();
}, 60_000);

async function start(): Promise<void> {
  daemon = await startDaemon({ program, data });
  cluster = await daemon.connect();
}

const run = (...argv: string[]): Promise<string> => pipectlOutput(daemon, ...argv);

function untilOver(namespace: string, name: string): Promise<Execution> {
  return until(`${name} is over`, async () => {
    const execution = await cluster.get<Execution>({ kind: 'Execution', namespace, name });
    return isTerminalPhase(execution.status?.phase ?? 'Pending') ? execution : undefined;
  });
}

const phases = ({ status }: Execution) =>
  Object.fromEntries(Object.entries(status?.nodes ?? {}).map(([id, { phase }]) => [id, phase]));

describe('the example of daily features', () => {
  it('computes once, recovers after a fix, and tells the difference', { timeout: 60_000 }, async () => {
    const files = filesOf(EXAMPLE);
    const project = newProject({ ...files, 'tasks/report/report.sh': 'exit 3\n' });
    const push = async () => {
      const { code, text } = await project.push(daemon.remote('daily-features'));
      expect(code, text).toBe(0);
    };
    const start = (command: string, ...argv: string[]) =>
      run(command, ...argv, '-n', NAMESPACE).then((name) => untilOver(NAMESPACE, name));
    await push();
    const broken = await start('run', 'daily-features');
    expect(broken.status?.phase).toBe('Failed');
    expect(phases(broken)).toMatchObject({ extract: 'Succeeded', score: 'Succeeded', report: 'Failed' });

    project.commit({ 'tasks/report/report.sh': files['tasks/report/report.sh'] });
    await push();
    const fixed = await start('recover', broken.metadata.name, '--rev', 'main');
    expect(phases(fixed)).toEqual({ extract: 'Recovered', score: 'Recovered', best: 'Succeeded', report: 'Succeeded' });
    const text = 'the best score of 2026-01-02 is 5102';
    expect(fixed.status?.outputs).toEqual({ text });
    expect(fixed.spec.trigger).toMatchObject({ kind: 'recover', of: broken.metadata.name });

    const again = await start('relaunch', fixed.metadata.name, '-i', 'verbose=true');
    expect(phases(again)).toMatchObject({ extract: 'Cached', score: 'Cached', report: 'Succeeded' });
    const anew = await start('run', 'daily-features', '--cache', 'overwrite');
    expect(phases(anew)).toMatchObject({ extract: 'Succeeded', score: 'Succeeded' });
    expect(anew.status?.outputs).toEqual(again.status?.outputs);

    const diff = await run('diff', broken.metadata.name, fixed.metadata.name, '-n', NAMESPACE, '-o', 'json');
    expect(JSON.parse(diff)).toMatchObject({
      inputs: [],
      version: { definitions: [{ kind: 'Task', name: 'report' }] },
      phase: { before: 'Failed', after: 'Succeeded' },
      outputs: [{ name: 'text', after: text }],
    });

    const names = [broken.metadata.name, fixed.metadata.name];
    const told = await pipectlIn(project.folder, daemon.kubeconfig, 'diff', ...names, '-n', NAMESPACE);
    expect(told).toMatchObject({ code: 0, err: '' });
    // In a checkout that has both commits, field by field.
    expect(told.out).toMatch(/~ task report .*\n +source +tasks\/report@\w+ → tasks\/report@\w+/);
    expect(told.out).toMatch(/report +Failed in [\d.]+s, NonZeroExit +Succeeded in/);

    expect((await run('cache', 'list', '-n', NAMESPACE, '-o', 'name')).split('\n')).toHaveLength(4);
    expect(await run('cache', 'delete', '--task', 'extract', '-n', NAMESPACE)).toBe('1 entry deleted');
    expect(phases(await start('run', 'daily-features'))).toMatchObject({ extract: 'Succeeded', score: 'Cached' });
  });
});

const HELD = (folder: string) => `
apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: held }
spec: { paths: [pipectl.yaml], domains: { development: { ref: main } } }
---
kind: Task
metadata: { name: slow }
spec:
  outputs: { x: integer }
  run: { command: [sh, -c, "echo once >> ${folder}/runs; while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo x=1 >> $PIPECTL_OUTPUTS"] }
  cache: { serialize: true }
---
kind: Workflow
metadata: { name: slow }
spec:
  outputs: { x: "\${{ nodes.slow.outputs.x }}" }
  nodes: { slow: { task: slow } }
`;

describe('a reservation', () => {
  it('outlives kill -9 of the control plane, and is used by all who waited', { timeout: 60_000 }, async () => {
    const folder = newFolder();
    const { code, text } = await newProject({ 'pipectl.yaml': HELD(folder) }).push(daemon.remote('held'));
    expect(code, text).toBe(0);
    const namespace = 'held-development';
    await run('run', 'slow', '--name', 'holder', '-n', namespace);
    await until('the holder runs', () => (existsSync(join(folder, 'runs')) ? true : undefined));
    for (const name of ['second', 'third']) await run('run', 'slow', '--name', name, '-n', namespace);
    const waiting = (name: string) =>
      until(`${name} waits`, async () => {
        const { status } = await cluster.get<Execution>({ kind: 'Execution', namespace, name });
        return status?.nodes?.slow?.message;
      });
    expect(await waiting('second')).toBe('waits for node "slow" of execution holder to fill the cache');
    await waiting('third');

    await daemon.kill();
    await start();
    expect(await waiting('second')).toContain('holder');
    writeFileSync(join(folder, 'go'), '');
    const ended = await Promise.all(['holder', 'second', 'third'].map((name) => untilOver(namespace, name)));
    expect(ended.map((execution) => [execution.status?.outputs, phases(execution).slow])).toEqual([
      [{ x: 1 }, 'Succeeded'],
      [{ x: 1 }, 'Cached'],
      [{ x: 1 }, 'Cached'],
    ]);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('once\n');
    const { items } = await cluster.list<CacheEntry>('CacheEntry', { namespace });
    expect(items.map(({ spec }) => [spec.madeBy?.execution, spec.reservation])).toEqual([['holder', undefined]]);
  });
});
