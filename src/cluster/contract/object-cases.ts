import assert from 'node:assert/strict';
import { ConflictError } from '../../base/index.ts';
import { AlreadyExistsError, InvalidError, NotFoundError } from '../errors.ts';
import { type ContractCase, create, execution, workflow, workflowKey } from './context.ts';

/** A parameter of an interface. */
const A_TYPE = { type: 'integer' };

/** One object: its life, its versions, who may change what. */
export const objectCases: readonly ContractCase[] = [
  {
    name: 'create answers with uid, version, generation 1 and creation time, and get answers the same',
    async run(context) {
      const created = await create(context, workflow(context, 'a'));
      const { metadata } = created;
      assert.match(metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.ok(metadata.resourceVersion);
      assert.equal(metadata.generation, 1);
      assert.match(metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
      assert.deepEqual(await context.cluster.get(workflowKey(context, 'a')), created);
    },
  },
  {
    name: 'create of a taken name is AlreadyExistsError and changes nothing',
    async run(context) {
      const created = await create(context, workflow(context, 'a'));
      await assert.rejects(create(context, workflow(context, 'a', { nodes: 2 })), AlreadyExistsError);
      assert.deepEqual(await context.cluster.get(workflowKey(context, 'a')), created);
    },
  },
  {
    name: 'a status given to create is not taken',
    async run(context) {
      const created = await create(context, { ...workflow(context, 'a'), status: { phase: 'Ready' } });
      assert.equal(created.status, undefined);
    },
  },
  {
    name: 'get, patch, patchStatus and delete of a missing object are NotFoundError',
    async run(context) {
      const key = workflowKey(context, 'missing');
      const { cluster } = context;
      await assert.rejects(cluster.get(key), NotFoundError);
      await assert.rejects(cluster.write([{ op: 'patch', key, patch: { spec: { nodes: 2 } } }]), NotFoundError);
      await assert.rejects(cluster.write([{ op: 'patchStatus', key, patch: { phase: 'x' } }]), NotFoundError);
      await assert.rejects(cluster.write([{ op: 'delete', key }]), NotFoundError);
    },
  },
  {
    name: 'update replaces spec, raises generation and version, and keeps status and uid',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const created = await create(context, workflow(context, 'a', { nodes: 1, extra: true }));
      await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Ready' } }]);
      const read = await cluster.get(key);
      const [updated] = await cluster.write([{ op: 'update', object: { ...read, spec: { nodes: 2 }, status: {} } }]);
      assert.deepEqual(updated?.spec, { nodes: 2 });
      assert.deepEqual(updated?.status, { phase: 'Ready' });
      assert.equal(updated?.metadata.uid, created.metadata.uid);
      assert.equal(updated?.metadata.generation, 2);
      assert.notEqual(updated?.metadata.resourceVersion, read.metadata.resourceVersion);
    },
  },
  {
    name: 'update of an old version is ConflictError',
    async run(context) {
      const { cluster } = context;
      const old = await create(context, workflow(context, 'a'));
      await cluster.write([{ op: 'update', object: { ...old, spec: { nodes: 2 } } }]);
      await assert.rejects(cluster.write([{ op: 'update', object: { ...old, spec: { nodes: 3 } } }]), ConflictError);
      assert.deepEqual((await cluster.get(workflowKey(context, 'a'))).spec, { nodes: 2 });
    },
  },
  {
    name: 'of concurrent updates of one version exactly one wins',
    async run(context) {
      const { cluster } = context;
      const old = await create(context, workflow(context, 'a'));
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          cluster.write([{ op: 'update', object: { ...old, spec: { nodes: 10 + i } } }]),
        ),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of results) if (result.status === 'rejected') assert.ok(result.reason instanceof ConflictError);
    },
  },
  {
    name: 'changing labels alone keeps the generation',
    async run(context) {
      const key = workflowKey(context, 'a');
      await create(context, workflow(context, 'a'));
      const [patched] = await context.cluster.write([
        { op: 'patch', key, patch: { metadata: { labels: { x: 'y' } } } },
      ]);
      assert.equal(patched?.metadata.generation, 1);
      assert.deepEqual(patched?.metadata.labels, { x: 'y' });
    },
  },
  {
    name: 'a write that changes nothing keeps the version',
    async run(context) {
      const { cluster } = context;
      const created = await create(context, workflow(context, 'a'));
      const [patched] = await cluster.write([
        { op: 'patch', key: workflowKey(context, 'a'), patch: { spec: { nodes: 1 } } },
      ]);
      assert.equal(patched?.metadata.resourceVersion, created.metadata.resourceVersion);
      const [updated] = await cluster.write([{ op: 'update', object: created }]);
      assert.equal(updated?.metadata.resourceVersion, created.metadata.resourceVersion);
    },
  },
  {
    name: 'patch merges, removes with null, and leaves status alone',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      await create(
        context,
        workflow(context, 'a', { nodes: 1, interface: { inputs: { a: A_TYPE, b: A_TYPE }, outputs: {} } }),
      );
      await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Ready' } }]);
      const patch = {
        spec: { interface: { inputs: { a: null, b: { type: 'string' }, c: A_TYPE } } },
        status: { phase: 'Changed' },
      };
      const [patched] = await cluster.write([{ op: 'patch', key, patch }]);
      assert.deepEqual(patched?.spec, {
        nodes: 1,
        interface: { inputs: { b: { type: 'string' }, c: A_TYPE }, outputs: {} },
      });
      assert.deepEqual(patched?.status, { phase: 'Ready' });
    },
  },
  {
    name: 'patchStatus merges into status, removes with null, and leaves spec and generation alone',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const created = await create(context, workflow(context, 'a'));
      await cluster.write([
        { op: 'patchStatus', key, patch: { phase: 'Running', nodes: { a: { phase: 'Running' } } } },
      ]);
      const [patched] = await cluster.write([
        { op: 'patchStatus', key, patch: { phase: null, nodes: { a: { attempt: 1 }, b: { phase: 'Queued' } } } },
      ]);
      assert.deepEqual(patched?.status, { nodes: { a: { phase: 'Running', attempt: 1 }, b: { phase: 'Queued' } } });
      assert.deepEqual(patched?.spec, created.spec);
      assert.equal(patched?.metadata.generation, 1);
    },
  },
  {
    name: 'concurrent status deltas are all kept',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      await create(context, workflow(context, 'a'));
      const names = Array.from({ length: 50 }, (_, i) => `n${i}`);
      await Promise.all(
        names.map((name, i) => cluster.write([{ op: 'patchStatus', key, patch: { nodes: { [name]: { value: i } } } }])),
      );
      const { status } = await cluster.get(key);
      assert.deepEqual(status, { nodes: Object.fromEntries(names.map((name, i) => [name, { value: i }])) });
    },
  },
  {
    name: 'an object that was handed out never changes',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      await create(context, workflow(context, 'a'));
      const [before] = await cluster.write([{ op: 'patchStatus', key, patch: { nodes: { a: { value: 1 } } } }]);
      const text = JSON.stringify(before);
      await cluster.write([{ op: 'patchStatus', key, patch: { nodes: { a: { value: 2 }, b: {} } } }]);
      assert.equal(JSON.stringify(before), text);
    },
  },
  {
    name: 'names such as __proto__ and constructor are ordinary keys',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const spec = JSON.parse(
        '{"interface":{"inputs":{"__proto__":{"type":"integer"},"constructor":{"type":"string"}},"outputs":{}}}',
      ) as object;
      await create(context, workflow(context, 'a', spec));
      const patch = JSON.parse('{"__proto__":{"y":2},"nodes":{"constructor":{"phase":"Running"}}}');
      await cluster.write([{ op: 'patchStatus', key, patch }]);
      const read = await cluster.get(key);
      assert.equal(JSON.stringify(read.spec), JSON.stringify(spec));
      assert.equal(JSON.stringify(read.status), JSON.stringify(patch));
      assert.equal(({} as { y?: unknown }).y, undefined);
    },
  },
  {
    name: 'preconditions: another uid or version is ConflictError, the right ones pass',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const { metadata } = await create(context, workflow(context, 'a'));
      const wrong = { uid: '00000000-0000-4000-8000-000000000000' };
      await assert.rejects(cluster.write([{ op: 'delete', key, if: wrong }]), ConflictError);
      const patch = { phase: 'x' };
      const [patched] = await cluster.write([
        { op: 'patchStatus', key, patch, if: { resourceVersion: metadata.resourceVersion! } },
      ]);
      await assert.rejects(
        cluster.write([{ op: 'patchStatus', key, patch, if: { resourceVersion: metadata.resourceVersion! } }]),
        ConflictError,
      );
      await cluster.write([
        { op: 'delete', key, if: { uid: metadata.uid!, resourceVersion: patched!.metadata.resourceVersion! } },
      ]);
    },
  },
  {
    name: 'a deleted object is gone, and its name can be used again with a new uid',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const first = await create(context, workflow(context, 'a'));
      await cluster.write([{ op: 'delete', key }]);
      await assert.rejects(cluster.get(key), NotFoundError);
      const second = await create(context, workflow(context, 'a'));
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      assert.equal(second.status, undefined);
    },
  },
  {
    name: 'an object with a finalizer goes when the finalizer does',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      const object = workflow(context, 'a');
      await create(context, { ...object, metadata: { ...object.metadata, finalizers: ['pipectl.dev/test'] } });
      await cluster.write([{ op: 'delete', key }]);
      assert.ok((await cluster.get(key)).metadata.deletionTimestamp);
      await cluster.write([{ op: 'patch', key, patch: { metadata: { finalizers: null } } }]);
      await assert.rejects(cluster.get(key), NotFoundError);
    },
  },
  {
    name: 'apply creates, changes only what it names, and removes what it names no more',
    async run(context) {
      const { cluster } = context;
      const apply = (spec: object) =>
        cluster.write([{ op: 'apply', object: workflow(context, 'a', spec), fieldManager: 'contract' }]);
      await apply({ nodes: 1, description: 'old' });
      await cluster.write([
        { op: 'patch', key: workflowKey(context, 'a'), patch: { metadata: { labels: { mine: 'x' } } } },
      ]);
      const [applied] = await apply({ nodes: 2 });
      assert.deepEqual(applied?.spec, { nodes: 2 });
      assert.deepEqual(applied?.metadata.labels, { mine: 'x' });
      const [again] = await apply({ nodes: 2 });
      assert.equal(again?.metadata.resourceVersion, applied?.metadata.resourceVersion);
    },
  },
  {
    name: 'names that Kubernetes refuses are InvalidError',
    async run(context) {
      for (const name of ['Upper', 'a_b', '-a', 'a b', '', 'x'.repeat(254)]) {
        await assert.rejects(create(context, workflow(context, name)), InvalidError, `name ${JSON.stringify(name)}`);
      }
      await assert.rejects(create(context, workflow(context, 'a', {}, { 'a b': 'x' })), InvalidError);
    },
  },
  {
    name: 'of an execution only spec.desired changes',
    async run(context) {
      const { cluster, namespace } = context;
      const key = { kind: 'Execution', namespace, name: 'e' };
      await create(context, execution(context, 'e'));
      const [paused] = await cluster.write([{ op: 'patch', key, patch: { spec: { desired: 'Paused' } } }]);
      assert.equal((paused!.spec as { desired?: string }).desired, 'Paused');
      await assert.rejects(cluster.write([{ op: 'patch', key, patch: { spec: { inputs: { a: 2 } } } }]), InvalidError);
    },
  },
];
