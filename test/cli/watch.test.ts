import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, execution, openControlPlane } from './control-plane.ts';

/** The real program in a process of its own, against the real API over a real store. */
let plane: ControlPlane;
const STARTED = '2026-01-02T03:04:05.000Z';
const children = new Set<ChildProcess>();

beforeAll(async () => {
  plane = await openControlPlane();
  await plane.create(execution('nightly-aaaaaa'), execution('nightly-bbbbbb'));
  await plane.setStatus('nightly-aaaaaa', { phase: 'Running', startedAt: STARTED, nodeCount: 3 });
});
afterAll(() => plane.close());
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

const PROGRAM = resolve(import.meta.dirname, '../../bin/pipectl.js');

function watch(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'watch', 'executions', '-n', 'ticketing-production', ...args], {
    cwd: '/',
    env: { PATH: process.env.PATH, HOME: '/nonexistent', PIPECTL_KUBECONFIG: plane.api.kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const lines: string[] = [];
  let wakes: (() => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const all = wakes;
    wakes = [];
    for (const wake of all) wake();
  });
  child.stderr.resume();
  const ended = new Promise<number | null>((done) => child.on('exit', (code) => done(code)));
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await new Promise<void>((done) => {
        wakes.push(done);
      });
    }
  };
  return {
    child,
    lines,
    ended,
    /** Resolves with the first line that fits. */
    async line(pattern: RegExp): Promise<string> {
      await until(() => lines.some((line) => pattern.test(line)));
      return lines.find((line) => pattern.test(line)) ?? '';
    },
  };
}

describe('pipectl watch executions', () => {
  it('prints what is there, then a line for each change that one would see', async () => {
    const { line, lines, child, ended } = watch('nightly-aaaaaa');
    expect(await line(/nightly-aaaaaa/)).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]+Z {2}nightly-aaaaaa {2}Running .* 0\/3 .* demand/,
    );
    // No cell of the line tells of a parked execution, so it makes none.
    await plane.setStatus('nightly-aaaaaa', { message: '' });
    await plane.setStatus('nightly-aaaaaa', { nodes: { ingest: { phase: 'Succeeded' } } });
    await line(/ 1\/3 /);
    await plane.setStatus('nightly-aaaaaa', { phase: 'Failed', finishedAt: '2026-01-02T03:04:09.000Z' });
    expect(await line(/Failed/)).toMatch(/ 1\/3 +4s /);
    expect(lines).toHaveLength(3);
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
  });

  it('leaves out what is there, what has other labels and what is in other phases', async () => {
    const watched = watch('--changes-only', '--phase', 'failed,timedout', '--workflow', 'demand', '-o', 'json');
    // It says nothing of what is there, so only a change tells that it listens.
    for (let count = 0; watched.lines.length === 0; count++) {
      await plane.create(execution(`ready-${count}`));
      await plane.setStatus(`ready-${count}`, { phase: 'Failed', startedAt: STARTED });
      await Promise.race([watched.line(/ready/), new Promise((next) => setTimeout(next, 250))]);
    }
    await plane.create(execution('marker-cccccc'));
    await plane.setStatus('nightly-bbbbbb', { phase: 'Running', startedAt: STARTED });
    await plane.setStatus('nightly-bbbbbb', { phase: 'TimedOut', finishedAt: '2026-01-02T03:04:09.000Z' });
    const { type, object } = JSON.parse(await watched.line(/nightly-bbbbbb/)) as {
      type: string;
      object: Record<string, never>;
    };
    expect([type, object]).toMatchObject([
      'MODIFIED',
      { metadata: { name: 'nightly-bbbbbb' }, status: { phase: 'TimedOut' } },
    ]);
    expect(watched.lines.filter((line) => !line.includes('"ready-'))).toHaveLength(1);
    watched.child.kill('SIGINT');
    expect(await watched.ended).toBe(130);
  });

  it('goes on when the control plane restarts, and misses nothing', async () => {
    await plane.create(execution('restart-dddddd'));
    const { line, lines } = watch('restart-dddddd', 'restart-eeeeee');
    await line(/restart-dddddd/);
    await plane.api.stopApi();
    await plane.create(execution('restart-eeeeee'));
    await plane.api.restartApi();
    await line(/restart-eeeeee/);
    // What was printed before is not printed once more.
    expect(lines).toHaveLength(2);
  });

  it('ends well when nobody reads any more', async () => {
    const { child, ended } = watch('--phase', 'aborted');
    child.stdout?.destroy();
    for (let at = 0; at < 3; at++) {
      await plane.create(execution(`piped-${at}`));
      await plane.setStatus(`piped-${at}`, { phase: 'Aborted' });
    }
    expect(await ended).toBe(0);
  });
});

describe('what it refuses', () => {
  it.each([
    [['watch', 'schedules'], 2, 'only executions are watched line by line, not schedules'],
    [['watch', 'executions', '--phase', 'fialed'], 2, '--phase: an execution has no phase "fialed"'],
    [['watch', 'executions', 'x', '-A'], 2, 'a name and --all-namespaces exclude each other'],
    [['watch', 'executions', '-l', 'a=('], 1, 'a=('],
  ])('%j', async (argv, code, message) => {
    const ran = await plane.run(...argv, '-n', 'ticketing-production');
    expect(ran.err).toContain(message);
    expect(ran.code).toBe(code);
  });
});
