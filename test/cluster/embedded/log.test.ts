import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { append, openLog } from '../../../src/cluster/adapters/embedded/log.ts';
import { framesOf } from '../../../src/cluster/adapters/embedded/log-frame.ts';
import { listSegments } from '../../../src/cluster/adapters/embedded/segments.ts';
import { temporaryFolder } from './open-store.ts';

const parent = temporaryFolder();
afterEach(() => vi.unstubAllGlobals());
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Around the sizes of a block and of the staging buffer, and in between. */
const SIZES = [
  0, 1, 7, 100, 4_040, 4_072, 4_073, 8_192, 3, 20_000, 1_048_500, 1_048_576, 5, 2_500_000, 64, 1_000_000, 9,
];

async function writtenAndRead(name: string, isInline: boolean): Promise<{ wrote: string[]; blockBytes: number }> {
  const folder = join(parent, name);
  mkdirSync(folder);
  const segmentBytes = 4 * 1024 * 1024;
  const log = await openLog({ folder, old: [], lastSequence: 0, segmentBytes, firstSegmentBytes: 64 * 1024 });
  const wrote: string[] = [];
  for (const size of [...SIZES, ...SIZES]) {
    const payload = `${wrote.length} ${'é'.repeat(size / 2)}`;
    await append(log, payload, isInline);
    wrote.push(payload);
    // What a crash at this moment leaves.
    expect(framesIn(folder).at(-1)?.payload === payload, `${size} bytes are there at once`).toBe(true);
  }
  expect(framesIn(folder).map(({ sequence }) => sequence)).toEqual(wrote.map((_, i) => i + 1));
  expect(framesIn(folder).every(({ payload }, i) => payload === wrote[i])).toBe(true);
  return { wrote, blockBytes: log.current.blockBytes };
}

function framesIn(folder: string) {
  return listSegments(folder).flatMap(({ path, number }) => [...framesOf(readFileSync(path), number)]);
}

describe('a log', () => {
  it('keeps frames of every size, in one write and in several', async () => {
    await writtenAndRead('later', false);
    await writtenAndRead('inline', true);
  });

  it('does without aligned memory, and so without direct writes', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const { blockBytes } = await writtenAndRead('plain', true);
    expect(blockBytes).toBe(1);
  });
});
