import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Clock } from '../../src/base/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { startNodeAgent } from '../../src/runtime/adapters/process/index.ts';
import { startTimeOf } from '../../src/runtime/adapters/process/process-table.ts';
import {
  createPod,
  ended,
  noSecrets,
  noSources,
  openHost,
  type TestHost,
  until,
  waitForPhase,
} from './fixtures/host.ts';

/** The agent looks ten times as often as it would, while spawners beat as they do. */
const hasty: Clock = {
  now: hostClock.now,
  at: (at, run) => hostClock.at(hostClock.now() + (at - hostClock.now()) / 10, run),
};
const stopped: number[] = [];
let host: TestHost | undefined;

afterEach(async () => {
  for (const pid of stopped.splice(0)) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It was ended, as it should be.
    }
  }
  await host?.close();
  host = undefined;
});

const spawnersOf = ({ folder }: TestHost): number[] =>
  readdirSync(join(folder, 'attempts', 'spawners')).map((name) => Number(name.split('.')[1]));

function stop(pid: number): void {
  stopped.push(pid);
  process.kill(pid, 'SIGSTOP');
}

it('a spawner that hangs is ended, and its attempts are lost when nothing of them lives', {
  timeout: 60_000,
}, async () => {
  host = await openHost({ clock: hasty });
  const { store, folder, warnings } = host;
  const pids = join(folder, 'pid');
  await createPod(store, 'hangs', { command: ['sh', '-c', `echo $$ >${pids}; exec sleep 600`] });
  await waitForPhase(store, 'hangs', 'Running');
  const [spawner = 0] = spawnersOf(host);
  const task = Number(readFileSync(pids, 'utf8'));
  stop(spawner);
  expect(startTimeOf(task)).toBeDefined();
  const end = await ended(store, 'hangs');
  expect(end).toMatchObject({ reason: 'Lost', exitCode: 137 });
  expect(startTimeOf(task)).toBeUndefined();
  expect(warnings).toContain('a spawner does not answer and is killed; what it ran is tried again');
  // Whoever comes next gets a spawner that works.
  await createPod(store, 'next', { command: ['true'] });
  expect(await ended(store, 'next')).toMatchObject({ reason: 'Completed' });
});

it('one that hangs when its agent is gone keeps no successor from starting', { timeout: 60_000 }, async () => {
  host = await openHost({ clock: hasty });
  const { store, folder, agent } = host;
  await createPod(store, 'hangs', { command: ['sleep', '600'] });
  await waitForPhase(store, 'hangs', 'Running');
  const [spawner = 0] = spawnersOf(host);
  stop(spawner);
  await agent.stop('leave');
  const log = { write: () => undefined };
  const ports = { cluster: store, clock: hasty, random: hostRandom, log, sources: noSources, secrets: noSecrets };
  const successor = await startNodeAgent({ ...ports, folder: join(folder, 'attempts') });
  expect(await ended(store, 'hangs')).toMatchObject({ reason: 'Lost' });
  await successor.stop('end');
});

it('one that works on for long is left alone', { timeout: 60_000 }, async () => {
  host = await openHost({ clock: hasty });
  const { store, warnings } = host;
  await createPod(store, 'long', { command: ['sleep', '5'] });
  expect(await ended(store, 'long')).toMatchObject({ reason: 'Completed' });
  expect(warnings).toEqual([]);
  await until(() => (spawnersOf(host as TestHost).length <= 1 ? true : undefined), 'one spawner');
});
