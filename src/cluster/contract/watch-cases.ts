import assert from 'node:assert/strict';
import { ExpiredError } from '../errors.ts';
import { type ContractCase, create, describe, seen, watchUntil, workflow, workflowKey } from './context.ts';

/** Until a watch has begun, which a network may hold up for seconds. */
const MAX_WRITES = 400;
const WRITE_PAUSE_MS = 20;

/** Watches: nothing missed, nothing before it is durable, 410 where something would be missed. */
export const watchCases: readonly ContractCase[] = [
  {
    name: 'a watch from a list sees each later creation, change and deletion, and nothing before',
    async run(context) {
      const { cluster, namespace } = context;
      await create(context, workflow(context, 'before'));
      const { resourceVersion } = await cluster.list('Workflow', { namespace });
      const key = workflowKey(context, 'a');
      const events = await watchUntil(
        context,
        'Workflow',
        { resourceVersion },
        async () => {
          await create(context, workflow(context, 'a'));
          await create(context, workflow(context, 'b'));
          await cluster.write([{ op: 'delete', key: workflowKey(context, 'before') }]);
          await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Ready' } }]);
        },
        (events) => events.some(({ object }) => (object.status as { phase?: string } | undefined)?.phase === 'Ready'),
      );
      assert.equal(events.find(({ object }) => object.metadata.name === 'a')?.type, 'ADDED', describe(events));
      assert.ok(seen('ADDED', 'b')(events), describe(events));
      assert.ok(seen('DELETED', 'before')(events), describe(events));
    },
  },
  {
    name: 'a watch without a version sees what is written after the call',
    async run(context) {
      await create(context, workflow(context, 'before'));
      let isSeen = false;
      const events = await watchUntil(
        context,
        'Workflow',
        {},
        // Over a network the watch may begin a moment after the call, or be refused at first: write until it has seen one.
        async () => {
          for (let i = 0; !isSeen && i < MAX_WRITES; i++) {
            await create(context, workflow(context, `after-${i}`));
            await new Promise((resolve) => setTimeout(resolve, WRITE_PAUSE_MS));
          }
        },
        (changes) => {
          isSeen = changes.some(({ type, object }) => type === 'ADDED' && object.metadata.name.startsWith('after-'));
          return isSeen;
        },
      );
      for (const { type, object } of events) assert.ok(type === 'ADDED' || object.metadata.name === 'before');
    },
  },
  {
    name: 'a watch resumed from the version of an event repeats nothing and misses nothing',
    async run(context) {
      const { cluster, namespace } = context;
      const { resourceVersion } = await cluster.list('Workflow', { namespace });
      const names = Array.from({ length: 6 }, (_, i) => `w${i}`);
      for (const name of names) await create(context, workflow(context, name));
      const first = await watchUntil(
        context,
        'Workflow',
        { resourceVersion },
        async () => undefined,
        seen('ADDED', 'w2'),
      );
      const cut = first.findIndex(({ object }) => object.metadata.name === 'w2');
      const from = first[cut]!.object.metadata.resourceVersion!;
      const rest = await watchUntil(
        context,
        'Workflow',
        { resourceVersion: from },
        async () => undefined,
        seen('ADDED', 'w5'),
      );
      assert.deepEqual(
        rest.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['ADDED w3', 'ADDED w4', 'ADDED w5'],
      );
    },
  },
  {
    name: 'events of one object come in the order of its versions, and the last is its newest state',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const { metadata } = await create(context, workflow(context, 'a'));
      const isLast = (value: unknown): boolean => (value as { n?: number } | undefined)?.n === 19;
      const events = await watchUntil(
        context,
        'Workflow',
        { resourceVersion: metadata.resourceVersion! },
        async () => {
          for (let n = 0; n < 20; n++) await cluster.write([{ op: 'patchStatus', key, patch: { n } }]);
        },
        (events) => events.some(({ object }) => isLast(object.status)),
      );
      const values = events.map(({ object }) => (object.status as { n: number }).n);
      assert.deepEqual(
        values,
        [...values].sort((a, b) => a - b),
      );
      assert.deepEqual(await cluster.get(key), events.at(-1)!.object);
    },
  },
  {
    name: 'what a watch has shown, get shows too',
    async run(context) {
      const { cluster, namespace } = context;
      const { resourceVersion } = await cluster.list('Workflow', { namespace });
      const events = await watchUntil(
        context,
        'Workflow',
        { resourceVersion },
        () => create(context, workflow(context, 'a')),
        seen('ADDED', 'a'),
      );
      assert.deepEqual(await cluster.get(workflowKey(context, 'a')), events[0]!.object);
    },
  },
  {
    name: 'a label selector turns leaving into DELETED and coming into ADDED',
    async run(context) {
      const { cluster } = context;
      const label = (name: string, team: string | null) =>
        cluster.write([{ op: 'patch', key: workflowKey(context, name), patch: { metadata: { labels: { team } } } }]);
      await create(context, workflow(context, 'a', {}, { team: 'x' }));
      const last = await create(context, workflow(context, 'b'));
      const events = await watchUntil(
        context,
        'Workflow',
        { resourceVersion: last.metadata.resourceVersion!, labelSelector: 'team=x' },
        async () => {
          await create(context, workflow(context, 'stranger', {}, { team: 'y' }));
          await label('a', 'y');
          await label('b', 'x');
        },
        seen('ADDED', 'b'),
      );
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name}`),
        ['DELETED a', 'ADDED b'],
      );
    },
  },
  {
    name: 'a watch by name tells nothing of others that changed between the list and the watch',
    async run(context) {
      const { cluster } = context;
      const keyOf = (name: string) => workflowKey(context, name);
      for (const name of ['mine', 'other']) await create(context, workflow(context, name));
      const { resourceVersion } = await cluster.list('Workflow', { namespace: context.namespace });
      await cluster.write([{ op: 'patchStatus', key: keyOf('other'), patch: { phase: 'Changed' } }]);
      const events = await watchUntil(
        context,
        'Workflow',
        { resourceVersion, fieldSelector: 'metadata.name=mine' },
        () => cluster.write([{ op: 'patchStatus', key: keyOf('mine'), patch: { phase: 'Ready' } }]),
        (events) => events.some(({ object }) => object.metadata.name === 'mine'),
      );
      assert.deepEqual([...new Set(events.map(({ object }) => object.metadata.name))], ['mine'], describe(events));
    },
  },
  {
    name: 'a watch that leaves out status changes still sees changes of spec',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const { metadata } = await create(context, workflow(context, 'a'));
      await watchUntil(
        context,
        'Workflow',
        { resourceVersion: metadata.resourceVersion!, ignoreStatusChanges: true },
        async () => {
          await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Running' } }]);
          await cluster.write([{ op: 'patch', key, patch: { spec: { nodes: 7 } } }]);
        },
        (events) => events.some(({ object }) => (object.spec as { nodes: number }).nodes === 7),
      );
    },
  },
  {
    name: 'a watch ends without an error when its signal aborts',
    async run(context) {
      const abort = new AbortController();
      const { namespace } = context;
      const watch = context.cluster.watch('Workflow', { namespace, signal: abort.signal });
      setImmediate(() => abort.abort());
      for await (const batch of watch) assert.deepEqual(batch, []);
    },
  },
  {
    name: 'a watch from a version that is forgotten is ExpiredError',
    async run(context) {
      if (context.expiredVersion === undefined) return;
      const resourceVersion = await context.expiredVersion('Workflow');
      await assert.rejects(
        watchUntil(
          context,
          'Workflow',
          { resourceVersion },
          async () => undefined,
          () => false,
        ),
        ExpiredError,
      );
    },
  },
];
