import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SHARD_KEYS } from '../../../src/base/index.ts';
import { createShardMap } from '../../../src/control/shards/index.ts';

const KEYS = Array.from({ length: SHARD_KEYS }, (_, key) => key);

function owners(shards: number): readonly string[] {
  const map = createShardMap({ strategy: 'hash', shards });
  return KEYS.map((key) => map.ownerOf('shop-production', key));
}

describe('strategy hash', () => {
  it('gives every key to one of the shards, evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), (shards) => {
        const counts = new Map<string, number>();
        for (const owner of owners(shards)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
        expect(counts.size).toBe(shards);
        expect(Math.max(...counts.values())).toBeLessThan((SHARD_KEYS / shards) * 1.35);
      }),
    );
  });

  it('moves to a new shard its share and nothing between the others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), (shards) => {
        const before = owners(shards);
        const after = owners(shards + 1);
        const moved = KEYS.filter((key) => before[key] !== after[key]);
        expect(new Set(moved.map((key) => after[key]))).toEqual(new Set([`shard-${shards}`]));
        expect(moved.length / SHARD_KEYS).toBeLessThan((1 / (shards + 1)) * 1.35);
      }),
    );
  });
});

describe('strategies by name', () => {
  const shards = [{ ids: ['shop', 'shop-eu'] }, { ids: ['*'] }, { ids: ['tickets'] }];

  it.each([
    ['project', 'shop-production', 'shard-0'],
    ['project', 'tickets-production', 'shard-2'],
    ['project', 'other-production', 'shard-1'],
    ['project', 'shopping-production', 'shard-1'],
    ['domain', 'anything-tickets', 'shard-2'],
    ['domain', 'tickets-anything', 'shard-1'],
  ] as const)('by %s, %s belongs to %s', (strategy, namespace, id) => {
    expect(createShardMap({ strategy, shards }).ownerOf(namespace, 7)).toBe(id);
  });

  it('takes the longer of two names that fit', () => {
    const map = createShardMap({ strategy: 'project', shards: [{ ids: ['a'] }, { ids: ['a-b', '*'] }] });
    expect(map.ownerOf('a-b-production', 0)).toBe('shard-1');
  });
});

it('tells maps apart by their version', () => {
  const versions = [1, 2, 3].map((shards) => createShardMap({ strategy: 'hash', shards }).version);
  expect(new Set(versions).size).toBe(3);
  expect(createShardMap({ strategy: 'hash', shards: 2 }).version).toBe(versions[1]);
});

describe('namespaces that are not divided', () => {
  const map = createShardMap({ strategy: 'hash', shards: 5 }, [{ project: 'shop' }, { domain: 'staging' }]);
  const ownersIn = (namespace: string) => new Set(KEYS.map((key) => map.ownerOf(namespace, key)));

  it.each(['shop-production', 'shop-development', 'billing-staging'])('%s is of one shard', (namespace) => {
    expect(map.isWhole(namespace)).toBe(true);
    expect(ownersIn(namespace).size).toBe(1);
  });

  it('others are divided as if there were no quota', () => {
    const plain = createShardMap({ strategy: 'hash', shards: 5 });
    expect(map.isWhole('billing-production')).toBe(false);
    for (const key of KEYS) {
      expect(map.ownerOf('billing-production', key)).toBe(plain.ownerOf('billing-production', key));
    }
  });

  it('another set of them is another map, and the same set in another order is not', () => {
    const sharding = { strategy: 'hash', shards: 5 } as const;
    expect(createShardMap(sharding, [{ domain: 'staging' }, { project: 'shop' }]).version).toBe(map.version);
    expect(createShardMap(sharding, [{ domain: 'staging' }]).version).not.toBe(map.version);
    expect(createShardMap(sharding).version).not.toBe(map.version);
  });
});
