import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { EmbeddedStore } from '../../../src/cluster/adapters/embedded/index.ts';
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

  it('has no object again that was deleted before another took its name, when a projection was cut off', async () => {
    const folder = join(parent, 'replaced');
    const first = await openStore(folder);
    const [old] = await first.write([{ op: 'create', object: workflow('again') }]);
    await first.write([{ op: 'create', object: workflow('of-the-old', old?.metadata.uid) }]);
    await first.close();

    const second = await openStore(folder);
    await second.write([{ op: 'delete', key: key('again') }]);
    await second.write([{ op: 'create', object: workflow('again') }]);
    const [crashed, whole] = [join(parent, 'cut-off'), join(parent, 'whole')];
    for (const copy of [crashed, whole]) cpSync(folder, copy, { recursive: true });
    await second.close();
    // The first chunk of a projection brings new rows, the last one deletes others: of the two, one was written.
    await (await openStore(whole)).close();
    copyRows(whole, crashed);

    const third = await openStore(crashed);
    await expect.poll(() => namesIn(third)).toEqual(['again']);
    expect((await third.get(key('again'))).metadata.uid).not.toBe(old?.metadata.uid);
    await third.write([{ op: 'delete', key: key('again') }]);
    await third.close();
    const last = await openStore(crashed);
    expect(await namesIn(last)).toEqual([]);
    await last.close();
  });
});

async function namesIn(store: EmbeddedStore): Promise<readonly string[]> {
  const { items } = await store.list('Workflow', { namespace: NAMESPACE });
  return items.map(({ metadata }) => metadata.name);
}

/** Brings the rows of one store's database file that another has not into that. */
function copyRows(from: string, to: string): void {
  const db = new DatabaseSync(join(to, 'objects.sqlite'));
  db.prepare('ATTACH ? AS source').run(join(from, 'objects.sqlite'));
  for (const table of ['entries', 'bodies']) {
    const { changes } = db.prepare(`INSERT OR IGNORE INTO ${table} SELECT * FROM source.${table}`).run();
    expect(changes).toBeGreaterThan(0);
  }
  db.close();
}
