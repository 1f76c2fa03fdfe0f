import { openBareLog } from '../bare-log.ts';
import { type Chains, openChains } from '../chains.ts';
import type { Session } from '../figure.ts';

const EXECUTIONS = 100;
const LENGTH = 10;
const NODES = EXECUTIONS * LENGTH;
/** A control plane runs for weeks, so what counts is compiled code. */
const WARMUPS = 30;
const LAUNCHES = 10;

/** Chains fused and step by step, beside a log that is written once per wave of nodes. */
export async function open(): Promise<Session> {
  const fused = await openChains(LENGTH, Number.POSITIVE_INFINITY);
  const steps = await openChains(LENGTH, 1);
  const floor = openBareLog();
  for (let i = 0; i < WARMUPS; i++) {
    await fused.launch(EXECUTIONS);
    await steps.launch(EXECUTIONS);
    floor.append(LENGTH, EXECUTIONS);
  }
  return {
    async round() {
      const seen = { fusedPerSecond: [], fusedCpuMicros: [], stepPerSecond: [], stepCpuMicros: [], floorPerSecond: [] };
      const samples: Record<string, number[]> = seen;
      for (let i = 0; i < LAUNCHES; i++) {
        samples.floorPerSecond?.push((NODES / floor.append(LENGTH, EXECUTIONS)) * 1_000);
        await note(fused, 'fused', samples);
        await note(steps, 'step', samples);
      }
      return samples;
    },
    async close() {
      await fused.close();
      await steps.close();
      floor.close();
    },
  };
}

async function note(chains: Chains, name: string, samples: Record<string, number[]>): Promise<void> {
  const { ms, cpuMicros } = await chains.launch(EXECUTIONS);
  samples[`${name}PerSecond`]?.push((NODES / ms) * 1_000);
  samples[`${name}CpuMicros`]?.push(cpuMicros / NODES);
}
