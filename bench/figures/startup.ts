import { join } from 'node:path';
import type { Session } from '../figure.ts';
import { programMs } from '../program-ms.ts';

const PAIRS = 6;
const ENTRY = join(import.meta.dirname, '../../bin/pipectl.js');

/** Whole processes, from spawn to exit. */
export async function open(): Promise<Session> {
  programMs(process.execPath, [ENTRY, '--help']);
  return {
    async round() {
      const helpMs: number[] = [];
      const nodeMs: number[] = [];
      for (let i = 0; i < PAIRS; i++) {
        nodeMs.push(programMs(process.execPath, ['-e', '0']));
        helpMs.push(programMs(process.execPath, [ENTRY, '--help']));
      }
      return { helpMs, nodeMs };
    },
    close: async () => {},
  };
}
