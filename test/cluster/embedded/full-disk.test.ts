import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { COLLECT_BATCH } from '../../../src/base/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const child = (name: string): string => join(import.meta.dirname, `${name}-child.ts`);
const run = promisify(execFile);

/** A limit on the size of files, in blocks of 512 bytes (POSIX), refuses like a full disk, and for this process alone. */
const limited = (blocks: number): string => `ulimit -S -f ${blocks} && exec "$0" "$@"`;

describe('a disk that takes no more', () => {
  it('refuses the write and all that was checked against it, keeps the rest, and takes writes, and removes what was owned, when there is room', async () => {
    const { stdout } = await run('sh', ['-c', limited(600), process.execPath, child('full-disk'), join(folder, 's')]);
    expect(JSON.parse(stdout)).toEqual({
      reasons: ['DiskFull', 'DiskFull'],
      read: 'NotFound',
      again: true,
      left: `owned-${2 * COLLECT_BATCH - 1}`,
    });
    const store = await openStore(join(folder, 's'));
    const { items } = await store.list('ConfigMap', { namespace: 'n' });
    await store.close();
    expect(items.map((one) => [one.metadata.name, (one.data as { text: string }).text])).toEqual([
      ['after', ''],
      ['before', ''],
      ['large', 'small now'],
      ['last', ''],
    ]);
  });

  it('has what was owned removed by the next start, when the log of its owner was let go and the process died', async () => {
    // The database file has room where the log has none.
    const killed = run('sh', ['-c', limited(2_400), process.execPath, child('full-log'), join(folder, 'k')]);
    const { signal, stdout } = (await killed.catch((error: unknown) => error)) as { signal?: string; stdout: string };
    expect([signal, stdout]).toEqual(['SIGKILL', `owned-${2 * COLLECT_BATCH - 1}`]);
    const store = await openStore(join(folder, 'k'));
    const { items, resourceVersion } = await store.list('ConfigMap', { namespace: 'n' });
    const names = new Set(items.map(({ metadata }) => metadata.name));
    const isLeft = (): boolean => [...names].some((name) => name.startsWith('owned-'));
    if (isLeft()) {
      for await (const batch of store.watch('ConfigMap', { resourceVersion, signal: AbortSignal.timeout(10_000) })) {
        for (const event of batch) if (event.type === 'DELETED') names.delete(event.object.metadata.name);
        if (!isLeft()) break;
      }
    }
    await store.close();
    expect([...names].sort()).toEqual([]);
  });
});
