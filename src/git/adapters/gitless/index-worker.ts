import { parentPort, workerData } from 'node:worker_threads';
import { type IndexJob, indexPack } from './index-pack.ts';

/** The thread that looks through one pack, and then ends. */
parentPort?.postMessage(indexPack(workerData as IndexJob));
