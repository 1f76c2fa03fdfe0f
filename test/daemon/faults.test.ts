import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Execution, SYSTEM_NAMESPACE } from '../../src/cluster/index.ts';
import { buildProgram, type Daemon, newFolder, startDaemon, startUp, until } from './fixtures/program.ts';
import { newProject, pipectl } from './fixtures/project.ts';
import { readOnlyFolder, smallDisk } from './fixtures/small-disk.ts';

/** Each fault of the machine gives one clear line, loses nothing, and is over when its cause is. */

let program: string;
beforeAll(async () => {
  program = await buildProgram();
});

/** Runs `up` to its refusal: its exit code and all it wrote. */
async function refusedUp(data: string, options: { port?: number; env?: Record<string, string> } = {}) {
  const up = startUp({ program, data, ...options });
  const code = await up.ended;
  return { code, lines: up.output().trimEnd().split('\n') };
}

describe('up refuses, in one line,', () => {
  it('a data folder that another one has', async () => {
    const data = join(newFolder(), 'data');
    const first = await startDaemon({ program, data });
    const { code, lines } = await refusedUp(data);
    expect([code, lines]).toEqual([
      2,
      [expect.stringMatching(`another pipectl is running on the data folder ${data}`)],
    ]);
    expect((await pipectl(first.kubeconfig, 'get', 'revisions')).code).toBe(0);
    await first.kill();
    await (await startDaemon({ program, data })).kill();
  });

  it('a port that is in use, and leaves nothing running', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const data = join(newFolder(), 'data');
    const { code, lines } = await refusedUp(data, { port });
    server.close();
    expect([code, lines]).toEqual([2, [expect.stringMatching(`port ${port} on 127.0.0.1 is in use: .*--port`)]]);
    await (await startDaemon({ program, data })).kill();
  });

  it('a read-only folder', async () => {
    const data = join(readOnlyFolder(), 'data');
    const { code, lines } = await refusedUp(data);
    expect([code, lines]).toEqual([2, [expect.stringMatching(`cannot use the data folder ${data}: .*--data DIR`)]]);
  });

  it('a place below a file', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, 'kept');
    const { code, lines } = await refusedUp(join(file, 'data'));
    expect([code, lines]).toEqual([2, [expect.stringMatching('cannot use the data folder .*--data DIR')]]);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it('a damaged database, of which it deletes nothing', async () => {
    const { data, daemon } = await shopDaemon(join(newFolder(), 'data'));
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    const database = join(data, 'store', 'objects.sqlite');
    await refusesDamaged(data, database, 0, `${database} is damaged: restore it`);
  });

  it('a damaged log, rather than forget what was acknowledged', async () => {
    const { data, daemon } = await shopDaemon(join(newFolder(), 'data'));
    await daemon.kill();
    const name = readdirSync(join(data, 'store')).find((entry) => entry.startsWith('log-')) ?? '';
    await refusesDamaged(data, join(data, 'store', name), 200, `${name}, offset 0: record 1 of the log is damaged`);
  });
});

/** Overwrites a part of a file, and expects that it is told of and left as it is. */
async function refusesDamaged(data: string, file: string, offset: number, told: string): Promise<void> {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, offset, offset + 100);
  writeFileSync(file, bytes);
  const { code, lines } = await refusedUp(data);
  expect([code, lines]).toEqual([2, [expect.stringContaining(told)]]);
  expect(readFileSync(file)).toEqual(bytes);
}

describe('a disk that is full', () => {
  it('refuses writes with the reason, serves reads, and takes writes when there is room again', async () => {
    const disk = smallDisk(64);
    const { daemon, project } = await shopDaemon(disk.data);
    const pid = daemon.child.pid ?? 0;
    disk.fill(pid);
    const refusal = await until('a run is refused', async () => {
      const ran = await run(daemon, '--inputs-file', bigInputs());
      return ran.code === 0 ? undefined : ran;
    });
    expect([refusal.code, refusal.err]).toEqual([
      2,
      expect.stringMatching(/^pipectl: no space left for the store in \S+: free some[^\n]*\n$/),
    ]);

    const pushed = await project.push(daemon.remote('shop'), `${project.commit({})}:refs/heads/main`);
    expect(pushed.code).toBe(1);
    expect(pushed.text).toMatch(/No space left|no space left|unpack failed/);
    expect((await pipectl(daemon.kubeconfig, 'get', 'revisions')).out).toMatch(/^shop-\S+ .*\n?$/m);
    const complaints = daemon
      .output()
      .split('\n')
      .filter((line) => line.includes('no space left'));
    expect(complaints.length).toBeLessThan(20);

    disk.free(pid);
    expect(await until('a run is taken', () => run(daemon).then(({ code }) => (code === 0 ? true : undefined)))).toBe(
      true,
    );
    expect((await project.push(daemon.remote('shop'))).text).toContain('production is now at');
    await everythingSucceeds(daemon);
  });
});

describe('a folder of logs that vanishes', () => {
  it('stops no execution, and is made again', async () => {
    const { data, daemon } = await shopDaemon(join(newFolder(), 'data'));
    expect((await run(daemon)).code).toBe(0);
    await everythingSucceeds(daemon);
    const logs = join(data, 'attempts', 'logs');
    expect(existsSync(logs)).toBe(true);
    rmSync(logs, { recursive: true });
    expect((await run(daemon)).code).toBe(0);
    await everythingSucceeds(daemon);
  });
});

/** A daemon with one active workflow. */
async function shopDaemon(data: string) {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const daemon = await startDaemon({ program, data });
  const project = newProject(FILES);
  const { code, text } = await project.push(daemon.remote('shop'));
  expect(code, text).toBe(0);
  return { data, daemon, project };
}

function run(daemon: Daemon, ...more: string[]) {
  return pipectl(daemon.kubeconfig, 'run', 'echo', '-n', 'shop-production', ...more);
}

/** Inputs of 200,000 bytes: a few of them fill the room that the store has set aside. */
function bigInputs(): string {
  const path = join(newFolder(), 'inputs.json');
  writeFileSync(path, JSON.stringify({ text: 'x'.repeat(200_000) }));
  return path;
}

async function everythingSucceeds(daemon: Daemon): Promise<void> {
  const cluster = await daemon.connect();
  const phases = await until(
    'all executions ended',
    async () => {
      const { items } = await cluster.list<Execution>('Execution', { namespace: 'shop-production' });
      const found = items.map(({ status }) => `${status?.phase} ${JSON.stringify(status?.error ?? '')}`);
      return found.some((phase) => /^(undefined|Pending|Queued|Running)/.test(phase)) ? undefined : found;
    },
    40_000,
  );
  expect(new Set(phases)).toEqual(new Set(['Succeeded ""']));
  expect((await cluster.list('Repository', { namespace: SYSTEM_NAMESPACE })).items).toHaveLength(1);
}

const FILES = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: shop }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
  'tasks/echo.sh': 'echo said; wc -c <"$PIPECTL_INPUTS" | tr -d " " | sed s/^/size=/ >>"$PIPECTL_OUTPUTS"\n',
  'pipelines/echo.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: echo }
spec: { inputs: { text: string }, outputs: { size: integer }, source: tasks, run: { command: [sh, echo.sh] } }
---
apiVersion: pipectl.dev/v1
kind: Workflow
metadata: { name: echo }
spec:
  inputs: { text: { type: string, default: short } }
  outputs: { size: "\${{ nodes.say.outputs.size }}" }
  nodes: { say: { task: echo, with: { text: "\${{ inputs.text }}" } } }
`,
};
