import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Execution, isTerminalPhase } from '../../src/cluster/index.ts';
import { buildProgram, newFolder, startDaemon, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';
import { filesOf } from './fixtures/site.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'fan-out');

it('maps that compute, that number their elements and that may fail in part run in a control plane', async () => {
  const daemon = await startDaemon({ program: await buildProgram(), data: join(newFolder(), 'data') });
  const { code, text } = await newProject(filesOf(EXAMPLE)).push(daemon.remote('fan-out'));
  expect(code, text).toBe(0);
  const namespace = 'fan-out-development';
  const run = await pipectl(daemon.kubeconfig, 'run', 'share-orders', '-n', namespace);
  expect([run.code, run.err]).toEqual([0, '']);
  const cluster = await daemon.connect();
  const { status } = await until('the execution is over', async () => {
    const execution = await cluster.get<Execution>({ kind: 'Execution', namespace, name: run.out.trim() });
    return isTerminalPhase(execution.status?.phase ?? 'Pending') ? execution : undefined;
  });
  expect(status).toMatchObject({
    phase: 'Succeeded',
    outputs: { shares: [10, null, 12, 9], lines: ['1. 10', null, '3. 12', '4. 9'] },
  });
  expect(status?.nodes?.split?.map).toMatchObject({ size: 4, succeeded: 3, failed: 1 });
  expect(status?.nodes?.print?.map?.errors?.['1']).toMatchObject({ reason: 'NonZeroExit' });
}, 60_000);
