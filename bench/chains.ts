import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, digestOf, type Json } from '../src/base/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import { type Execution, newExecution } from '../src/cluster/index.ts';
import type { NodeClosure, WorkflowClosure } from '../src/compiler/index.ts';
import { encodeClosure } from '../src/control/closures/index.ts';
import { startPropeller } from '../src/control/propeller/index.ts';
import { tuneHeap } from '../src/main/heap.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** What one launch cost. CPU is this process's, all threads, user and system. */
export interface Launched {
  readonly ms: number;
  readonly cpuMicros: number;
  /** Frames of the log: each is one sync of the disk. */
  readonly syncs: number;
}

/** Store and propeller of a control plane, with one workflow: a chain of compute nodes. */
export interface Chains {
  /** From the creation of `count` executions in one batch until the last one's end is durable. */
  launch(count: number): Promise<Launched>;
  close(): Promise<void>;
}

const NAMESPACE = 'bench-production';

/** With `maxStreak` 1 each node's result is durable before the next one starts; Infinity fuses a chain into one write. */
export async function openChains(length: number, maxStreak: number): Promise<Chains> {
  tuneHeap();
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-engine-'));
  const base = { clock: hostClock, random: hostRandom, log: { write: () => {} } };
  const store = await openEmbeddedStore({ ...base, folder });
  const closure = chain(length);
  const json = closure as unknown as Json;
  const digest = digestOf(json);
  const objects = encodeClosure({ of: 'Workflow', name: closure.name, digest, text: canonicalJson(json) });
  await store.write(objects.map((object) => ({ op: 'create', object })));
  const propeller = startPropeller({ ...base, cluster: store, maxStreak });
  let launches = 0;
  return {
    async launch(count) {
      const prefix = `run${launches++}`;
      const syncs = store.stats().frames;
      const cpu = process.cpuUsage();
      const started = performance.now();
      await launch(store, digest, prefix, count);
      const ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      return { ms, cpuMicros: user + system, syncs: store.stats().frames - syncs };
    },
    async close() {
      await propeller.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function launch(store: EmbeddedStore, digest: string, prefix: string, count: number): Promise<void> {
  const ending = new AbortController();
  const watch = store.watch<Execution>('Execution', { namespace: NAMESPACE, signal: ending.signal });
  const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  await store.write(
    names.map((name) => ({ op: 'create', object: execution(digest, name) })),
    { discard: true },
  );
  const left = new Set(names);
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type !== 'BOOKMARK' && event.object.status?.phase === 'Succeeded')
        left.delete(event.object.metadata.name);
    }
    if (left.size === 0) break;
  }
  ending.abort();
}

function execution(closure: string, name: string): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'bench',
    commit: 'a'.repeat(40),
    workflow: 'chain',
    closure,
    inputs: { n: 0 },
    trigger: { kind: 'manual' },
  });
}

function chain(length: number): WorkflowClosure {
  const nodes = Array.from({ length }, (_, i): NodeClosure => {
    const source = i === 0 ? 'inputs.n + 1' : `nodes.n${i - 1}.outputs.x + 1`;
    const values = { x: { kind: 'expression', source } } as const;
    return { kind: 'compute', id: `n${i}`, upstream: i === 0 ? [] : [i - 1], outputs: { x: 'integer' }, values };
  });
  const value = { kind: 'expression', source: `nodes.n${length - 1}.outputs.x` } as const;
  return {
    kind: 'Workflow',
    name: 'chain',
    inputs: { n: { type: 'integer' } },
    outputs: { end: { type: 'integer', value } },
    nodes,
    tasks: {},
    failurePolicy: 'failImmediately',
  };
}
