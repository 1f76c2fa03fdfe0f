import { parentPort } from 'node:worker_threads';
import { type CheckJob, checkPart } from './check-threads.ts';
import { createReader } from './checker.ts';

const port = parentPort;
if (port === null) throw new Error('check-worker runs as a worker thread only');

const reader = createReader();
port.on('message', async (job: CheckJob) => port.postMessage(await checkPart(job, reader)));
