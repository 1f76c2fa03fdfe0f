import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore, temporaryFolder } from './open-store.ts';

const KILLS = 30;
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a store whose process is killed', () => {
  it(`has every acknowledged write after each of ${KILLS} kills, whole batches only, and no deleted object`, async () => {
    const acknowledged = new Map<number, number>();
    let gone: string[] = [];
    // The next process starts while one writes, and opens the store only when told.
    let next = start();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = next;
      next = start();
      gone = gone.concat(await writeUntilKilled(child, 10 + kill * 4, acknowledged));
    }
    next.kill('SIGKILL');
    expect(acknowledged.size).toBe(4);
    const store = await openStore(folder);
    for (const [writer, n] of acknowledged) {
      const left = await store.get({ kind: 'Workflow', namespace: 'fault', name: `left-${writer}` });
      const right = await store.get({ kind: 'Workflow', namespace: 'fault', name: `right-${writer}` });
      // One batch may have reached the disk without its acknowledgement reaching us.
      expect([n, n + 1]).toContain((left.status as { n: number }).n);
      expect(right.status).toEqual(left.status);
    }
    const names = new Set(
      (await store.list('ConfigMap', { namespace: 'fault' })).items.map((one) => one.metadata.name),
    );
    expect(gone.filter((name) => names.has(name))).toEqual([]);
    await store.close();
  });
});

function start(): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [join(import.meta.dirname, 'writer-child.ts'), folder], { stdio: 'pipe' });
}

/** Lets a writer go, kills it after so many acknowledgements, notes those and returns what it deleted. */
async function writeUntilKilled(
  child: ChildProcessWithoutNullStreams,
  acks: number,
  acknowledged: Map<number, number>,
): Promise<readonly string[]> {
  child.stdin.write('go');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, 'exit');
  const gone: string[] = [];
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, first, second] = line.split(' ');
    if (word === 'gone') gone.push(first as string);
    if (word === 'ack') {
      const before = acknowledged.get(Number(first)) ?? 0;
      if (count === 0) expect(Number(second)).toBeGreaterThanOrEqual(before);
      acknowledged.set(Number(first), Math.max(before, Number(second)));
      if (++count === acks) child.kill('SIGKILL');
    }
  }
  const [, signal] = await exited;
  expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
  return gone;
}
