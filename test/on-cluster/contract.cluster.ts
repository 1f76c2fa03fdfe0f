import { afterAll, beforeAll, describe, it } from 'vitest';
import { contractCases } from '../../src/cluster/contract/index.ts';
import { openTestCluster, type TestCluster } from './test-cluster.ts';

describe('a cluster keeps the contract of the port', () => {
  let test: TestCluster;
  beforeAll(async () => {
    test = await openTestCluster();
  });
  afterAll(() => test.close());

  contractCases.forEach(({ name, run }, index) => {
    it(name, async () => {
      const namespace = await test.ownNamespace(`${test.prefix}-case-${index}`);
      // Which versions a cluster has forgotten is its own to know: that case asks for nothing here.
      await run({ cluster: test.cluster, namespace, isAtomic: false });
    });
  });
});
