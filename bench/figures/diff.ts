import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitionsFile } from '../definitions.ts';
import type { Session } from '../figure.ts';
import { programMs } from '../program-ms.ts';
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
        oneMs: programMs(process.execPath, [ENTRY, 'diff', 'HEAD~2..HEAD~1'], { cwd: folder }),
        oneFloorMs: programMs('git', ['diff', '--name-only', 'HEAD~2..HEAD~1'], { cwd: folder }),
        manyMs: programMs(process.execPath, [ENTRY, 'diff', 'HEAD~1..HEAD'], { cwd: folder }),
        manyFloorMs: programMs('git', ['diff', '--name-only', 'HEAD~1..HEAD'], { cwd: folder }),
      };
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
