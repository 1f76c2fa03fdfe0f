import type { JsonObject } from '../../src/base/index.ts';
import type { EmbeddedStore } from '../../src/cluster/adapters/embedded/index.ts';
import type { Write } from '../../src/cluster/index.ts';
import type { WorkflowClosure } from '../../src/compiler/index.ts';
import { type EngineHost, executionOf, NAMESPACE, openEngineHost, register } from '../engine-host.ts';
import type { Session } from '../figure.ts';
import { chain, sleeper } from '../workflows.ts';

const FEW = 1_000;
const CHAIN = chain(10);
const EXECUTIONS = 100;
const WARMUPS = 20;
const LAUNCHES = 10;
const BATCH = 2_000;

export function open(): Promise<Session> {
  return openCrowds(100_000);
}

/** What a transition costs while few or so many other executions are live, all of which wait. */
export async function openCrowds(count: number): Promise<Session> {
  const few = await openCrowd(FEW);
  const many = await openCrowd(count);
  for (let i = 0; i < WARMUPS; i++) for (const host of [few, many]) await host.launch(CHAIN, EXECUTIONS);
  return {
    async round() {
      const samples = { few: [] as number[], many: [] as number[], bytes: [] as number[] };
      for (let i = 0; i < LAUNCHES; i++) {
        samples.few.push((await cost(few)).micros);
        const { micros, bytes } = await cost(many);
        samples.many.push(micros);
        samples.bytes.push(bytes);
      }
      return samples;
    },
    async close() {
      await few.close();
      await many.close();
    },
  };
}

async function cost(host: EngineHost): Promise<{ readonly micros: number; readonly bytes: number }> {
  const { cpuMicros, writtenBytes, transitions } = await host.launch(CHAIN, EXECUTIONS);
  return { micros: cpuMicros / transitions, bytes: writtenBytes / transitions };
}

/** An engine with so many executions that sleep for an hour, as it would have left them itself. */
async function openCrowd(count: number): Promise<EngineHost> {
  const sleeping = sleeper();
  return openEngineHost([CHAIN], { maxStreak: 1, prepare: (store) => fill(store, sleeping, count) });
}

async function fill(store: EmbeddedStore, workflow: WorkflowClosure, count: number): Promise<void> {
  const digest = await register(store, workflow);
  const at = new Date();
  const startedAt = at.toISOString();
  const wakeAt = new Date(at.getTime() + 3_600_000).toISOString();
  const status = {
    phase: 'Running',
    startedAt,
    nodeCount: 1,
    nodes: { wait: { phase: 'Running', startedAt, wakeAt } },
    parked: { generation: 1, until: wakeAt },
  };
  for (let from = 0; from < count; from += BATCH) {
    const writes: Write[] = [];
    for (let i = from; i < Math.min(count, from + BATCH); i++) {
      const object = executionOf(digest, `asleep-${i}`, { n: i });
      const key = { kind: 'Execution', namespace: NAMESPACE, name: object.metadata.name };
      writes.push({ op: 'create', object }, { op: 'patchStatus', key, patch: status as JsonObject });
    }
    await store.write(writes, { discard: true });
  }
}
