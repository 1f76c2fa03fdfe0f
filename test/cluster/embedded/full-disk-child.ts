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
await store.close();
process.stdout.write(JSON.stringify({ reasons, read, again }));
