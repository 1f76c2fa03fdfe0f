import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketMap } from '../../src/compiler/bucket-map.ts';
import { isDefinitionFile, normalisePath } from '../../src/compiler/index.ts';
import { topologicalOrder } from '../../src/compiler/order.ts';

describe('bucketMap', () => {
  it('is a map that does not change, whatever is made of it', () => {
    const changes = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.option(fc.nat(), { nil: undefined })));
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 5 }), (rounds) => {
        let map = bucketMap<number>([]);
        const model = new Map<string, number>();
        for (const round of rounds) {
          const before = [...map].sort();
          const next = map.with(new Map(round));
          expect([...map].sort()).toEqual(before);
          for (const [key, value] of new Map(round)) {
            if (value === undefined) model.delete(key);
            else model.set(key, value);
          }
          map = next;
          expect(map.size).toBe(model.size);
          expect([...map].sort()).toEqual([...model].sort());
          for (const [key] of round) expect(map.get(key)).toBe(model.get(key));
        }
      }),
    );
  });
});

describe('topologicalOrder', () => {
  const graphs: fc.Arbitrary<ReadonlyMap<string, readonly string[]>> = fc
    .array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 10 })
    .map(
      (lists) => new Map(lists.map((list, at) => [`n${at}`, list.map((other) => `n${other % lists.length}`)] as const)),
    );

  it('puts each name after what it needs, and leaves out just what needs a circle', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { order, cycles } = topologicalOrder(graph);
        const position = new Map(order.map((name, at) => [name, at]));
        for (const name of order) {
          for (const other of graph.get(name) ?? [])
            expect(position.get(other)).toBeLessThan(position.get(name) as number);
        }
        for (const cycle of cycles) {
          expect(cycle[0]).toBe(cycle.at(-1));
          cycle.slice(1).forEach((name, at) => {
            expect(graph.get(cycle[at] as string)).toContain(name);
          });
        }
        const left = [...graph.keys()].filter((name) => !position.has(name));
        expect(left.length > 0).toBe(cycles.length > 0);
        for (const name of left) expect(graph.get(name)?.some((other) => left.includes(other))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order as written where it may', () => {
    const graph = new Map([
      ['c', []],
      ['a', ['d']],
      ['b', []],
      ['d', []],
    ] as const);
    expect(topologicalOrder(graph).order).toEqual(['c', 'd', 'a', 'b']);
  });

  it('survives a chain of 100,000', () => {
    const chain = new Map(
      Array.from({ length: 100_000 }, (_, at) => [`n${at}`, at === 99_999 ? [] : [`n${at + 1}`]] as [string, string[]]),
    );
    expect(topologicalOrder(chain).order[0]).toBe('n99999');
  });
});

describe('paths', () => {
  it.each([
    ['tasks/', 'tasks'],
    ['./a//b/', 'a/b'],
    ['.', '.'],
    ['', '.'],
    ['a.b/..c', 'a.b/..c'],
  ])('%j is %s', (written, path) => {
    expect(normalisePath(written)).toEqual({ kind: 'ok', path });
  });

  it.each(['../a', 'a/../b', '/etc', 'a\\b', '.git/hooks', 'a/.GIT'])('%j is refused', (written) => {
    expect(normalisePath(written)).toMatchObject({ kind: 'error' });
  });

  it.each<readonly [string, readonly string[], boolean]>([
    ['pipectl.yaml', ['p'], true],
    ['p/a.yaml', ['p'], true],
    ['p/b/c.yml', ['p'], true],
    ['q/a.yaml', ['p', 'q/a.yaml'], true],
    ['any/a.yaml', ['.'], true],
    ['p/a.yaml', ['./p/'], true],
    ['p/q/a.yaml', ['p//q'], true],
    ['any/a.yaml', ['./'], true],
    ['p/a.yaml', ['../p'], false],
    ['p/a.json', ['p'], false],
    ['p/.a.yaml', ['p'], false],
    ['p/.d/a.yaml', ['p'], false],
    ['pp/a.yaml', ['p'], false],
    ['sub/pipectl.yaml', ['p'], false],
  ])('%s in %j: %s', (path, paths, expected) => {
    expect(isDefinitionFile(path, { paths })).toBe(expected);
  });
});
