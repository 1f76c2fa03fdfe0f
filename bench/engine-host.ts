import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, digestOf, type Json } from '../src/base/index.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../src/cluster/adapters/embedded/index.ts';
import { type Execution, newExecution } from '../src/cluster/index.ts';
import type { WorkflowClosure } from '../src/compiler/index.ts';
import { encodeClosure } from '../src/control/closures/index.ts';
import { type Propeller, startPropeller } from '../src/control/propeller/index.ts';
import { tuneHeap } from '../src/main/heap.ts';
import { hostClock, hostRandom } from '../src/main/host.ts';

/** What one launch cost. CPU is this process's, all threads, user and system. */
export interface Launched {
  readonly ms: number;
  readonly cpuMicros: number;
  /** Frames of the log: each is one sync of the disk. */
  readonly syncs: number;
  /** Text of all that was written. */
  readonly writtenBytes: number;
  /** Node transitions that the engine made. */
  readonly transitions: number;
}

/** Store and propeller of a control plane, with some workflows. */
export interface EngineHost {
  readonly store: EmbeddedStore;
  readonly propeller: Propeller;
  /** From the creation of `count` executions in one batch until the last one's end is durable. */
  launch(workflow: WorkflowClosure, count: number, inputs?: Readonly<Record<string, Json>>): Promise<Launched>;
  close(): Promise<void>;
}

export const NAMESPACE = 'bench-production';

export interface EngineHostOptions {
  /** 1: each node's result is durable before the next one starts. Infinity fuses a chain into one write. */
  readonly maxStreak: number;
  /** Fills the store before the propeller starts. */
  readonly prepare?: (store: EmbeddedStore) => Promise<void>;
}

export async function openEngineHost(
  workflows: readonly WorkflowClosure[],
  { maxStreak, prepare }: EngineHostOptions,
): Promise<EngineHost> {
  tuneHeap();
  const folder = mkdtempSync(join(tmpdir(), 'pipectl-bench-engine-'));
  const base = { clock: hostClock, random: hostRandom, log: { write: () => {} } };
  const store = await openEmbeddedStore({ ...base, folder });
  const digests = new Map<WorkflowClosure, string>();
  for (const closure of workflows) digests.set(closure, await register(store, closure));
  await prepare?.(store);
  const propeller = startPropeller({ ...base, cluster: store, maxStreak });
  const ends = watchEnds(store);
  let launches = 0;
  return {
    store,
    propeller,
    async launch(workflow, count, inputs = { n: 0 }) {
      const prefix = `run${launches++}`;
      const executions = Array.from({ length: count }, (_, i) =>
        executionOf(digests.get(workflow) ?? '', `${prefix}-${i}`, inputs),
      );
      const before = { store: store.stats(), transitions: propeller.stats().transitions };
      const cpu = process.cpuUsage();
      const started = performance.now();
      const ended = ends.expect(executions.map(({ metadata }) => metadata.name));
      await store.write(
        executions.map((object) => ({ op: 'create', object })),
        { discard: true },
      );
      await ended;
      const ms = performance.now() - started;
      const { user, system } = process.cpuUsage(cpu);
      const after = store.stats();
      return {
        ms,
        cpuMicros: user + system,
        syncs: after.frames - before.store.frames,
        writtenBytes: after.writtenBytes - before.store.writtenBytes,
        transitions: propeller.stats().transitions - before.transitions,
      };
    },
    async close() {
      ends.stop();
      await propeller.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Writes a closure and answers its digest. */
export async function register(store: Pick<EmbeddedStore, 'write'>, closure: WorkflowClosure): Promise<string> {
  const json = closure as unknown as Json;
  const digest = digestOf(json);
  const objects = encodeClosure({ of: 'Workflow', name: closure.name, digest, text: canonicalJson(json) });
  await store.write(objects.map((object) => ({ op: 'create', object })));
  return digest;
}

/** Tells when executions have ended. */
interface Ends {
  expect(names: readonly string[]): Promise<void>;
  stop(): void;
}

/** Who sees every status makes the store copy it each time; who waits for the end does not. One watch serves all launches. */
function watchEnds(store: EmbeddedStore): Ends {
  const ending = new AbortController();
  const fieldSelector = 'status.phase!=Running';
  const watch = store.watch<Execution>('Execution', { namespace: NAMESPACE, fieldSelector, signal: ending.signal });
  let left = new Set<string>();
  let done: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  const follow = async (): Promise<void> => {
    for await (const batch of watch) {
      for (const event of batch) {
        if (event.type === 'BOOKMARK' || event.type === 'DELETED') continue;
        const { metadata, status } = event.object;
        if (status?.phase === 'Failed') done?.reject(new Error(`${metadata.name} failed: ${status.error?.message}`));
        if (status?.phase === 'Succeeded' && left.delete(metadata.name) && left.size === 0) done?.resolve();
      }
    }
  };
  follow().catch((error: Error) => done?.reject(error));
  return {
    expect(names) {
      left = new Set(names);
      return new Promise((resolve, reject) => {
        done = { resolve, reject };
      });
    },
    stop: () => ending.abort(),
  };
}

export function executionOf(closure: string, name: string, inputs: Readonly<Record<string, Json>>): Execution {
  return newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'bench',
    commit: 'a'.repeat(40),
    workflow: 'bench',
    closure,
    inputs,
    trigger: { kind: 'manual' },
  });
}
