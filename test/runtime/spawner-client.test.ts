import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hostClock } from '../../src/main/host.ts';
import { openSpawnerClient } from '../../src/runtime/adapters/process/spawner-client.ts';
import { removeFolder } from '../remove-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'pipectl-spawner-'));
afterAll(() => removeFolder(root));

function client(folder: string, onEnded: (id: string) => void) {
  return openSpawnerClient({
    folder,
    capacity: 4,
    clock: hostClock,
    log: { write: () => {} },
    onStarted: () => {},
    onEnded: ({ id }) => onEnded(id),
    onBroken: () => {},
    onRetired: () => {},
  });
}

const touch = (id: string, path: string) => ({
  op: 'start' as const,
  id,
  argv: ['/bin/sh', '-c', `: >${path}`],
  env: [],
  inputs: '{}',
});

/** Folder names are `<boot>.<pid>.<start>`. */
function spawnersOf(folder: string): readonly { readonly isAlive: boolean }[] {
  const spawners = join(folder, 'spawners');
  const names = existsSync(spawners) ? readdirSync(spawners) : [];
  return names.map((name) => ({ isAlive: existsSync(`/proc/${name.split('.')[1]}`) }));
}

it('tells a spawner nothing before its journal can be found, so that nobody starts it twice', async () => {
  const folder = join(root, 'left');
  const left = client(folder, () => {});
  left.start(touch('a', join(root, 'a')));
  // As when the control plane dies while the spawner is only starting.
  left.close();
  await expect.poll(() => spawnersOf(folder), { timeout: 20_000 }).toEqual([{ isAlive: false }]);
  expect(existsSync(join(root, 'a'))).toBe(false);
});

it('tells it all that was asked for meanwhile, in order', async () => {
  const ended: string[] = [];
  const kept = client(join(root, 'kept'), (id) => ended.push(id));
  for (const id of ['b', 'c']) kept.start(touch(id, join(root, id)));
  await expect.poll(() => ended.toSorted(), { timeout: 20_000 }).toEqual(['b', 'c']);
  expect(existsSync(join(root, 'b')) && existsSync(join(root, 'c'))).toBe(true);
  kept.close();
});
