import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import type { Cluster } from '../src/cluster/index.ts';
import { connect } from '../src/main/client.ts';

const ENTRY = join(import.meta.dirname, '../bin/pipectl.js');
const READY_DEADLINE_MS = 180_000;

/** A real `pipectl up`, built and in its own process. */
export interface DaemonProcess {
  readonly pid: number;
  readonly gitUrl: string;
  readonly token: string;
  /** From spawn until /readyz said yes. */
  readonly readyMs: number;
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

/** Starts it on a fixed port, so that readiness is asked of the port and not read from what it prints. */
export async function startDaemonProcess(dataFolder: string, port: number): Promise<DaemonProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, [ENTRY, '--data', dataFolder, 'up', '--port', String(port)], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-10_000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const readyMs = await untilReady(child, port, started, () => errors);
  const connected = await connect({ kubeconfigPath: join(dataFolder, 'kubeconfig') });
  return {
    pid: child.pid as number,
    gitUrl: `http://127.0.0.1:${port}/git/bench.git`,
    token: readFileSync(join(dataFolder, 'token'), 'utf8').trim(),
    readyMs,
    cluster: connected.cluster,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess, port: number, started: number, errors: () => string): Promise<number> {
  while (performance.now() - started < READY_DEADLINE_MS) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${errors()}`);
    if (await isReady(port)) return performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill('SIGKILL');
  throw new Error(`the daemon was not ready within ${READY_DEADLINE_MS} ms: ${errors()}`);
}

/** One bare request: an HTTP client of its own would cost as much as what is measured. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () =>
      socket.write('GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(text.startsWith('HTTP/1.1 200')));
  });
}

/** CPU time of all threads of a process in nanoseconds. */
export function cpuNanos(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return total;
}

/** Direct children of a process. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}
