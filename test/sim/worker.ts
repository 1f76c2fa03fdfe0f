import { parentPort, workerData } from 'node:worker_threads';
import { CANARIES } from './canary/canaries.ts';
import { plant } from './canary/loader.ts';
import type { SimResult } from './run.ts';
import { TICK_CANARIES } from './ticks/canaries.ts';

/** One thread of many: plays the seeds that it is sent and answers with each result. */
export interface WorkerData {
  readonly hours: number;
  readonly canary?: string;
  /** Absent: the whole control plane. */
  readonly world?: 'schedules';
}

const { hours, canary, world } = workerData as WorkerData;
const planned = [...CANARIES, ...TICK_CANARIES].find(({ name }) => name === canary);
if (planned !== undefined) plant(planned);
// After the bug is planted: what these import must come through it.
const playOne = await (world === 'schedules' ? playTicks() : playAll());

const port = parentPort;
port?.on('message', (seed: number) => {
  void playOne(seed).then((result) => port.postMessage(result));
});
port?.postMessage('ready');

async function playAll(): Promise<(seed: number) => Promise<SimResult>> {
  const { planOf } = await import('./plan.ts');
  const { simulate } = await import('./run.ts');
  return (seed) => simulate(planOf(seed, hours));
}

async function playTicks(): Promise<(seed: number) => Promise<SimResult>> {
  const { tickPlanOf } = await import('./ticks/plan.ts');
  const { simulateTicks } = await import('./ticks/run.ts');
  return (seed) => simulateTicks(tickPlanOf(seed, hours));
}
