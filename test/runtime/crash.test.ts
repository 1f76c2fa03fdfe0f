import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Terminated, until } from './fixtures/host.ts';

const DAEMON = join(import.meta.dirname, 'fixtures', 'daemon.ts');
const PODS = 110;
const daemons: ChildProcess[] = [];

describe('a node agent that is killed', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pipectl-crash-'));
  });
  afterEach(() => {
    for (const daemon of daemons.splice(0)) daemon.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  it('starts nothing twice and loses no end', { timeout: 120_000 }, async () => {
    const ends = await runToTheEnd(folder, 21, () => {});
    const wrong = Object.entries(ends).filter(
      ([name, end]) => end.reason !== 'Completed' || end.message !== `n=${name.slice('task-'.length)}\n`,
    );
    expect(wrong).toEqual([]);
    expect(linesOf(folder, 'start')).toEqual(namesOnce());
    expect(linesOf(folder, 'end')).toEqual(namesOnce());
  });

  it('loses attempts with their spawner, but ends them first and starts none twice', { timeout: 120_000 }, async () => {
    const ends = await runToTheEnd(folder, 6, () => killSpawners(folder));
    const reasons = new Set(Object.values(ends).map((end) => end.reason));
    expect([...reasons].sort()).toEqual(['Completed', 'Lost']);
    const starts = linesOf(folder, 'start');
    expect(starts).toEqual([...new Set(starts)]);
    const completed = Object.keys(ends).filter((name) => ends[name]?.reason === 'Completed');
    expect(linesOf(folder, 'end')).toEqual(expect.arrayContaining(completed));
  });
});

function namesOnce(): string[] {
  return Array.from({ length: PODS }, (_, index) => `task-${index}`).sort();
}

function linesOf(folder: string, word: string): string[] {
  const path = join(folder, 'journal');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  return lines
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.slice(word.length + 1))
    .sort();
}

/** Kills the daemon `kills` times, a third of them while it starts and the rest while tasks run; then lets it finish. */
async function runToTheEnd(
  folder: string,
  kills: number,
  alsoKill: () => void,
): Promise<Readonly<Record<string, Terminated>>> {
  for (let killed = 0; ; killed += 1) {
    const before = linesOf(folder, 'start').length;
    const daemon = startDaemon(folder);
    const lines = createInterface({ input: daemon.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    if (killed === kills) {
      await lines.next();
      const ends = JSON.parse((await lines.next()).value as string);
      daemon.kill('SIGKILL');
      return ends;
    }
    if (killed % 3 > 0) {
      await lines.next();
      await until(() => linesOf(folder, 'start').length > before || undefined, 'another task to start');
    }
    await new Promise((resolve) => setTimeout(resolve, killed % 3 === 0 ? 80 + killed * 10 : killed * 2));
    daemon.kill('SIGKILL');
    alsoKill();
    await new Promise((resolve) => daemon.once('close', resolve));
  }
}

function startDaemon(folder: string): ChildProcess {
  const daemon = spawn(process.execPath, [DAEMON, folder, String(PODS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  daemons.push(daemon);
  return daemon;
}

/** Spawners by the names of their folders: `<boot>.<pid>.<start time>`. */
function killSpawners(folder: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(join(folder, 'attempts', 'spawners'));
  } catch {
    // The daemon was killed before its first spawner.
  }
  for (const name of names) {
    try {
      process.kill(Number(name.split('.')[1]), 'SIGKILL');
    } catch {
      // It has left already.
    }
  }
}
