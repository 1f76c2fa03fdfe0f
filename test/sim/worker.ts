import { parentPort, workerData } from 'node:worker_threads';
import { CANARIES } from './canary/canaries.ts';
import { plant } from './canary/loader.ts';

/** One thread of many: plays the seeds that it is sent and answers with each result. */
export interface WorkerData {
  readonly hours: number;
  readonly canary?: string;
}

const { hours, canary } = workerData as WorkerData;
const planned = CANARIES.find(({ name }) => name === canary);
if (planned !== undefined) plant(planned);
// After the bug is planted: what these import must come through it.
const { planOf } = await import('./plan.ts');
const { simulate } = await import('./run.ts');

const port = parentPort;
port?.on('message', (seed: number) => {
  void simulate(planOf(seed, hours)).then((result) => port.postMessage(result));
});
port?.postMessage('ready');
