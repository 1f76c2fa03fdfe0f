import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { type EngineHost, openEngineHost } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { layers } from '../workflows.ts';

const SIZES = [10, 100, 1_000, 10_000] as const;
/** Nodes that become ready together, and so are written together, in graphs of all sizes. */
const WIDTH = 10;
/** Nodes of one measured pass over graphs of one size. */
const NODES = 10_000;
const WARMUPS = 3;
const PASSES = 3;

/**
 * What a transition costs in graphs of all sizes, one execution at a time, each wave of nodes durable before the next: CPU
 * of the whole process, and text written. Each execution is also created and ended, which counts for the small graphs.
 */
export async function open(): Promise<Session> {
  const graphs = new Map<number, WorkflowClosure>(SIZES.map((size) => [size, layers(size, WIDTH)]));
  const host = await openEngineHost([...graphs.values()], { maxStreak: 1 });
  for (let i = 0; i < WARMUPS; i++) for (const [size, graph] of graphs) await pass(host, graph, size, {});
  return {
    async round() {
      const samples: Record<string, number[]> = {};
      for (let i = 0; i < PASSES; i++) for (const [size, graph] of graphs) await pass(host, graph, size, samples);
      return samples;
    },
    close: () => host.close(),
  };
}

async function pass(
  host: EngineHost,
  graph: WorkflowClosure,
  size: number,
  samples: Record<string, number[]>,
): Promise<void> {
  let micros = 0;
  let bytes = 0;
  for (let done = 0; done < NODES; done += size) {
    const { cpuMicros, writtenBytes, transitions } = await host.launch(graph, 1);
    if (transitions !== size) throw new Error(`${transitions} transitions instead of ${size}`);
    micros += cpuMicros;
    bytes += writtenBytes;
  }
  add(samples, `cpuMicros${size}`, micros / NODES);
  add(samples, `bytes${size}`, bytes / NODES);
}

function add(samples: Record<string, number[]>, key: string, value: number): void {
  samples[key] ??= [];
  samples[key].push(value);
}
