import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
import { contractCases } from '../../../src/cluster/contract/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

describe('the embedded store keeps the contract of the port', () => {
  const folder = temporaryFolder();
  let store: EmbeddedStore;
  let forgotten: string;
  beforeAll(async () => {
    const before = await openStore(folder);
    forgotten = (await before.list('Workflow')).resourceVersion;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'before' } };
    await before.write([{ op: 'create', object }]);
    await before.close();
    // What was deleted before a restart is unknown after it, so versions from before are forgotten.
    store = await openStore(folder);
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  contractCases.forEach(({ name, run }, i) => {
    it(name, async () => {
      await run({ cluster: store, namespace: `case-${i}`, isAtomic: true, expiredVersion: async () => forgotten });
    });
  });
});
