import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import {
  type Cluster,
  createObject,
  deleteObject,
  type Execution,
  type Notification,
  type NotificationRule,
  newExecution,
  patchObject,
  type Write,
} from '../../../src/cluster/index.ts';
import { type Propeller, startPropeller } from '../../../src/control/propeller/index.ts';
import { hostClock, hostRandom } from '../../../src/main/host.ts';
import { openStore, temporaryFolder } from '../../cluster/embedded/open-store.ts';
import { endPod, keyOf, NAMESPACE, registerDocuments, untilObject, untilOver, untilPod } from './engine-host.ts';

/** What the engine puts into the outbox, on a real store. */

const SECRET = '{ secret: { name: alerts, key: url } }';
const DOCUMENTS = [
  'kind: Task\nmetadata: { name: work }\nspec: { run: { command: [work] } }',
  `kind: Workflow
metadata: { name: told }
spec:
  nodes:
    ask: { approve: { message: "Go on with it?" } }
    work: { task: work, needs: [ask] }
  notifications:
    - { on: [WaitingForApproval, Succeeded], slack: { url: ${SECRET} } }
    - { on: [Failed], slack: { url: ${SECRET} } }`,
  'kind: Workflow\nmetadata: { name: quiet }\nspec: { nodes: { inner: { workflow: told } } }',
  `kind: LaunchPlan\nmetadata: { name: plan }\nspec: { workflow: told, notifications: [{ on: [Succeeded], slack: { url: ${SECRET} } }] }`,
  'kind: Workflow\nmetadata: { name: parent }\nspec: { nodes: { child: { launchPlan: plan } } }',
];
const RULE: NotificationRule = {
  on: ['Failed', 'Aborted', 'Succeeded'],
  slack: { url: { secret: { name: 'alerts', key: 'url' } } },
};

let folder: string;
let store: EmbeddedStore;
let propeller: Propeller | undefined;
let digests: ReadonlyMap<string, string>;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStore(folder);
  digests = await registerDocuments(store, DOCUMENTS);
});

afterEach(async () => {
  await propeller?.stop();
  propeller = undefined;
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function start(cluster: Cluster = store): void {
  propeller = startPropeller({ cluster, clock: hostClock, random: hostRandom, log: { write: () => undefined } });
}

async function launch(name: string, workflow: string, changes: Partial<Parameters<typeof newExecution>[0]> = {}) {
  const object = newExecution({
    namespace: NAMESPACE,
    name,
    repository: 'shop',
    commit: 'a'.repeat(40),
    workflow,
    closure: digests.get(`Workflow/${workflow}`) ?? 'f'.repeat(64),
    inputs: {},
    trigger: { kind: 'manual' },
    ...changes,
  });
  await createObject(store, object);
}

function answer(name: string, path: string): Promise<Execution> {
  return patchObject<Execution>(store, keyOf('Execution', name), {
    spec: { signals: { [path]: { decision: 'approve' } } },
  });
}

const isWaiting = (path: string) => (it: Execution) => it.status?.nodes?.[path]?.wait !== undefined;

async function outbox(): Promise<readonly Notification['spec'][]> {
  const { items } = await store.list<Notification>('Notification', { namespace: NAMESPACE });
  return items.map(({ spec }) => spec).sort((a, b) => (a.at < b.at ? -1 : 1));
}

describe('the outbox', () => {
  it('gets what the workflow and the launch plan ask for, when it happens', async () => {
    start();
    await launch('one', 'told', { launchPlan: 'plan', notifications: [RULE] });
    await untilObject<Execution>(store, keyOf('Execution', 'one'), isWaiting('ask'));
    expect(await outbox()).toMatchObject([
      { event: 'WaitingForApproval', execution: 'one', node: 'ask', message: 'Go on with it?', workflow: 'told' },
    ]);
    await answer('one', 'ask');
    await untilPod(store, 'one-work-1');
    await endPod(store, 'one-work-1', {});
    const { status, metadata } = await untilOver(store, 'one');
    const ended = { event: 'Succeeded', at: status?.finishedAt, startedAt: status?.startedAt, uid: metadata.uid };
    expect((await outbox()).slice(1)).toMatchObject([ended, { ...ended, launchPlan: 'plan' }]);
  });

  it('says why an execution failed', async () => {
    start();
    await launch('two', 'told', { notifications: [RULE] });
    await answer('two', 'ask');
    await untilPod(store, 'two-work-1');
    await endPod(store, 'two-work-1', { exitCode: 3 });
    await untilOver(store, 'two');
    const error = { node: 'work', exitCode: 3 };
    const failures = (await outbox()).filter(({ event }) => event === 'Failed');
    expect(failures).toMatchObject([{ error }, { error }]);
  });

  it('gets nothing of a workflow that runs inline, and of a child what its launch plan says', async () => {
    start();
    await launch('inline', 'quiet');
    await untilObject<Execution>(store, keyOf('Execution', 'inline'), isWaiting('inner/ask'));
    expect(await outbox()).toEqual([]);
    await launch('family', 'parent');
    const parent = await untilObject<Execution>(
      store,
      keyOf('Execution', 'family'),
      (it) => it.status?.nodes?.child?.child !== undefined,
    );
    const name = parent.status?.nodes?.child?.child?.name ?? '';
    await answer(name, 'ask');
    await untilPod(store, `${name}-work-1`);
    await endPod(store, `${name}-work-1`, {});
    await untilOver(store, 'family');
    const told = (await outbox()).filter(({ event }) => event === 'Succeeded');
    expect(told.map(({ execution }) => execution)).toEqual([name, name]);
  });

  it('gets the end of an execution that cannot be run', async () => {
    start();
    await launch('lost', 'gone', { notifications: [RULE] });
    await untilOver(store, 'lost');
    expect(await outbox()).toMatchObject([{ event: 'Failed', execution: 'lost', error: { reason: 'ClosureMissing' } }]);
  });

  it('is written in the batch of the status that it is about', async () => {
    const batches: (readonly Write[])[] = [];
    start({
      ...bound(store),
      write: (writes, options) => {
        batches.push(writes);
        return store.write(writes, options);
      },
    });
    await launch('three', 'told', { notifications: [RULE] });
    await untilObject<Execution>(store, keyOf('Execution', 'three'), isWaiting('ask'));
    await patchObject(store, keyOf('Execution', 'three'), { spec: { desired: 'Aborted' } });
    await untilOver(store, 'three');
    const telling = batches.filter((batch) => batch.some(isNotification));
    expect(telling).toHaveLength(2);
    for (const batch of telling) expect(batch.at(-1)?.op).toBe('patchStatus');
    expect(await outbox()).toMatchObject([{ event: 'WaitingForApproval' }, { event: 'Aborted' }]);
  });

  it('holds no second entry for what a crash between two writes has left', async () => {
    await launch('four', 'told', { notifications: [RULE] });
    start();
    await untilObject<Execution>(store, keyOf('Execution', 'four'), isWaiting('ask'));
    await propeller?.stop();
    // As on a cluster without transactions: the entry is there, the status is not.
    await store.write([
      { op: 'patchStatus', key: keyOf('Execution', 'four'), patch: { nodes: { ask: null }, parked: null } },
    ]);
    start();
    await untilObject<Execution>(store, keyOf('Execution', 'four'), isWaiting('ask'));
    expect(await outbox()).toMatchObject([{ event: 'WaitingForApproval' }]);
  });

  it('keeps an entry whose execution is deleted', async () => {
    start();
    await launch('five', 'told');
    await untilObject<Execution>(store, keyOf('Execution', 'five'), isWaiting('ask'));
    await deleteObject(store, keyOf('Execution', 'five'));
    expect(await outbox()).toMatchObject([{ execution: 'five' }]);
  });
});

function isNotification(write: Write): boolean {
  return write.op === 'create' && write.object.kind === 'Notification';
}

function bound(cluster: Cluster): Cluster {
  return {
    get: (key) => cluster.get(key),
    list: (kind, options) => cluster.list(kind, options),
    watch: (kind, options) => cluster.watch(kind, options),
    write: (writes, options) => cluster.write(writes, options),
    podLogs: (key, options) => cluster.podLogs(key, options),
  };
}
