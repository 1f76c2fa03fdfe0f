import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/cluster/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const parent = temporaryFolder();
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const NAMESPACE = 'n';
const key = (name: string) => ({ kind: 'Workflow', namespace: NAMESPACE, name });
const workflow = (name: string, owner?: string): KubeObject => ({
  apiVersion: 'pipectl.dev/v1',
  kind: 'Workflow',
  metadata: {
    name,
    namespace: NAMESPACE,
    ...(owner !== undefined && {
      ownerReferences: [{ apiVersion: 'pipectl.dev/v1', kind: 'Workflow', name: 'owner', uid: owner }],
    }),
  },
  spec: { i: 0 },
});

describe('a store that crashed after it changed objects of an earlier run', () => {
  it('has the changes: of the whole, of status, and deletions', async () => {
    const folder = join(parent, 'store');
    const first = await openStore(folder);
    const [owner] = await first.write([{ op: 'create', object: workflow('owner') }]);
    await first.write(
      ['changed', 'told', 'gone'].map((name) => ({ op: 'create', object: workflow(name, owner?.metadata.uid) })),
    );
    await first.close();

    const second = await openStore(folder);
    await second.write([{ op: 'patch', key: key('changed'), patch: { spec: { i: 1 } } }]);
    await second.write([{ op: 'patchStatus', key: key('told'), patch: { phase: 'Running' } }]);
    await second.write([{ op: 'delete', key: key('gone') }]);
    const before = await second.list('Workflow', { namespace: NAMESPACE });
    // What is on the disk now is what a process that is killed leaves.
    const crashed = join(parent, 'crashed');
    cpSync(folder, crashed, { recursive: true });
    await second.close();

    const third = await openStore(crashed);
    expect(await third.list('Workflow', { namespace: NAMESPACE })).toEqual(before);
    expect(before.items.map(({ metadata, spec, status }) => [metadata.name, spec, status])).toEqual([
      ['changed', { i: 1 }, undefined],
      ['owner', { i: 0 }, undefined],
      ['told', { i: 0 }, { phase: 'Running' }],
    ]);
    // The new version's owner is known as well.
    await third.write([{ op: 'delete', key: key('owner') }]);
    await expect.poll(() => third.list('Workflow', { namespace: NAMESPACE }).then(({ items }) => items)).toEqual([]);
    await third.close();
  });
});
