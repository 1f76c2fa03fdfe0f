import { once } from 'node:events';
import { openStore } from './open-store.ts';

/**
 * Once told on stdin, writes to the store in argv[2] until it is killed, and prints `ack WRITER N` after each acknowledged write. Each
 * batch sets two objects to the same number, so that half a batch would show.
 */
await once(process.stdin, 'data');
const store = await openStore(process.argv[2] as string, {
  limits: { segmentBytes: 64 * 1024, projectionIdleMs: 5, coldAfterMs: 10 },
});
const namespace = 'fault';
for (let writer = 0; writer < 4; writer++) void write(writer);

async function write(writer: number): Promise<void> {
  const keys = ['left', 'right'].map((side) => ({ kind: 'Workflow', namespace, name: `${side}-${writer}` }));
  const found = await store.list('Workflow', { namespace, fieldSelector: `metadata.name=left-${writer}` });
  if (found.items.length === 0) {
    await store.write(
      keys.map((key) => ({
        op: 'create',
        object: { apiVersion: 'pipectl.dev/v1', kind: key.kind, metadata: { name: key.name, namespace }, spec: {} },
      })),
    );
  }
  const status = found.items[0]?.status as { n?: number } | undefined;
  for (let n = (status?.n ?? 0) + 1; ; n++) {
    const patch = { n, nodes: { [`n${n % 7}`]: { text: 'x'.repeat(n % 300) } } };
    await store.write(
      keys.map((key) => ({ op: 'patchStatus', key, patch })),
      { discard: true },
    );
    process.stdout.write(`ack ${writer} ${n}\n`);
    // An object that comes and goes: deletions must not come back either.
    if (n % 5 === 0) await churn(writer, n);
  }
}

async function churn(writer: number, n: number): Promise<void> {
  const name = `gone-${writer}-${n}`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { n: String(n) } };
  await store.write([{ op: 'create', object }], { discard: true });
  await store.write([{ op: 'delete', key: { kind: 'ConfigMap', namespace, name } }], { discard: true });
  process.stdout.write(`gone ${name}\n`);
}
