import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/runtime/adapters/process/journal.ts';
import type { SpawnerEvent } from '../../src/runtime/adapters/process/protocol.ts';

const SPAWNER = join(import.meta.dirname, '..', '..', 'src', 'runtime', 'adapters', 'process', 'spawner.ts');
/** Sets how large files of a process may grow: what a disk that fills up does, and takes back. */
const limitFiles = (pid: number, size: string): number | null =>
  spawnSync('prlimit', ['--pid', String(pid), `--fsize=${size}:unlimited`]).status;
const canLimit = limitFiles(process.pid, 'unlimited') === 0;

describe('a spawner whose journal meets a full disk in the middle of a line', () => {
  it.runIf(canLimit)('starts nothing, and goes on with a whole journal when there is room', async () => {
    const root = mkdtempSync(join(tmpdir(), 'pipectl-journal-'));
    const child = spawn(process.execPath, [SPAWNER, root, '64', 'node'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {},
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    /** The next event, but for starts, of which only slow ones are told. */
    const next = async (): Promise<SpawnerEvent> => {
      const event: SpawnerEvent = JSON.parse((await lines.next()).value as string);
      return event.event === 'started' ? next() : event;
    };
    const start = (id: string): void => {
      const command = { op: 'start', id, argv: ['/bin/sh', '-c', 'exit 0'], env: [], inputs: '{}' };
      child.stdin.write(`${JSON.stringify(command)}\n`);
    };
    try {
      const ready = await next();
      const folder = ready.event === 'ready' ? ready.folder : '';
      expect(limitFiles(child.pid ?? 0, '10')).toBe(0);
      const early = Array.from({ length: 5 }, (_, index) => `early-${index}`);
      early.forEach(start);
      for (const _ of early) expect(await next()).toMatchObject({ event: 'ended', reason: 'HostExhausted' });
      expect(limitFiles(child.pid ?? 0, 'unlimited')).toBe(0);
      start('late');
      expect(await next()).toMatchObject({ event: 'ended', id: 'late', exitCode: 0 });

      const text = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
      expect(
        text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).event),
      ).toContain('ended');
      const journal = openJournal(folder);
      journal.refresh();
      expect([...journal.claimed]).toEqual(['late']);
      expect([...journal.ended.keys()]).toEqual(['late']);
    } finally {
      child.stdin.end();
      await new Promise((resolve) => child.once('close', resolve));
      rmSync(root, { recursive: true, force: true });
    }
  });
});
