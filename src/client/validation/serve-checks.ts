import type { MessagePort } from 'node:worker_threads';
import { type CheckAnswer, type CheckJob, checkParts, sentPart } from './check-threads.ts';
import { createReader } from './checker.ts';

/** Does the jobs that come, piece by piece. */
export function serveChecks(port: MessagePort): void {
  const reader = createReader();
  const say = (answer: CheckAnswer): void => port.postMessage(answer);
  port.on('message', async (job: CheckJob) => {
    await checkParts(job, reader, (part) => say({ kind: 'part', part: sentPart(part) }));
    say({ kind: 'end' });
  });
}
