import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  type CacheEntry,
  type Cluster,
  deleteObject,
  type Execution,
  type KubeObject,
  LABEL,
  type Pod,
  patchObject,
} from '../../../src/cluster/index.ts';
import type { TaskClosure, WorkflowClosure } from '../../../src/compiler/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { endPod, keyOf, launch, NAMESPACE, register, untilObject, untilOver, untilPod } from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller;
let ending: AbortController;
let agent: Promise<void> | undefined;
/** Names of the pods that were started, in order. */
let started: string[];

function start(cluster: Cluster = store): void {
  propeller = startPropeller({
    cluster,
    clock: hostClock,
    random: hostRandom,
    log: { write: () => undefined },
  });
}

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  ending = new AbortController();
  started = [];
  agent = undefined;
  start();
});

afterEach(async () => {
  await propeller.stop();
  ending.abort();
  await agent;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ends every pod well: x is a + 1. */
function playAgent(): void {
  agent = (async () => {
    const options = { namespace: NAMESPACE, labelSelector: LABEL.execution, signal: ending.signal };
    for await (const batch of store.watch<Pod>('Pod', options)) {
      for (const event of batch) {
        if (event.type !== 'ADDED') continue;
        const { name, annotations = {} } = event.object.metadata;
        started.push(name);
        const { a } = JSON.parse(annotations[ANNOTATION.inputs] ?? '{}') as { a: number };
        await endPod(store, name, { text: `x=${a + 1}` });
      }
    }
  })();
}

function chain(cache: TaskClosure['cache'], changes: Partial<TaskClosure> = {}): WorkflowClosure {
  const task = { ...(cache && { cache }), ...changes };
  return workflow(
    {
      one: { kind: 'task', with: { a: expr('inputs.n') }, task },
      sum: { kind: 'compute', values: { x: expr('nodes.one.outputs.x * 10') }, needs: ['one'] },
      two: { kind: 'task', with: { a: expr('nodes.sum.outputs.x') }, task, needs: ['sum'] },
    },
    { inputs: { n: { type: 'integer' } }, outputs: { end: { type: 'integer', value: expr('nodes.two.outputs.x') } } },
  );
}

async function run(closure: WorkflowClosure, name: string, changes = {}): Promise<Execution> {
  await launch(store, closure, name, { inputs: { n: 1 }, ...changes });
  return untilOver(store, name);
}

const entries = async () => (await store.list<CacheEntry>('CacheEntry', { namespace: NAMESPACE })).items;
const phases = ({ status }: Execution) =>
  Object.fromEntries(Object.entries(status?.nodes ?? {}).map(([id, { phase }]) => [id, phase]));

describe('a cached task', () => {
  it('runs once for all executions, and says whose its outputs are', async () => {
    const closure = chain({ serialize: false });
    await register(store, closure);
    playAgent();
    const first = await run(closure, 'first');
    expect(phases(first)).toEqual({ one: 'Succeeded', sum: 'Succeeded', two: 'Succeeded' });
    const kept = await entries();
    expect(kept.map(({ spec }) => spec.outputs).sort()).toEqual(['{"x":21}', '{"x":2}']);
    expect(kept[0]?.spec).toMatchObject({ task: 'work', madeBy: { execution: 'first' } });

    const second = await run(closure, 'second');
    expect(phases(second)).toEqual({ one: 'Cached', sum: 'Succeeded', two: 'Cached' });
    expect(second.status?.outputs).toEqual(first.status?.outputs);
    expect(second.status?.nodes?.one).toMatchObject({ outputs: { x: 2 }, reused: { execution: 'first', node: 'one' } });
    expect(started).toEqual(['first-one-1', 'first-two-1']);
    expect(phases(await run(closure, 'third', { inputs: { n: 2 } }))).toMatchObject({ one: 'Succeeded' });
  });

  it('is run again with other inputs, another source, no outputs, when told so, or when its entry is too old', async () => {
    playAgent();
    const source = (digit: string) => ({ source: { path: 'tasks', tree: digit.repeat(40) } });
    const cache = { serialize: false };
    const rows: [WorkflowClosure, object, boolean][] = [
      [chain(cache, source('a')), {}, false],
      [chain(cache, source('a')), {}, true],
      [chain(cache, source('b')), {}, false],
      [
        chain(cache, { ...source('b'), retries: { limit: 9, backoff: { initialMs: 1, factor: 1, maxMs: 1 } } }),
        {},
        true,
      ],
      [chain(cache, source('b')), { cache: 'off' }, false],
      [chain(cache, source('b')), { cache: 'overwrite' }, false],
      [chain({ ...cache, ttlMs: 1 }, source('b')), {}, false],
      [chain({ ...cache, ttlMs: 1 }, source('b')), {}, false],
      [chain(undefined, source('b')), {}, false],
    ];
    for (const [at, [closure, changes, isCached]] of rows.entries()) {
      await register(store, closure).catch(() => undefined);
      const ended = await run(closure, `row-${at}`, changes);
      expect([at, phases(ended).one]).toEqual([at, isCached ? 'Cached' : 'Succeeded']);
    }
  });

  it.each([false, true])('keeps nothing of what failed, nor where it is off (serialize: %s)', async (serialize) => {
    const closure = chain({ serialize });
    await register(store, closure);
    await launch(store, closure, 'first', { inputs: { n: 1 } });
    await untilPod(store, 'first-one-1');
    await endPod(store, 'first-one-1', { exitCode: 1 });
    await untilOver(store, 'first');
    playAgent();
    await run(closure, 'second', { cache: 'off' });
    expect((await entries()).filter(({ spec }) => spec.outputs !== undefined)).toEqual([]);
    await run(closure, 'third', { cache: 'overwrite' });
    await run(closure, 'fourth', { cache: 'overwrite' });
    expect((await entries()).map(({ spec }) => [spec.madeBy?.execution, spec.reservation])).toEqual([
      ['fourth', undefined],
      ['fourth', undefined],
    ]);
  });

  it('fills an entry that was damaged or deleted meanwhile', async () => {
    const closure = chain({ serialize: true });
    await register(store, closure);
    playAgent();
    await run(closure, 'first');
    for (const { metadata, spec } of await entries()) {
      const key = { kind: 'CacheEntry', namespace: NAMESPACE, name: metadata.name };
      if (spec.outputs === '{"x":2}') await patchObject(store, key, { spec: { outputs: '{"x":"two"}' } });
      else await deleteObject(store, key);
    }
    expect(phases(await run(closure, 'second'))).toMatchObject({ one: 'Succeeded', two: 'Succeeded' });
    expect(phases(await run(closure, 'third'))).toMatchObject({ one: 'Cached', two: 'Cached' });
  });

  it('may end twice at once, and has one entry', async () => {
    const task = { cache: { serialize: false } };
    const twins = workflow({
      one: { kind: 'task', with: { a: literal(1) }, task },
      two: { kind: 'task', with: { a: literal(1) }, task },
    });
    await register(store, twins);
    await launch(store, twins, 'twins');
    const pods = await Promise.all(['twins-one-1', 'twins-two-1'].map((name) => untilPod(store, name)));
    await Promise.all(pods.map(({ metadata }) => endPod(store, metadata.name, { text: 'x=2' })));
    expect(phases(await untilOver(store, 'twins'))).toEqual({ one: 'Succeeded', two: 'Succeeded' });
    expect(await entries()).toHaveLength(1);
  });

  it('ignores what it is told to', async () => {
    const ignoring = workflow(
      {
        one: {
          kind: 'task',
          with: { a: expr('inputs.n') },
          task: { cache: { serialize: false, ignoreInputs: ['a'] } },
        },
      },
      { inputs: { n: { type: 'integer' } } },
    );
    await register(store, ignoring);
    playAgent();
    await run(ignoring, 'first');
    expect((await run(ignoring, 'second', { inputs: { n: 7 } })).status?.nodes?.one).toMatchObject({
      phase: 'Cached',
      outputs: { x: 2 },
    });
  });
});

describe('a serialized cache', () => {
  const alone = workflow({ one: { kind: 'task', with: { a: literal(1) }, task: { cache: { serialize: true } } } });
  const waits = ({ status }: Execution) => status?.nodes?.one?.message !== undefined;

  async function holdAndWait(): Promise<void> {
    await register(store, alone);
    await launch(store, alone, 'holder');
    await untilPod(store, 'holder-one-1');
    await launch(store, alone, 'waiter');
    const waiting = await untilObject<Execution>(store, keyOf('Execution', 'waiter'), waits);
    expect(waiting.status?.nodes?.one).toMatchObject({
      phase: 'Queued',
      message: 'waits for node "one" of execution holder to fill the cache',
    });
  }

  it('lets one compute, and gives its outputs to those who waited', async () => {
    await holdAndWait();
    await launch(store, alone, 'another');
    await untilObject<Execution>(store, keyOf('Execution', 'another'), waits);
    await endPod(store, 'holder-one-1', { text: 'x=5' });
    for (const name of ['waiter', 'another']) {
      const { status } = await untilOver(store, name);
      expect(status).toMatchObject({ phase: 'Succeeded', nodes: { one: { phase: 'Cached', outputs: { x: 5 } } } });
      expect(status?.nodes?.one?.message).toBeUndefined();
    }
    expect((await store.list('Pod', { namespace: NAMESPACE })).items).toHaveLength(1);
    expect((await entries()).map(({ spec }) => [spec.outputs, spec.reservation])).toEqual([['{"x":5}', undefined]]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['fails', () => endPod(store, 'holder-one-1', { exitCode: 1 })],
    [
      'is aborted',
      async () => {
        await patchObject(store, keyOf('Execution', 'holder'), { spec: { desired: 'Aborted' } });
        await untilPod(store, 'holder-one-1', ({ metadata }) => metadata.annotations?.[ANNOTATION.abort] !== undefined);
        await endPod(store, 'holder-one-1', { exitCode: 143, reason: 'Aborted' });
      },
    ],
  ])('passes on when the holder %s', async (_, end) => {
    await holdAndWait();
    await end();
    await untilPod(store, 'waiter-one-1');
    await endPod(store, 'waiter-one-1', { text: 'x=6' });
    expect((await untilOver(store, 'waiter')).status?.nodes?.one).toMatchObject({ phase: 'Succeeded' });
    expect((await entries())[0]?.spec).toMatchObject({ outputs: '{"x":6}', madeBy: { execution: 'waiter' } });
  });

  it('goes on from a batch of which a cluster without transactions wrote only the first part', async () => {
    await propeller.stop();
    let isCut = false;
    const inParts: Cluster = {
      get: (key) => store.get(key),
      list: (kind, options) => store.list(kind, options),
      watch: (kind, options) => store.watch(kind, options),
      podLogs: (key, options) => store.podLogs(key, options),
      async write(writes, options) {
        const written: KubeObject[] = [];
        for (const write of writes) {
          // As far away as a server is: no two reservations are made in one millisecond.
          await setTimeout(3);
          if (!isCut && write.op === 'patchStatus' && written.some(({ kind }) => kind === 'Pod')) {
            isCut = true;
            throw new WaitError('the connection was reset', 0);
          }
          written.push(...(await store.write([write], { ...options, discard: false })));
        }
        return written;
      },
    };
    start(inParts);
    await register(store, alone);
    await launch(store, alone, 'holder');
    await untilObject<Execution>(
      store,
      keyOf('Execution', 'holder'),
      ({ status }) => status?.nodes?.one?.attempt === 1,
    );
    expect(isCut).toBe(true);
    await endPod(store, 'holder-one-1', { text: 'x=5' });
    expect((await untilOver(store, 'holder')).status?.nodes?.one).toMatchObject({ phase: 'Succeeded', attempt: 1 });
  });

  it('survives a new engine on both sides', async () => {
    await holdAndWait();
    await propeller.stop();
    start();
    await untilObject<Execution>(store, keyOf('Execution', 'waiter'), waits);
    await endPod(store, 'holder-one-1', { text: 'x=5' });
    expect((await untilOver(store, 'waiter')).status?.nodes?.one).toMatchObject({ phase: 'Cached', outputs: { x: 5 } });
  });

  it('has two nodes of one execution compute once', async () => {
    const task = { cache: { serialize: true } };
    const twins = workflow({
      one: { kind: 'task', with: { a: literal(1) }, task },
      two: { kind: 'task', with: { a: literal(1) }, task },
    });
    await register(store, twins);
    playAgent();
    const ended = await run(twins, 'twins', { inputs: {} });
    expect(Object.values(phases(ended)).sort()).toEqual(['Cached', 'Succeeded']);
    expect(started).toHaveLength(1);
  });

  it('ends a wait that is aborted', async () => {
    await holdAndWait();
    await patchObject(store, keyOf('Execution', 'waiter'), { spec: { desired: 'Aborted' } });
    expect((await untilOver(store, 'waiter')).status).toMatchObject({
      phase: 'Aborted',
      nodes: { one: { phase: 'Aborted' } },
    });
  });
});
