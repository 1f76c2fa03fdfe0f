import { parentPort } from 'node:worker_threads';
import { type CheckAnswer, type CheckJob, checkParts } from './check-threads.ts';
import { createReader } from './checker.ts';

const port = parentPort;
if (port === null) throw new Error('check-worker runs as a worker thread only');

const reader = createReader();
const say = (answer: CheckAnswer): void => port.postMessage(answer);
port.on('message', async (job: CheckJob) => {
  await checkParts(job, reader, (part) => say({ kind: 'part', part }));
  say({ kind: 'end' });
});
