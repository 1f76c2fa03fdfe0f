import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAncestor, mergeBase, type ObjectReader } from '../../src/git/index.ts';

/** Commits by number: each has the parents that it names, and a clock that may be wrong. */
interface Row {
  readonly parents: readonly number[];
  readonly at: number;
}

const oid = (number: number): string => number.toString(16).padStart(40, '0');

function history(rows: readonly Row[]): ObjectReader & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    async read(id) {
      reads.push(id);
      const row = rows[Number.parseInt(id, 16)];
      if (row === undefined) return { kind: 'missing' };
      const parents = row.parents.map((parent) => `parent ${oid(parent)}\n`).join('');
      const person = `Ada <ada@example.org> ${row.at} +0000`;
      const text = `tree ${'e'.repeat(40)}\n${parents}author ${person}\ncommitter ${person}\n\nx\n`;
      return { kind: 'found', type: 'commit', bytes: Buffer.from(text) };
    },
  };
}

/** What stands behind a commit, by the definition. */
function behind(rows: readonly Row[], from: number): ReadonlySet<number> {
  const found = new Set([from]);
  for (const number of found) for (const parent of rows[number]?.parents ?? []) found.add(parent);
  return found;
}

describe('isAncestor', () => {
  it('says what the definition says, whatever clocks say', async () => {
    const histories = fc
      .array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), fc.integer({ min: 0, max: 5 })), {
        minLength: 2,
        maxLength: 14,
      })
      .map((drawn) =>
        drawn.map(
          ([parents, at], number): Row => ({
            parents: number === 0 ? [] : [...new Set(parents.map((parent) => parent % number))],
            at,
          }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), async (rows, a, b) => {
        const [ancestor, descendant] = [a % rows.length, b % rows.length];
        const expected = behind(rows, descendant).has(ancestor) ? 'yes' : 'no';
        expect(await isAncestor(history(rows), oid(ancestor), oid(descendant))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  const line = Array.from(
    { length: 1_000 },
    (_, number): Row => ({
      parents: number === 0 ? [] : [number - 1],
      at: 1_000 + number,
    }),
  );

  it('reads the newest commits only, also of a branch that was rewritten', async () => {
    const amended = [...line, { parents: [997], at: 3_000 }];
    const forward = history(line);
    expect(await isAncestor(forward, oid(995), oid(999))).toBe('yes');
    expect(forward.reads.length).toBeLessThan(10);
    const rewritten = history(amended);
    expect(await isAncestor(rewritten, oid(999), oid(1_000))).toBe('no');
    expect(rewritten.reads.length).toBeLessThan(10);
  });

  it('gives up at its bound', async () => {
    expect(await isAncestor(history(line), oid(0), oid(999), 100)).toBe('unknown');
  });

  it('takes a commit that is not there as one without parents', async () => {
    expect(await isAncestor(history([{ parents: [7], at: 1 }]), oid(3), oid(0))).toBe('no');
  });
});

describe('mergeBase', () => {
  const at = (number: number): number => number + 1;

  it('gives a commit that both have, and none when they have none, whatever clocks say', async () => {
    const histories = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), fc.integer({ min: 0, max: 5 })), {
      minLength: 2,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), async (drawn, one, other) => {
        const rows = drawn.map(([parents, time], number) => {
          return { at: time, parents: number === 0 ? [] : [...new Set(parents.map((parent) => parent % number))] };
        });
        const [a, b] = [one % rows.length, other % rows.length];
        const both = [...behind(rows, a)].filter((number) => behind(rows, b).has(number));
        const found = await mergeBase(history(rows), oid(a), oid(b));
        if (found === undefined) expect(both).toEqual([]);
        else expect(both.map(oid)).toContain(found);
      }),
    );
  });

  it('is where a branch left, and the last merge of its base into it', async () => {
    const rows = [
      { parents: [], at: at(0) },
      { parents: [0], at: at(1) },
      { parents: [0], at: at(2) },
      { parents: [2, 1], at: at(3) },
      { parents: [1], at: at(4) },
    ];
    expect(await mergeBase(history(rows), oid(4), oid(2))).toBe(oid(0));
    expect(await mergeBase(history(rows), oid(4), oid(3))).toBe(oid(1));
    expect(await mergeBase(history(rows), oid(3), oid(3))).toBe(oid(3));
  });

  it('is none behind the end of a shallow history, or too far away', async () => {
    const rows = Array.from({ length: 30 }, (_none, number) => ({
      parents: number < 2 ? [] : [number - 2],
      at: number,
    }));
    expect(await mergeBase(history(rows), oid(28), oid(29))).toBeUndefined();
    const line = Array.from({ length: 30 }, (_none, number) => ({
      parents: number === 0 ? [] : [0, number - 1],
      at: 30 - number,
    }));
    expect(await mergeBase(history(line), oid(29), '9'.repeat(40), 5)).toBeUndefined();
  });
});
