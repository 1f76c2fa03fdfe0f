import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../figure.ts';
import { programMs } from '../program-ms.ts';

const BUNDLE = join(import.meta.dirname, '../../action/dist/index.mjs');
const PAIRS = 6;
/** The action says that it was given no event, when all that a review needs is loaded. */
const NO_EVENT = { env: { PATH: process.env.PATH, GITHUB_EVENT_NAME: 'none' }, status: 2 };
/** Runners have a Node without it. */
const WITHOUT_TEMPORAL = '--no-harmony-temporal';

/** The bundle of the GitHub Action: its size, and how long it takes until it looks at what happened. */
export async function open(): Promise<Session> {
  return {
    async round() {
      const startMs: number[] = [];
      const runnerMs: number[] = [];
      const nodeMs: number[] = [];
      for (let i = 0; i < PAIRS; i++) {
        nodeMs.push(programMs(process.execPath, ['-e', '0']));
        startMs.push(programMs(process.execPath, [BUNDLE], NO_EVENT));
        runnerMs.push(programMs(process.execPath, [WITHOUT_TEMPORAL, BUNDLE], NO_EVENT));
      }
      return { sizeMb: statSync(BUNDLE).size / 1_000_000, startMs, runnerMs, nodeMs };
    },
    close: async () => {},
  };
}
