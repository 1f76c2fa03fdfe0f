import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ANNOTATION,
  type Cluster,
  type KubeObject,
  LABEL,
  NotFoundError,
  type Write,
} from '../../../src/cluster/index.ts';
import { type ApiFixture, NAMESPACE, openApi } from '../api-fixture.ts';

let api: ApiFixture;
let cluster: Cluster;
beforeAll(async () => {
  api = await openApi();
  cluster = await api.connect();
});
afterAll(() => api.close());

const key = (name: string) => ({ kind: 'Task', namespace: NAMESPACE, name });

function task(name: string, labels: Record<string, string> = { [LABEL.repository]: 'shop' }): KubeObject {
  return { apiVersion: 'pipectl.dev/v1', kind: 'Task', metadata: { name, namespace: NAMESPACE, labels }, spec: {} };
}

async function changedBy(name: string): Promise<string | undefined> {
  const { annotations } = (await api.store.get(key(name))).metadata;
  return annotations?.[ANNOTATION.changedBy] && JSON.parse(annotations[ANNOTATION.changedBy] as string).by;
}

it.each<[string, (object: KubeObject) => Write]>([
  ['a patch', ({ metadata }) => ({ op: 'patch', key: key(metadata.name), patch: { spec: { image: 'mine' } } })],
  ['an update', (object) => ({ op: 'update', object: { ...object, spec: { image: 'mine' } } })],
  [
    'an apply',
    ({ metadata: { name } }) => ({
      op: 'apply',
      object: { ...task(name), spec: { image: 'm' } },
      fieldManager: 'm',
      force: true,
    }),
  ],
])('%s of a definition leaves the name of the user on it', async (name, writeOf) => {
  const id = name.replace(' ', '-');
  await api.store.write([{ op: 'create', object: task(id) }]);
  const written = await cluster.write([writeOf(await cluster.get(key(id)))]);
  expect(written).toHaveLength(1);
  expect(await changedBy(id)).toBe('tests');
});

it('a deleted definition carries the name in what watches see last', async () => {
  await api.store.write([{ op: 'create', object: task('gone') }]);
  const ending = new AbortController();
  const events = api.store.watch('Task', { namespace: NAMESPACE, signal: ending.signal })[Symbol.asyncIterator]();
  const first = events.next();
  await cluster.write([{ op: 'delete', key: key('gone') }]);
  const seen = [...((await first).value ?? [])];
  while (!seen.some(({ type }) => type === 'DELETED')) seen.push(...((await events.next()).value ?? []));
  ending.abort();
  const last = seen.find(({ type }) => type === 'DELETED');
  const annotations = last !== undefined && 'object' in last ? last.object.metadata.annotations : undefined;
  expect(annotations?.[ANNOTATION.changedBy]).toContain('"by":"tests"');
  await expect(cluster.write([{ op: 'delete', key: key('gone') }])).rejects.toThrow(NotFoundError);
});

it('a definition of nobody carries the name as well: who made it will be asked', async () => {
  await cluster.write([{ op: 'create', object: task('made', {}) }]);
  expect(await changedBy('made')).toBe('tests');
  await cluster.write([{ op: 'delete', key: key('made') }]);
});

it('a status is left as it is', async () => {
  await api.store.write([{ op: 'create', object: task('status') }]);
  await cluster.write([{ op: 'patchStatus', key: key('status'), patch: { seen: true } }]);
  expect(await changedBy('status')).toBeUndefined();
});
