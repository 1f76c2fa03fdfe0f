import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesCluster } from '../../../src/cluster/adapters/kubernetes/index.ts';
import { contractCases } from '../../../src/cluster/contract/index.ts';
import { type ApiFixture, openApi } from '../api-fixture.ts';
import { behindFaults, type FaultProxy } from './fault-proxy.ts';
import type { FaultRates } from './play.ts';

/** What the adapter makes up for by itself: of nothing here does a caller of the port ever hear. */
const MADE_UP_FOR: FaultRates = {
  read: { dropped: 0.05, lost: 0.05, truncated: 0.05, busy: 0.05, broken: 0.05, slow: 0.05 },
  write: { busy: 0.1, slow: 0.1 },
  watch: { refused: 0.1, busy: 0.1, cut: 0.05, slow: 0.05 },
  withoutBookmarks: true,
};

describe('the Kubernetes adapter keeps the contract of the port over a network that fails', () => {
  let api: ApiFixture;
  let proxy: FaultProxy;
  let cluster: KubernetesCluster;
  let forgotten: string;
  beforeAll(async () => {
    api = await openApi();
    const make = (name: string) =>
      api.store.write([
        { op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'before' } } },
      ]);
    await make('a');
    forgotten = (await api.store.list('Workflow')).resourceVersion;
    await make('b');
    await api.restartStore();
    ({ proxy, cluster } = await behindFaults(api, 7, MADE_UP_FOR));
  });
  afterAll(async () => {
    await proxy.close();
    await api.close();
  });

  contractCases.forEach(({ name, run }, index) => {
    it(name, async () => {
      await run({ cluster, namespace: `case-${index}`, isAtomic: false, expiredVersion: async () => forgotten });
    });
  });

  it('has been through faults of most kinds', () => {
    expect(proxy.played.size).toBeGreaterThanOrEqual(6);
  });
});
