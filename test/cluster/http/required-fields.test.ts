import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster, KubeObject, Write } from '../../../src/cluster/index.ts';
import { type ApiFixture, NAMESPACE, openApi } from '../api-fixture.ts';

let api: ApiFixture;
let cluster: Cluster;
beforeAll(async () => {
  api = await openApi();
  cluster = await api.connect();
});
afterAll(() => api.close());

const SPEC = { launchPlan: 'nightly', cron: '0 2 * * *', timeZone: 'UTC', catchUp: { policy: 'none' }, active: true };

function schedule(name: string, spec: object): KubeObject {
  return { apiVersion: 'pipectl.dev/v1', kind: 'Schedule', metadata: { name, namespace: NAMESPACE }, spec };
}

const { timeZone: _, ...WITHOUT_ZONE } = SPEC;
const key = { kind: 'Schedule', namespace: NAMESPACE, name: 'there' };

/** What loops read of a definition is there, however somebody writes it past git. */
it.each<[string, Write]>([
  ['a creation', { op: 'create', object: schedule('new', WITHOUT_ZONE) }],
  ['an apply', { op: 'apply', object: schedule('new', WITHOUT_ZONE), fieldManager: 'tests' }],
  ['a patch that takes it away', { op: 'patch', key, patch: { spec: { timeZone: null } } }],
  ['a patch that takes all away', { op: 'patch', key, patch: { spec: null } }],
])('%s of a schedule without what it needs is refused', async (_name, write) => {
  await api.store.write([{ op: 'apply', object: schedule('there', SPEC), fieldManager: 'tests', force: true }]);
  await expect(cluster.write([write])).rejects.toThrow(/is invalid: spec(\.timeZone)?: Required value/);
  expect((await cluster.get(key)).spec).toEqual(SPEC);
});

it('what is not required may go, and the rest of a partial body need not be there', async () => {
  await api.store.write([{ op: 'apply', object: schedule('there', { ...SPEC, spreadMs: 5 }), fieldManager: 'tests' }]);
  await cluster.write([{ op: 'patch', key, patch: { spec: { spreadMs: null } } }]);
  await cluster.write([{ op: 'patch', key, patch: { metadata: { annotations: { note: 'mine' } } } }]);
  expect((await cluster.get(key)).spec).toEqual(SPEC);
});
