import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAP_CHUNK_SIZE, MAX_MAP_SIZE } from '../../src/base/index.ts';
import { decodeChunk, encodeChunk, type PackedSubtasks } from '../../src/propeller/map-chunks.ts';

function packed(bytes: readonly number[]): PackedSubtasks {
  return { size: bytes.length, packed: Uint8Array.from(bytes), manyFailures: new Map() };
}

function copyOf(map: PackedSubtasks): PackedSubtasks {
  const copy: PackedSubtasks = { size: map.size, packed: new Uint8Array(map.size), manyFailures: new Map() };
  for (let chunk = 0; chunk * MAP_CHUNK_SIZE < map.size; chunk++) decodeChunk(copy, chunk, encodeChunk(map, chunk));
  return copy;
}

/** Bytes of a few sorts, as fates are, or of all sorts. */
const fates = fc
  .integer({ min: 1, max: 40 })
  .chain((sorts) => fc.array(fc.integer({ min: 0, max: sorts - 1 }), { minLength: 1, maxLength: 3 * MAP_CHUNK_SIZE }))
  .map((bytes) => bytes.map((byte) => (byte * 37) & 0xdf));

describe('chunks of packed subtasks', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(fates, (bytes) => {
        expect([...copyOf(packed(bytes)).packed]).toEqual(bytes);
      }),
    );
  });

  it('keep failures that do not fit their bits', () => {
    const map = packed([0xe1, 1, 0xe1, 0xe4]);
    map.manyFailures.set(0, 7).set(2, 12).set(3, 4_000);
    expect([...copyOf(map).manyFailures]).toEqual([...map.manyFailures]);
  });

  it.each<readonly [string, (index: number) => number, number]>([
    ['of one fate', () => 3, 11_000],
    ['of two fates, mixed', (index) => (index * 2_654_435_761) % 2, 30_000],
    ['of four fates, mixed', (index) => (index * 48_271) % 4, 50_000],
    ['of all fates, mixed', (index) => (index * 48_271) % 191, 150_000],
  ])('%s, of the largest map take few bytes', (_name, fate, bytes) => {
    const map = packed(Array.from({ length: MAX_MAP_SIZE }, (_, index) => fate(index)));
    const chunks = Array.from({ length: Math.ceil(MAX_MAP_SIZE / MAP_CHUNK_SIZE) }, (_, chunk) =>
      encodeChunk(map, chunk),
    );
    expect(JSON.stringify(Object.fromEntries(chunks.entries())).length).toBeLessThanOrEqual(bytes);
  });

  it.each(['', 'p', 'r/wM=', 'bAw==', 'pAgMEAA==', 'x'])('that are not whole are refused: %j', (text) => {
    expect(() => decodeChunk(packed(new Array<number>(MAP_CHUNK_SIZE).fill(0)), 0, text)).toThrow(/wrong length/);
  });
});
