import { parentPort, workerData } from 'node:worker_threads';
import { type SplitRequest, splitOutputs } from './split-outputs.ts';

/** Splits one outputs file and ends: nobody waits on this thread while it parses. */
if (parentPort === null) throw new Error('split-outputs-worker runs as a worker thread only');
parentPort.postMessage(await splitOutputs(workerData as SplitRequest));
