import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ConflictError, WaitError } from '../../../src/base/index.ts';
import { ANNOTATION, type Cluster, type Execution, LABEL, type Pod } from '../../../src/cluster/index.ts';
import { startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { endPod, execution, NAMESPACE, register, untilOver } from './engine-host.ts';

const closure = workflow(
  {
    start: { kind: 'compute', values: { x: literal(1) } },
    one: { kind: 'task', with: { a: expr('nodes.start.outputs.x') }, needs: ['start'] },
    each: { kind: 'map', over: literal([1, 2, 3]), concurrency: 2, needs: ['one'] },
    two: { kind: 'task', with: { a: expr('nodes.each.outputs.x[2]') }, needs: ['each'] },
  },
  { outputs: { end: { type: 'integer', value: expr('nodes.two.outputs.x') } } },
);

/** The store, whose writes now and then fail: refused, or carried out although the caller hears of a failure. */
function faulty(store: Cluster): { readonly cluster: Cluster; readonly faults: () => number } {
  let calls = 0;
  let faults = 0;
  const write: Cluster['write'] = async (writes, options) => {
    const turn = calls++ % 7;
    if (turn === 2) {
      faults++;
      throw new WaitError('connection lost before the write', 1);
    }
    if (turn === 5) {
      faults++;
      throw new ConflictError('lost a race');
    }
    const written = await store.write(writes, options);
    if (turn === 4) {
      faults++;
      throw new WaitError('connection lost after the write', 1);
    }
    return written;
  };
  return { cluster: { ...store, write }, faults: () => faults };
}

/** Ends every pod well, once, and counts the pods of each attempt's name. */
async function playAgent(store: Cluster, signal: AbortSignal, seen: Map<string, number>): Promise<void> {
  for await (const batch of store.watch<Pod>('Pod', { namespace: NAMESPACE, labelSelector: LABEL.execution, signal })) {
    for (const event of batch) {
      if (event.type !== 'ADDED') continue;
      const { name, annotations = {} } = event.object.metadata;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      const { a } = JSON.parse(annotations[ANNOTATION.inputs] ?? '{}') as { a: number };
      await endPod(store, name, { text: `x=${a + 1}` });
    }
  }
}

it('writes that fail, also those that did happen, lose nothing and start no attempt twice', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  const ending = new AbortController();
  const { cluster, faults } = faulty(store);
  const seen = new Map<string, number>();
  const agent = playAgent(store, ending.signal, seen);
  const log = { write: () => undefined };
  const propeller = startPropeller({ cluster, clock: hostClock, random: hostRandom, log, workers: 4, maxStreak: 1 });
  try {
    await register(store, closure);
    const names = Array.from({ length: 20 }, (_, i) => `flow-${i}`);
    await store.write(names.map((name) => ({ op: 'create', object: execution(closure, name) })));
    const ended: Execution[] = await Promise.all(names.map((name) => untilOver(store, name)));
    for (const { status } of ended) {
      expect(status).toMatchObject({ phase: 'Succeeded', outputs: { end: 5 } });
      for (const node of Object.values(status?.nodes ?? {})) expect(node.attempt ?? 1).toBe(1);
    }
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(seen.size).toBe(20 * 5);
    expect(faults()).toBeGreaterThan(20);
  } finally {
    await propeller.stop();
    ending.abort();
    await agent;
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
