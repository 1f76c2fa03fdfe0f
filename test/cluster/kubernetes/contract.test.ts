import { afterAll, beforeAll, describe, it } from 'vitest';
import type { KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { contractCases } from '../../../src/cluster/contract/index.ts';
import { type ApiFixture, openApi } from '../api-fixture.ts';

describe('the HTTP API and the Kubernetes adapter keep the contract of the port', () => {
  let api: ApiFixture;
  let cluster: KubernetesCluster;
  let forgotten: string;
  beforeAll(async () => {
    api = await openApi();
    cluster = await api.connect();
    const make = (name: string) =>
      api.store.write([
        { op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'before' } } },
      ]);
    // Version 0 would mean "from anywhere" to Kubernetes.
    await make('a');
    forgotten = (await api.store.list('Workflow')).resourceVersion;
    await make('b');
    // What was deleted before a restart is unknown after it, so versions from before are forgotten.
    await api.restartStore();
  });
  afterAll(() => api.close());

  contractCases.forEach(({ name, run }, index) => {
    it(name, async () => {
      await run({ cluster, namespace: `case-${index}`, isAtomic: false, expiredVersion: async () => forgotten });
    });
  });
});
