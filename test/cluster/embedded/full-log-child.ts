import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { COLLECT_BATCH } from '../../../src/base/index.ts';
import type { KubeObject, Write } from '../../../src/cluster/index.ts';
import { openStore } from './open-store.ts';

/**
 * Run where no file may grow past 1.2 MB: an owner is deleted, of whose dependents the log then takes no end, and the process
 * dies once the database file has the end of the owner, so that the log need not tell of it. Prints a dependent that is left.
 */
const [, , folder = ''] = process.argv;
const store = await openStore(folder, { limits: { segmentBytes: 64 * 1024, projectionIdleMs: 100 } });
const create = (name: string, metadata: object, text = ''): Write => {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n', ...metadata },
    data: { text },
  };
  return { op: 'create', object: object as KubeObject };
};
const key = { kind: 'ConfigMap', namespace: 'n', name: 'owner' };

const [owner] = await store.write([create('owner', {})]);
const { uid = '' } = owner?.metadata ?? {};
const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }];
const names = Array.from({ length: 2 * COLLECT_BATCH }, (_none, index) => `owned-${index}`);
await store.write(names.map((name) => create(name, { ownerReferences })));
await ownerIs('there');
await store.write([{ op: 'delete', key }]);
const large = ['large', 'larger'].map((name) => create(name, {}, 'x'.repeat(700_000)));
await store.write(large).catch(() => undefined);
await ownerIs('gone');
const left = await store.get({ ...key, name: names.at(-1) as string });
process.stdout.write(left.metadata.name, () => process.kill(process.pid, 'SIGKILL'));

/** Resolves when the database file says so. */
async function ownerIs(state: 'there' | 'gone'): Promise<void> {
  const database = new DatabaseSync(join(folder, 'objects.sqlite'), { readOnly: true });
  const find = database.prepare("SELECT 1 FROM entries WHERE name = 'owner'");
  while ((find.get() !== undefined) !== (state === 'there')) await new Promise((resolve) => setTimeout(resolve, 10));
  database.close();
}
