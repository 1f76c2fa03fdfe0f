import { COLLECT_BATCH } from '../../../src/base/index.ts';
import { AlreadyExistsError, type KubeObject, NotFoundError } from '../../../src/cluster/index.ts';
import { openStore } from './open-store.ts';

/** Run where no file may grow past 300 KiB: tells how the store in argv[2] takes a write that needs more. */
const store = await openStore(process.argv[2] as string, { limits: { segmentBytes: 64 * 1024 } });
const map = (name: string, text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
  data: { text },
});
const key = { kind: 'ConfigMap', namespace: 'n', name: 'large' };
const create = (object: KubeObject) => store.write([{ op: 'create', object }]);

await create(map('before', ''));
const large = await Promise.allSettled([create(map('large', 'x'.repeat(700_000))), create(map('together', ''))]);
const reasons = large.map((one) =>
  one.status === 'rejected' ? (one.reason as { reason?: string }).reason : 'written',
);
const read = await store
  .get(key)
  .catch((error: unknown) => (error instanceof NotFoundError ? 'NotFound' : String(error)));
await create(map('after', ''));
await create(map('large', 'small now'));
const again = await create(map('large', '')).catch((error: unknown) => error instanceof AlreadyExistsError);
// What an owner leaves behind is on its way to be removed, in two rounds, when nothing more is taken: the write that does
// not fit comes while the first is on its way to the disk, and takes the second with it.
const [owner] = await create(map('owner', ''));
const { name = '', uid = '' } = owner?.metadata ?? {};
const owned = (index: number): KubeObject => ({
  ...map(`owned-${index}`, ''),
  metadata: {
    name: `owned-${index}`,
    namespace: 'n',
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }],
  },
});
const count = 2 * COLLECT_BATCH;
const last = (
  await store.write(Array.from({ length: count }, (_none, index) => ({ op: 'create' as const, object: owned(index) })))
).at(-1);
await store.write([{ op: 'delete', key: { ...key, name: 'owner' } }]);
await create(map('larger', 'x'.repeat(700_000))).catch(() => undefined);
await new Promise((resolve) => setImmediate(resolve));
const left = await store.get({ ...key, name: `owned-${count - 1}` }).then(({ metadata }) => metadata.name, String);
await create(map('last', ''));
const signal = AbortSignal.timeout(10_000);
for await (const batch of store.watch('ConfigMap', {
  resourceVersion: last?.metadata.resourceVersion ?? '0',
  signal,
})) {
  if (batch.some((event) => event.type === 'DELETED' && event.object.metadata.name === `owned-${count - 1}`)) break;
}
await store.close();
process.stdout.write(JSON.stringify({ reasons, read, again, left }));
