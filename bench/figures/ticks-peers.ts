import type { Session } from '../figure.ts';
import { peerLateness } from '../peer-jobs.ts';

const DUE = 10_000;

/** Other schedulers, one after another, each in a process of its own that is there only meanwhile. */
export async function open(): Promise<Session> {
  return {
    async round() {
      return {
        cronerMs: await peerLateness('croner', DUE),
        nodeCronMs: await peerLateness('node-cron', DUE),
        bullmqMs: await peerLateness('bullmq', DUE),
      };
    },
    async close() {},
  };
}
