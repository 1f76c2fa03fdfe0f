import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { COLLECT_BATCH } from '../../../src/base/index.ts';
import { openStore, temporaryFolder } from './open-store.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a disk that takes no more', () => {
  it('refuses the write and all that was checked against it, keeps the rest, and takes writes, and removes what was owned, when there is room', async () => {
    // A limit on the size of files, in blocks of 512 bytes (POSIX), refuses like a full disk, and for this process alone.
    const script = 'ulimit -S -f 600 && exec "$0" "$@"';
    const child = join(import.meta.dirname, 'full-disk-child.ts');
    const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, child, join(folder, 's')]);
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
});
