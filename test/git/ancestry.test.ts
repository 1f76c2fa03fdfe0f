import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAncestor, type ObjectReader } from '../../src/git/index.ts';

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
