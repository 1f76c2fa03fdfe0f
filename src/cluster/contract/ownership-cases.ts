import assert from 'node:assert/strict';
import { ConflictError } from '../../base/index.ts';
import { FieldConflictError, NotFoundError } from '../errors.ts';
import { fieldPaths } from '../field-set.ts';
import { entryOf, managersOf } from '../managed-fields.ts';
import type { KubeObject, ObjectKey } from '../object.ts';
import type { Write } from '../port.ts';
import { type ContractCase, type ContractContext, create, workflow, workflowKey } from './context.ts';

/** Who owns which fields, and what that means for those who apply. */
export const ownershipCases: readonly ContractCase[] = [
  {
    name: 'what others put on an object survives an apply: labels, annotations, finalizers, data',
    async run(context) {
      const first = await apply(context, 'git', { one: '1' });
      await patch(context, 'kubectl', {
        metadata: { labels: { team: 'a' }, annotations: { note: 'mine' }, finalizers: ['example.com/theirs'] },
        data: { two: '2' },
      });
      const mine = { labels: { app: 'x' }, finalizers: ['example.com/ours'] };
      const applied = await apply(context, 'git', { one: '1' }, mine);
      assert.equal(applied.metadata.uid, first.metadata.uid);
      assert.deepEqual(applied.metadata.labels, { team: 'a', app: 'x' });
      assert.deepEqual(applied.metadata.annotations, { note: 'mine' });
      assert.deepEqual(applied.metadata.finalizers, ['example.com/theirs', 'example.com/ours']);
      assert.deepEqual(applied.data, { one: '1', two: '2' });
      const again = await apply(context, 'git', { one: '1' });
      assert.deepEqual(again.metadata.labels, { team: 'a' });
      assert.deepEqual(again.metadata.finalizers, ['example.com/theirs']);
      await patch(context, 'kubectl', { metadata: { finalizers: null } });
    },
  },
  {
    name: 'an apply that changes nothing writes nothing',
    async run(context) {
      const first = await apply(context, 'git', { one: '1' }, { labels: { app: 'x' } });
      assert.deepEqual(await apply(context, 'git', { one: '1' }, { labels: { app: 'x' } }), first);
    },
  },
  {
    name: 'without force, a field that another manager owns and that would change is a conflict, which names both',
    async run(context) {
      await apply(context, 'git', { one: '1', two: '2' });
      await patch(context, 'hand', { data: { one: 'changed' } });
      const before = await context.cluster.get(keyIn(context));
      const conflict = await apply(context, 'git', { one: '1', two: '2' }, {}, false).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(conflict instanceof FieldConflictError, String(conflict));
      assert.deepEqual(
        conflict.causes.map(({ field }) => field),
        ['.data.one'],
      );
      assert.match(conflict.causes[0]?.manager ?? '', /^"hand" using v1( at \d{4}-|$)/);
      assert.match(conflict.message, /^Apply failed with 1 conflict: conflict with "hand" using v1.*: \.data\.one$/);
      assert.deepEqual(await context.cluster.get(keyIn(context)), before);
    },
  },
  {
    name: 'force takes a field back, and then it is owned by whoever forced it',
    async run(context) {
      await apply(context, 'git', { one: '1' });
      await patch(context, 'hand', { data: { one: 'changed' } });
      assert.deepEqual(fieldsOfManager(await context.cluster.get(keyIn(context)), 'hand', 'Update'), ['.data.one']);
      const forced = await apply(context, 'git', { one: '1' });
      assert.deepEqual(forced.data, { one: '1' });
      assert.equal(fieldsOfManager(forced, 'hand', 'Update'), undefined);
      assert.deepEqual(fieldsOfManager(forced, 'git', 'Apply'), ['.data.one']);
    },
  },
  {
    name: 'a field that two apply alike is of both, and goes when neither names it',
    async run(context) {
      await apply(context, 'a', { shared: '1', own: 'a' });
      const both = await apply(context, 'b', { shared: '1' }, {}, false);
      assert.deepEqual(fieldsOfManager(both, 'a', 'Apply'), ['.data.own', '.data.shared']);
      assert.deepEqual(fieldsOfManager(both, 'b', 'Apply'), ['.data.shared']);
      assert.deepEqual((await apply(context, 'a', { own: 'a' })).data, { own: 'a', shared: '1' });
      assert.deepEqual((await apply(context, 'b', { other: 'b' })).data, { own: 'a', other: 'b' });
    },
  },
  {
    name: 'a field that another changed stays when it is named no more',
    async run(context) {
      await apply(context, 'git', { one: '1', two: '2' });
      await patch(context, 'hand', { data: { two: 'theirs' } });
      assert.deepEqual((await apply(context, 'git', { one: '1' })).data, { one: '1', two: 'theirs' });
    },
  },
  {
    name: 'what stood in an object before anybody applied it is not for the taking without force',
    async run(context) {
      await create(context, configMap(context, { one: 'old', two: 'old' }));
      await assert.rejects(apply(context, 'git', { one: 'new' }, {}, false), FieldConflictError);
      const applied = await apply(context, 'git', { one: 'new' });
      assert.deepEqual(applied.data, { one: 'new', two: 'old' });
    },
  },
  {
    name: 'the spec of a definition is one field: it is applied as a whole',
    async run(context) {
      const { cluster } = context;
      const write = (spec: object, fieldManager: string, force: boolean): Promise<readonly KubeObject[]> =>
        cluster.write([{ op: 'apply', object: workflow(context, 'a', spec), fieldManager, force }]);
      await write({ nodes: 1, file: 'a.yaml' }, 'git', true);
      await cluster.write([
        { op: 'patch', key: workflowKey(context, 'a'), patch: { spec: { description: 'x' } }, fieldManager: 'hand' },
      ]);
      await assert.rejects(write({ nodes: 2 }, 'git', false), /conflict with "hand".*: \.spec$/);
      const [applied] = await write({ nodes: 2 }, 'git', true);
      assert.deepEqual(applied?.spec, { nodes: 2 });
    },
  },
  {
    name: 'owners that come with an update are taken as they come, and an empty one forgets them',
    async run(context) {
      const { cluster } = context;
      const applied = await apply(context, 'git', { one: '1' });
      const managedFields = managersOf(applied).map((entry) => ({ ...entry, manager: 'renamed' }));
      const update = async (fields: unknown): Promise<KubeObject> => {
        const { metadata, ...rest } = await cluster.get(keyIn(context));
        const object = { ...rest, metadata: { ...metadata, managedFields: fields } } as KubeObject;
        return (await cluster.write([{ op: 'update', object, fieldManager: 'hand' }]))[0] as KubeObject;
      };
      assert.deepEqual(fieldsOfManager(await update(managedFields), 'renamed', 'Apply'), ['.data.one']);
      // Clients that know nothing of owners leave them out, or send what cannot be read.
      for (const fields of [undefined, [{ manager: 'x' }], 'none']) {
        if (context.isAtomic || fields !== 'none') assert.deepEqual(managersOf(await update(fields)).length, 1);
      }
      assert.deepEqual(managersOf(await update([{}])), []);
    },
  },
  {
    name: 'an apply on condition of a uid or a version is ConflictError when it is not that one',
    async run(context) {
      const { cluster } = context;
      const object = configMap(context, { one: '1' });
      const write = (condition: object): Write => ({ op: 'apply', object, fieldManager: 'git', if: condition });
      await assert.rejects(cluster.write([write({ uid: 'a' })]), ConflictError);
      const { uid = '', resourceVersion = '' } = (await apply(context, 'git', { one: '1' })).metadata;
      await cluster.write([write({ uid, resourceVersion })]);
      await assert.rejects(cluster.write([write({ uid: 'another' })]), ConflictError);
      await patch(context, 'hand', { data: { two: '2' } });
      await assert.rejects(cluster.write([write({ resourceVersion })]), ConflictError);
    },
  },
  {
    name: 'a dry run answers as the write would, and writes nothing',
    async run(context) {
      const { cluster } = context;
      const key = keyIn(context);
      const dry = (write: Write): Promise<readonly KubeObject[]> => cluster.write([write], { dryRun: true });
      const [created] = await dry({ op: 'create', object: configMap(context, { one: '1' }) });
      assert.deepEqual(created?.data, { one: '1' });
      assert.ok(created?.metadata.uid);
      assert.equal(created?.metadata.resourceVersion, undefined);
      await assert.rejects(cluster.get(key), NotFoundError);
      await assert.rejects(dry({ op: 'patch', key, patch: {} }), NotFoundError);

      const live = await apply(context, 'git', { one: '1' });
      const named = configMap(context, { one: '2' });
      const rows: readonly [Write, unknown][] = [
        [{ op: 'apply', object: named, fieldManager: 'git' }, { one: '2' }],
        [
          { op: 'patch', key, patch: { data: { two: '2' } } },
          { one: '1', two: '2' },
        ],
        [{ op: 'update', object: { ...live, data: { three: '3' } } }, { three: '3' }],
      ];
      for (const [write, data] of rows) {
        const [answer] = await dry(write);
        assert.deepEqual(answer?.data, data, write.op);
        assert.equal(answer?.metadata.resourceVersion, live.metadata.resourceVersion, write.op);
      }
      await dry({ op: 'delete', key });
      await assert.rejects(dry({ op: 'create', object: named }), ConflictError);
      await assert.rejects(dry({ op: 'apply', object: named, fieldManager: 'other' }), FieldConflictError);
      assert.deepEqual(await cluster.get(key), live);
    },
  },
  {
    name: 'a dry run of a status answers with all of it',
    async run(context) {
      const { cluster } = context;
      const key = workflowKey(context, 'a');
      await create(context, workflow(context, 'a'));
      await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Ready', seen: 1 } }]);
      const [answer] = await cluster.write([{ op: 'patchStatus', key, patch: { phase: 'Gone' } }], { dryRun: true });
      assert.deepEqual(answer?.status, { phase: 'Gone', seen: 1 });
      assert.deepEqual((await cluster.get(key)).status, { phase: 'Ready', seen: 1 });
    },
  },
  {
    name: 'a dry run of a batch is one of all its writes, where a batch is atomic',
    async run(context) {
      if (!context.isAtomic) return;
      const { cluster } = context;
      const key = keyIn(context);
      const writes: readonly Write[] = [
        { op: 'create', object: configMap(context, { one: '1' }) },
        { op: 'patch', key, patch: { data: { two: '2' } } },
        { op: 'delete', key },
        { op: 'create', object: configMap(context, { three: '3' }) },
      ];
      const answers = await cluster.write(writes, { dryRun: true });
      assert.deepEqual(
        answers.map(({ data }) => data),
        [{ one: '1' }, { one: '1', two: '2' }, { one: '1', two: '2' }, { three: '3' }],
      );
      await assert.rejects(cluster.get(key), NotFoundError);
      await create(context, configMap(context, {}));
    },
  },
];

function keyIn({ namespace }: ContractContext): ObjectKey {
  return { kind: 'ConfigMap', namespace, name: 'owned' };
}

function configMap({ namespace }: ContractContext, data: object, metadata: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', namespace, ...metadata }, data };
}

async function apply(
  context: ContractContext,
  fieldManager: string,
  data: object,
  metadata: object = {},
  force = true,
): Promise<KubeObject> {
  const object = configMap(context, data, metadata);
  return (await context.cluster.write([{ op: 'apply', object, fieldManager, force }]))[0] as KubeObject;
}

async function patch(context: ContractContext, fieldManager: string, change: object): Promise<void> {
  await context.cluster.write([{ op: 'patch', key: keyIn(context), patch: { ...change }, fieldManager }]);
}

function fieldsOfManager(
  object: KubeObject,
  manager: string,
  operation: 'Apply' | 'Update',
): readonly string[] | undefined {
  const entry = entryOf(managersOf(object), manager, operation);
  return entry === undefined ? undefined : fieldPaths(entry.fieldsV1);
}
