import assert from 'node:assert/strict';
import { ConflictError } from '../../base/index.ts';
import { AlreadyExistsError, NotFoundError } from '../errors.ts';
import type { KubeObject } from '../object.ts';
import type { Write } from '../port.ts';
import { stenciled, stencilOf } from '../stencil.ts';
import { type ContractCase, create, workflow, workflowKey } from './context.ts';

/** Batches: order, and all or nothing where the cluster can. */
export const batchCases: readonly ContractCase[] = [
  {
    name: 'a batch is done in order and answers each write',
    async run(context) {
      const { cluster } = context;
      await create(context, workflow(context, 'old'));
      const written = await cluster.write([
        { op: 'create', object: workflow(context, 'a') },
        { op: 'patchStatus', key: workflowKey(context, 'a'), patch: { phase: 'Ready' } },
        { op: 'delete', key: workflowKey(context, 'old') },
      ]);
      assert.deepEqual(
        written.map(({ metadata }) => metadata.name),
        ['a', 'a', 'old'],
      );
      assert.deepEqual((await cluster.get(workflowKey(context, 'a'))).status, { phase: 'Ready' });
      await assert.rejects(cluster.get(workflowKey(context, 'old')), NotFoundError);
    },
  },
  {
    name: 'a batch can delete an object and create it anew',
    async run(context) {
      const { cluster } = context;
      const old = await create(context, workflow(context, 'a'));
      await cluster.write([
        { op: 'delete', key: workflowKey(context, 'a') },
        { op: 'create', object: workflow(context, 'a', { nodes: 2 }) },
      ]);
      const found = await cluster.get(workflowKey(context, 'a'));
      assert.deepEqual(found.spec, { nodes: 2 });
      assert.notEqual(found.metadata.uid, old.metadata.uid);
    },
  },
  {
    name: 'a refused write refuses its whole batch, where a batch is one record',
    async run(context) {
      if (!context.isAtomic) return;
      const { cluster } = context;
      const old = await create(context, workflow(context, 'taken'));
      await assert.rejects(
        cluster.write([
          { op: 'create', object: workflow(context, 'a') },
          { op: 'patchStatus', key: workflowKey(context, 'taken'), patch: { phase: 'Lost' } },
          { op: 'delete', key: workflowKey(context, 'taken') },
          { op: 'create', object: workflow(context, 'taken') },
          { op: 'create', object: workflow(context, 'taken') },
        ]),
        AlreadyExistsError,
      );
      await assert.rejects(cluster.get(workflowKey(context, 'a')), NotFoundError);
      assert.deepEqual(await cluster.get(workflowKey(context, 'taken')), old);
      await create(context, workflow(context, 'a'));
    },
  },
  {
    name: 'an empty batch answers with nothing',
    async run(context) {
      assert.deepEqual(await context.cluster.write([]), []);
    },
  },
  {
    name: 'a discarding caller gets an empty answer and the write',
    async run(context) {
      const written = await context.cluster.write([{ op: 'create', object: workflow(context, 'a') }], {
        discard: true,
      });
      assert.deepEqual(written, []);
      await context.cluster.get(workflowKey(context, 'a'));
    },
  },
  {
    name: 'a caller that looks at versions alone learns the one that the next precondition needs',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      await create(context, workflow(context, 'a'));
      const patch = async (text: string, resourceVersion?: string): Promise<string | undefined> => {
        const labels = { text };
        const condition = resourceVersion === undefined ? {} : { if: { resourceVersion } };
        const [answer] = await cluster.write([{ op: 'patch', key, patch: { metadata: { labels } }, ...condition }], {
          versions: true,
        });
        return answer?.metadata.resourceVersion;
      };
      const first = await patch('one');
      const second = await patch('two', first);
      assert.equal((await cluster.get(key)).metadata.resourceVersion, second);
      await assert.rejects(patch('three', first), ConflictError);
    },
  },
  {
    name: 'objects that are alike are what each would be by itself, and the version of the last is told',
    async run(context) {
      const { cluster } = context;
      const make = ([name = '']: readonly string[]): KubeObject => workflow(context, name, { description: 'a "b"' });
      const stencil = stencilOf(make, 1);
      const names = ['one', 'two', 'three'];
      const writes = names.map((name): Write => {
        const like = stencil && stenciled(stencil, [name]);
        assert.ok(like);
        return { op: 'createAlike', key: workflowKey(context, name), like };
      });
      const last = (await cluster.write(writes, { lastVersion: true })).at(-1);
      for (const name of names) {
        const { metadata, ...rest } = await cluster.get(workflowKey(context, name));
        const { namespace, labels } = metadata;
        const { metadata: wanted, ...others } = make([name]);
        assert.deepEqual(
          { ...rest, namespace, labels },
          { ...others, namespace: wanted.namespace, labels: wanted.labels },
        );
        if (name === 'three') assert.equal(last?.metadata.resourceVersion, metadata.resourceVersion);
      }
      await assert.rejects(cluster.write(writes.slice(1, 2)), AlreadyExistsError);
    },
  },
];
