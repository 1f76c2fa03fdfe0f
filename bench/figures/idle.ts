import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childrenOf, cpuNanos, type DaemonProcess, startDaemonProcess } from '../daemon-process.ts';
import type { Session } from '../figure.ts';
import { residentBytes } from '../machine.ts';
import { halfWay, park, parkedFiles } from '../parked.ts';
import { push, writeRepository } from '../repository.ts';

const SCHEDULES = 10_000;
const EXECUTIONS = 10_000;
const PORT = 27_411;
/** What the daemon lets go of after a burst, it has let go of after this. */
const SETTLE_MS = 75_000;
const WINDOW_MS = 10_000;
const MB = 1024 * 1024;

/** A daemon that registered the schedules, ran the executions until all wait, and then has nothing to do. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-idle-'));
  const work = join(folder, 'work');
  writeRepository(work, parkedFiles(SCHEDULES));
  const daemon = await startDaemonProcess(join(folder, 'data'), PORT);
  await push(work, daemon.gitUrl, daemon.token);
  const make = await halfWay(daemon);
  await park(
    daemon,
    Array.from({ length: EXECUTIONS }, (_, i) => make(`parked-${i}`)),
  );
  await pause(SETTLE_MS);
  const node = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
  return {
    round: () => measure(daemon, node.pid as number),
    async close() {
      node.kill();
      await daemon.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function measure(daemon: DaemonProcess, nodePid: number) {
  const cpuBefore = cpuNanos(daemon.pid);
  const started = performance.now();
  await pause(WINDOW_MS);
  const elapsedMs = performance.now() - started;
  const { all, anonymous } = residentBytes(daemon.pid);
  const children = childrenOf(daemon.pid).reduce((sum, pid) => sum + residentBytes(pid).all, 0);
  return {
    rssMb: all / MB,
    anonymousMb: anonymous / MB,
    childrenRssMb: children / MB,
    nodeRssMb: residentBytes(nodePid).all / MB,
    cpuPercent: ((cpuNanos(daemon.pid) - cpuBefore) / 1e6 / elapsedMs) * 100,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
