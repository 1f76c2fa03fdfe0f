import { openBareLog } from '../bare-log.ts';
import { type EngineHost, openEngineHost } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { chain } from '../workflows.ts';

const EXECUTIONS = 100;
const LENGTH = 10;
const NODES = EXECUTIONS * LENGTH;
const CHAIN = chain(LENGTH);
/** A control plane runs for weeks, so what counts is compiled code. */
const WARMUPS = 30;
const LAUNCHES = 10;

/** Chains fused and step by step, beside a log that is written once per wave of nodes. */
export async function open(): Promise<Session> {
  const fused = await openEngineHost([CHAIN], { maxStreak: Number.POSITIVE_INFINITY });
  const steps = await openEngineHost([CHAIN], { maxStreak: 1 });
  const floor = openBareLog();
  for (let i = 0; i < WARMUPS; i++) {
    await fused.launch(CHAIN, EXECUTIONS);
    await steps.launch(CHAIN, EXECUTIONS);
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

async function note(host: EngineHost, name: string, samples: Record<string, number[]>): Promise<void> {
  const { ms, cpuMicros } = await host.launch(CHAIN, EXECUTIONS);
  samples[`${name}PerSecond`]?.push((NODES / ms) * 1_000);
  samples[`${name}CpuMicros`]?.push(cpuMicros / NODES);
}
