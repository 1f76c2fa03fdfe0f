import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, digestOf, type Json } from '../src/base/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import { type Execution, newExecution } from '../src/cluster/index.ts';
import type { NodeClosure, WorkflowClosure } from '../src/compiler/index.ts';
import { encodeClosure } from '../src/control/closures/index.ts';
import { startPropeller } from '../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** What one round of the engine's benchmark saw. CPU is this process's, all threads, user and system. */
export interface EngineRound {
  readonly nodes: number;
  readonly ms: number;
  readonly nodesPerSecond: number;
  readonly cpuMicrosPerNode: number;
  /** Frames of the log: each is one sync of the disk. */
  readonly syncs: number;
}

const NAMESPACE = 'bench-production';

/**
 * `executions` chains of `length` compute nodes, all live at once: from the moment that they exist until the last one's
 * end is durable, in a process that has run `warmups` such rounds before. With `maxStreak` 1 each node's result is durable before the next one starts.
 */
export async function benchChains(
  executions: number,
  length: number,
  options: { readonly maxStreak?: number; readonly warmups?: number } = {},
): Promise<EngineRound> {
  const { maxStreak, warmups = 20 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-engine-'));
  const base = { clock: hostClock, random: hostRandom, log: { write: () => {} } };
  const store = await openEmbeddedStore({ ...base, folder });
  const closure = chain(length);
  const json = closure as unknown as Json;
  const digest = digestOf(json);
  await store.write(
    encodeClosure({ of: 'Workflow', name: closure.name, digest, text: canonicalJson(json) }).map((object) => ({
      op: 'create',
      object,
    })),
  );
  const propeller = startPropeller({
    ...base,
    cluster: store,
    ...(maxStreak !== undefined && { maxStreak }),
  });
  try {
    for (let i = 0; i < warmups; i++) await launch(store, digest, `warm${i}`, executions);
    const syncs = store.stats().frames;
    const cpu = process.cpuUsage();
    const started = performance.now();
    await launch(store, digest, 'run', executions);
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const nodes = executions * length;
    return {
      nodes,
      ms,
      nodesPerSecond: (nodes / ms) * 1_000,
      cpuMicrosPerNode: (user + system) / nodes,
      syncs: store.stats().frames - syncs,
    };
  } finally {
    await propeller.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Creates the executions in one batch and waits until all have succeeded. */
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
