import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WaitError } from '../../../src/base/index.ts';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  ANNOTATION,
  type Cluster,
  createObject,
  type Execution,
  type KubeObject,
  LABEL,
  newExecution,
  type Pod,
  type Write,
} from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { expr, literal, workflow } from '../../propeller/closures.ts';
import { overHttp } from '../fixtures/over-http.ts';
import {
  endPod,
  isOver,
  keyOf,
  launch,
  NAMESPACE,
  register,
  registerDocuments,
  untilObject,
  untilOver,
  untilPod,
} from './engine-host.ts';

let folder: string;
let store: EmbeddedStore;
const propellers: Propeller[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
});

afterEach(async () => {
  for (const propeller of propellers.splice(0)) await propeller.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const ports = { clock: hostClock, random: hostRandom, log: { write: () => undefined } };

/** One that is alone. */
function startAlone(cluster: Cluster): void {
  propellers.push(startPropeller({ cluster, ...ports }));
}

async function startShard(cluster: Cluster, epoch: number): Promise<Propeller> {
  const propeller = startPropeller({ cluster, ...ports, beginsWith: 'nothing' });
  propellers.push(propeller);
  await propeller.own({ shard: 'shard-0', epoch, owns: () => true });
  return propeller;
}

/** The cluster over its API, one request for each write; `between` runs when this has been made, before what follows it. */
function interrupted(cluster: Cluster, made: string | RegExp, between: () => Promise<void>): Cluster {
  const write: Cluster['write'] = async (writes, options) => {
    const written: KubeObject[] = [];
    for (const each of writes) {
      written.push(...(await cluster.write([each], options)));
      const { name = '' } = each.op === 'create' ? each.object.metadata : {};
      if (typeof made === 'string' ? name === made : made.test(name)) await between();
    }
    return written;
  };
  return { ...cluster, write };
}

function abort(name: string): Promise<unknown> {
  const write: Write = { op: 'patch', key: keyOf('Execution', name), patch: { spec: { desired: 'Aborted' } } };
  return store.write([write]);
}

const isAskedToEnd = ({ metadata }: Pod): boolean => metadata.annotations?.[ANNOTATION.abort] !== undefined;

const each = workflow({ each: { kind: 'map', over: literal([1, 2]), concurrency: 1 } });
const task = workflow(
  { one: { kind: 'task', with: { a: expr('inputs.n') } } },
  { inputs: { n: { type: 'integer' } }, outputs: { end: { type: 'integer', value: expr('nodes.one.outputs.x') } } },
);

describe('an attempt whose start could not be recorded', () => {
  it('is ended with its execution, which is not over before', async () => {
    await register(store, each);
    const cluster = await overHttp(store);
    await startShard(
      interrupted(cluster, 'flow-each-1-1', async () => {
        await abort('flow');
      }),
      1,
    );
    await launch(store, each, 'flow');
    await untilPod(store, 'flow-each-0-1');
    await endPod(store, 'flow-each-0-1', { text: 'x=1' });
    // Its pod is there, and the status that tells of it was refused: the execution has been aborted in between.
    await untilObject<Pod>(store, keyOf('Pod', 'flow-each-1-1'), isAskedToEnd);
    const before = await store.get<Execution>(keyOf('Execution', 'flow'));
    expect(before.status?.phase).toBe('Running');
    expect(before.status?.nodes?.each?.phase).toBe('Running');
    await endPod(store, 'flow-each-1-1', { exitCode: 143, reason: 'Aborted' });
    expect((await untilOver(store, 'flow')).status?.phase).toBe('Aborted');
  });

  it.each([
    ['a shard', startShard],
    ['one that is alone', startAlone],
  ])('is ended by who takes over from a control plane that died then: %s', async (_, start) => {
    await register(store, task);
    const cluster = await overHttp(store);
    const { promise: forLong, resolve: goOn } = Promise.withResolvers<void>();
    await start(
      interrupted(cluster, 'flow-one-1', () => forLong),
      1,
    );
    await launch(store, task, 'flow', { inputs: { n: 1 } });
    await untilPod(store, 'flow-one-1');
    await abort('flow');
    await start(cluster, 2);
    await untilObject<Pod>(store, keyOf('Pod', 'flow-one-1'), isAskedToEnd);
    expect(isOver(await store.get<Execution>(keyOf('Execution', 'flow')))).toBe(false);
    await endPod(store, 'flow-one-1', { exitCode: 143, reason: 'Aborted' });
    expect((await untilOver(store, 'flow')).status?.phase).toBe('Aborted');
    goOn();
  });

  it('is ended when it is a child execution', async () => {
    const digests = await registerDocuments(store, [
      'kind: Workflow\nmetadata: { name: inner }\nspec: { nodes: { wait: { sleep: 1h } } }',
      'kind: LaunchPlan\nmetadata: { name: plan }\nspec: { workflow: inner }',
      'kind: Workflow\nmetadata: { name: outer }\nspec: { nodes: { child: { launchPlan: plan } } }',
    ]);
    const cluster = await overHttp(store);
    await startShard(
      interrupted(cluster, /^plan-/, async () => {
        await abort('flow');
      }),
      1,
    );
    const closure = digests.get('Workflow/outer') ?? '';
    const version = { repository: 'shop', commit: 'a'.repeat(40), workflow: 'outer', closure };
    const trigger = { kind: 'manual' } as const;
    await createObject(store, newExecution({ namespace: NAMESPACE, name: 'flow', ...version, inputs: {}, trigger }));
    expect((await untilOver(store, 'flow')).status?.phase).toBe('Aborted');
    const { items } = await store.list<Execution>('Execution', { labelSelector: `${LABEL.parent}=flow` });
    expect(items.map(({ status }) => status?.phase)).toEqual(['Aborted']);
  });

  it('is ended when it comes to be after another has taken over', async () => {
    await register(store, each);
    const cluster = await overHttp(store);
    await launch(store, each, 'flow');
    await startShard(cluster, 2);
    const { metadata, spec } = await untilPod(store, 'flow-each-0-1');
    await untilObject<Execution>(store, keyOf('Execution', 'flow'), ({ status }) => status?.shard?.epoch === 2);
    const { uid: _, resourceVersion: __, creationTimestamp: ___, generation: ____, ...rest } = metadata;
    const annotations = { ...rest.annotations, [ANNOTATION.mapIndex]: '1' };
    await createObject(store, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...rest, name: 'flow-each-1-1', annotations },
      spec,
    } as Pod);
    await abort('flow');
    await untilObject<Pod>(store, keyOf('Pod', 'flow-each-0-1'), isAskedToEnd);
    await endPod(store, 'flow-each-0-1', { exitCode: 143, reason: 'Aborted' });
    await untilObject<Pod>(store, keyOf('Pod', 'flow-each-1-1'), isAskedToEnd);
    await endPod(store, 'flow-each-1-1', { exitCode: 143, reason: 'Aborted' });
    expect((await untilOver(store, 'flow')).status?.phase).toBe('Aborted');
  });

  it('is looked for once by who takes over, and not for each execution', async () => {
    await register(store, task);
    const cluster = await overHttp(store);
    for (let index = 0; index < 12; index++) await launch(store, task, `flow${index}`, { inputs: { n: 1 } });
    let reads = 0;
    const counted: Cluster = {
      ...cluster,
      list: (...asked) => {
        reads++;
        return cluster.list(...asked);
      },
      get: (key) => {
        if (key.kind !== 'Closure') reads++;
        return cluster.get(key);
      },
    };
    await startShard(counted, 1);
    for (let index = 0; index < 12; index++) {
      await untilPod(store, `flow${index}-one-1`);
      await endPod(store, `flow${index}-one-1`, { text: 'x=4' });
    }
    for (let index = 0; index < 12; index++) await untilOver(store, `flow${index}`);
    // Of pods and executions: those that live, those that are left from before, and those to be followed.
    expect(reads).toBeLessThan(6);
  });

  it('is adopted when its execution goes on', async () => {
    await register(store, task);
    const cluster = await overHttp(store);
    let isLost = false;
    await startShard(
      interrupted(cluster, 'flow-one-1', async () => {
        isLost = true;
        throw new WaitError('the connection was lost', 1);
      }),
      1,
    );
    await launch(store, task, 'flow', { inputs: { n: 1 } });
    await untilPod(store, 'flow-one-1');
    await endPod(store, 'flow-one-1', { text: 'x=4' });
    expect((await untilOver(store, 'flow')).status).toMatchObject({ phase: 'Succeeded', outputs: { end: 4 } });
    expect(isLost).toBe(true);
    const { items } = await store.list<Pod>('Pod', { namespace: NAMESPACE });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['flow-one-1']);
    expect(items.filter(isAskedToEnd)).toEqual([]);
  });
});
