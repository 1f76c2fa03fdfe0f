import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import {
  createApiServer,
  createListener,
  localCertificate,
  tokenAuthenticator,
} from '../../src/cluster/adapters/http/index.ts';
import type { Write } from '../../src/cluster/index.ts';
import { newExecution } from '../../src/cluster/index.ts';
import { hostClock, hostRandom } from '../../src/main/host.ts';
import { cpuNanos } from '../daemon-process.ts';
import type { Samples, Session } from '../figure.ts';
import { residentBytes } from '../machine.ts';

const EXECUTIONS = 100_000;
const CHANGES_PER_SECOND = 200;
const STEPS = 120;
const IDLE_MS = 10_000;
const NAMESPACE = 'crowd-production';
const PROGRAM = resolve(import.meta.dirname, '../../bin/pipectl.js');
const MB = 1024 * 1024;
const STARTED = '2026-01-02T03:04:05.000Z';

/** `pipectl tui` in a pseudo-terminal of 80 × 24, against the real API over a store with 100,000 executions. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-tui-'));
  const store = await openEmbeddedStore({
    folder: join(folder, 'store'),
    clock: hostClock,
    random: hostRandom,
    log: { write: () => {} },
  });
  await fill(store);
  const api = createApiServer({
    cluster: store,
    authenticate: tokenAuthenticator('bench', { name: 'bench', groups: [], scopes: [{ kind: 'admin' }] }),
    clock: hostClock,
    log: { write: () => {} },
    version: '0.0.0',
  });
  const listener = createListener(localCertificate(Date.now()), api.handle);
  await new Promise<void>((done) => void listener.server.listen(0, '127.0.0.1', done));
  const { port } = listener.server.address() as AddressInfo;
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(port));
  await warm(kubeconfig);
  return {
    round: () => measure(store, kubeconfig),
    async close() {
      api.close();
      await listener.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function nameAt(index: number): string {
  return `nightly-${String(index).padStart(6, '0')}`;
}

async function fill(store: EmbeddedStore): Promise<void> {
  for (let from = 0; from < EXECUTIONS; from += 500) {
    const objects = Array.from({ length: 500 }, (_, at) =>
      newExecution({
        namespace: NAMESPACE,
        name: nameAt(from + at),
        repository: 'crowd',
        commit: '3f2c1ab000000000000000000000000000000001',
        workflow: `flow-${at % 40}`,
        closure: 'c'.repeat(64),
        launchPlan: `plan-${at % 40}`,
        inputs: { days: 7 },
        trigger: { kind: 'manual', by: 'bench' },
      }),
    );
    await store.write(
      objects.map((object): Write => ({ op: 'create', object })),
      { discard: true },
    );
    await store.write(
      objects.map(({ metadata }): Write => changeOf(metadata.name, 'Running', 0)),
      { discard: true },
    );
  }
}

function changeOf(name: string, phase: string, nodes: number): Write {
  const key = { kind: 'Execution', namespace: NAMESPACE, name };
  const done = Object.fromEntries(Array.from({ length: nodes }, (_, at) => [`node-${at}`, { phase: 'Succeeded' }]));
  return { op: 'patchStatus', key, patch: { phase, startedAt: STARTED, nodeCount: 4, nodes: done } };
}

interface Watched {
  readonly pty: IPty;
  bytes(): number;
  text(): string;
  /** Resolves at the next bytes. */
  next(): Promise<void>;
  /** Resolves when the screen next shows what came: the emulated terminal reads bytes a little after they are there. */
  nextScreen(): Promise<void>;
}

function watched(kubeconfig: string): Watched {
  const pty = spawn(process.execPath, [PROGRAM, 'tui', '-n', NAMESPACE], {
    cols: 80,
    rows: 24,
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', PIPECTL_KUBECONFIG: kubeconfig, HOME: '/nonexistent' },
  });
  let bytes = 0;
  const terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  let wake: () => void = () => {};
  let wakeScreen: () => void = () => {};
  pty.onData((data) => {
    bytes += Buffer.byteLength(data);
    terminal.write(data, () => wakeScreen());
    wake();
  });
  return {
    pty,
    bytes: () => bytes,
    text: () =>
      Array.from({ length: 24 }, (_, row) => terminal.buffer.active.getLine(row)?.translateToString() ?? '').join('\n'),
    next: () =>
      new Promise<void>((done) => {
        wake = done;
      }),
    nextScreen: () =>
      new Promise<void>((done) => {
        wakeScreen = done;
      }),
  };
}

/** One start that nobody measures: code that was just built has not been compiled yet. */
async function warm(kubeconfig: string): Promise<void> {
  const program = watched(kubeconfig);
  const ended = new Promise<void>((done) => void program.pty.onExit(() => done()));
  while (!program.text().includes('connected')) await program.nextScreen();
  program.pty.write('q');
  await ended;
}

async function measure(store: EmbeddedStore, kubeconfig: string): Promise<Samples> {
  const begun = performance.now();
  const program = watched(kubeconfig);
  while (!program.text().includes('connect')) await program.nextScreen();
  const firstFrameMs = performance.now() - begun;
  while (!program.text().includes(`${EXECUTIONS.toLocaleString('en-US')}  `)) await pause(50);
  const loadedMs = performance.now() - begun;
  await pause(5_000);
  const quiet = await steps(program);
  const idleFrom = cpuNanos(program.pty.pid);
  await pause(IDLE_MS);
  const idlePercent = ((cpuNanos(program.pty.pid) - idleFrom) / 1e6 / IDLE_MS) * 100;
  const churn = changing(store);
  const busy = await steps(program);
  churn.stop();
  const residentMb = residentBytes(program.pty.pid).all / MB;
  program.pty.write('q');
  await new Promise<void>((done) => void program.pty.onExit(() => done()));
  return {
    firstFrameMs,
    loadedMs,
    keyMs: busy.ms,
    quietKeyMs: quiet.ms,
    scrollBytes: quiet.bytes,
    idlePercent,
    residentMb,
  };
}

/** Presses j so often that most steps scroll the list, and waits for the screen to answer each. */
async function steps(program: Watched): Promise<{ readonly ms: readonly number[]; readonly bytes: readonly number[] }> {
  const ms: number[] = [];
  const bytes: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    await pause(20);
    const before = program.bytes();
    const answered = program.next();
    const from = performance.now();
    program.pty.write('j');
    await answered;
    ms.push(performance.now() - from);
    await pause(5);
    bytes.push(program.bytes() - before);
  }
  return { ms, bytes };
}

/** Changes executions all the time, many of them into another phase. */
function changing(store: EmbeddedStore): { stop(): void } {
  let at = 0;
  const each = 20;
  const timer = setInterval(
    () => {
      const writes = Array.from({ length: each }, () => {
        at += 1;
        return changeOf(nameAt((at * 7_919) % EXECUTIONS), 'Running', at % 4);
      });
      void store.write(writes, { discard: true });
    },
    (1_000 * each) / CHANGES_PER_SECOND,
  );
  return { stop: () => clearInterval(timer) };
}

function kubeconfigOf(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'bench', user: { token: 'bench' } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  });
}
