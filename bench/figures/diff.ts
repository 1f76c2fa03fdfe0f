import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitionsFile } from '../definitions.ts';
import type { Session } from '../figure.ts';
import { commitFiles, writeRepository } from '../repository.ts';

const FILES = 10_000;
const MANY = 1_000;
const ENTRY = join(import.meta.dirname, '../../bin/pipectl.js');

/** `pipectl diff` of two commits as a whole process, with one and with many changed files, beside git's list of their names. */
export async function open(): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-diff-'));
  mkdirSync(join(folder, 'tasks'), { recursive: true });
  writeFileSync(join(folder, 'tasks/run.py'), 'print(1)\n');
  const nameOf = (at: number): string => `p${String(at).padStart(5, '0')}.yaml`;
  writeRepository(
    folder,
    Object.fromEntries(Array.from({ length: FILES }, (_none, at) => [nameOf(at), definitionsFile(at)])),
  );
  const edit = (from: number, to: number): void => {
    const edited = Array.from({ length: to - from }, (_none, at) => from + at);
    const texts = edited.map((at) => [nameOf(at), definitionsFile(at).replace('limit: 100\n', 'limit: 101\n')]);
    commitFiles(folder, Object.fromEntries(texts));
  };
  edit(0, 1);
  edit(1, 1 + MANY);
  return {
    async round() {
      return {
        oneMs: run(folder, process.execPath, [ENTRY, 'diff', 'HEAD~2..HEAD~1']),
        oneFloorMs: run(folder, 'git', ['diff', '--name-only', 'HEAD~2..HEAD~1']),
        manyMs: run(folder, process.execPath, [ENTRY, 'diff', 'HEAD~1..HEAD']),
        manyFloorMs: run(folder, 'git', ['diff', '--name-only', 'HEAD~1..HEAD']),
      };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** How long a program takes, in milliseconds. */
function run(cwd: string, program: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr.toString('utf8')}`);
  return ms;
}
