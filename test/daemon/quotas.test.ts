import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';

/** The example of quotas on the real program: what is taken is told by metrics, and survives a kill -9. */

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'fair-share');
const NAMESPACE = 'fair-share-development';

function files(): Record<string, Uint8Array> {
  const names = readdirSync(EXAMPLE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path.slice(EXAMPLE.length + 1), readFileSync(path)]));
}

async function metricsOf({ at, token }: Daemon): Promise<readonly string[]> {
  const response = await fetch(`${at}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return (await response.text()).split('\n').filter((line) => line.startsWith('pipectl_quota_'));
}

const FULL = [
  `pipectl_quota_used{namespace="${NAMESPACE}",resource="executions"} 2`,
  `pipectl_quota_used{namespace="${NAMESPACE}",resource="tasks"} 3`,
  `pipectl_quota_limit{namespace="${NAMESPACE}",resource="cpu"} 4`,
  `pipectl_quota_waiting_executions{namespace="${NAMESPACE}",for="begin"} 1`,
  `pipectl_quota_waiting_executions{namespace="${NAMESPACE}",for="room"} 2`,
];

it('quotas hold over a kill -9, metrics tell what is taken, and all get their turn', { timeout: 90_000 }, async () => {
  const program = await buildProgram();
  const data = join(newFolder(), 'data');
  let daemon = await startDaemon({ program, data });
  const isFull = async (): Promise<true | undefined> => {
    const lines = await metricsOf(daemon);
    return FULL.every((line) => lines.includes(line)) ? true : undefined;
  };
  const run = async (workflow: string, name: string): Promise<void> => {
    const { code, err } = await pipectl(daemon.kubeconfig, 'run', workflow, '--name', name, '-n', NAMESPACE);
    expect([code, err]).toEqual([0, '']);
  };
  expect((await newProject(files()).push(daemon.remote('fair-share'))).code).toBe(0);
  await run('wide', 'wide');
  await until('the quota is taken', async () => {
    const lines = await metricsOf(daemon);
    return lines.includes(FULL[1] as string) ? true : undefined;
  });
  await run('small', 'small');
  await run('small', 'third');
  await until('all that the quota leaves is taken', isFull);
  await daemon.kill();
  daemon = await startDaemon({ program, data });
  await until('what ran before is counted', isFull);
  const { code } = await pipectl(daemon.kubeconfig, 'abort', 'wide', '-n', NAMESPACE);
  expect(code).toBe(0);
  const cluster = await daemon.connect();
  for (const [name, phase] of [
    ['wide', 'Aborted'],
    ['small', 'Succeeded'],
    ['third', 'Succeeded'],
  ]) {
    const key = { kind: 'Execution', namespace: NAMESPACE, name: name as string };
    const ended = await until(`${name} is over`, async () => {
      const execution = await cluster.get<Execution>(key);
      return isTerminalPhase(execution.status?.phase ?? 'Pending') ? execution : undefined;
    });
    expect(ended.status?.phase).toBe(phase);
  }
});
