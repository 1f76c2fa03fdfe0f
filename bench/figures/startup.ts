import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Session } from '../figure.ts';

const PAIRS = 6;
const ENTRY = join(import.meta.dirname, '../../bin/pipectl.js');

/** Whole processes, from spawn to exit. */
export async function open(): Promise<Session> {
  run(ENTRY, '--help');
  return {
    async round() {
      const helpMs: number[] = [];
      const nodeMs: number[] = [];
      for (let i = 0; i < PAIRS; i++) {
        nodeMs.push(run('-e', '0'));
        helpMs.push(run(ENTRY, '--help'));
      }
      return { helpMs, nodeMs };
    },
    close: async () => {},
  };
}

function run(...args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - started;
}
