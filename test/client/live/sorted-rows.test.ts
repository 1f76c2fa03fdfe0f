import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortedRows } from '../../../src/client/index.ts';

interface Row {
  readonly id: number;
  readonly key: number;
}

const compare = (a: Row, b: Row): number => a.key - b.key || a.id - b.id;

it('stays in order through any changes, as if it were sorted anew', () => {
  const change = fc.tuple(fc.nat(20), fc.option(fc.nat(5)));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const rows = new Map<number, Row>();
      const sorted = sortedRows(compare);
      for (const [id, key] of changes) {
        const old = rows.get(id);
        const next = key === null ? undefined : { id, key };
        sorted.replace(old, next);
        if (next === undefined) rows.delete(id);
        else rows.set(id, next);
      }
      const expected = [...rows.values()].sort(compare);
      expect(sorted.rows).toEqual(expected);
      expect(expected.map((row) => sorted.indexOf(row))).toEqual(expected.map((_, at) => at));
    }),
  );
});
