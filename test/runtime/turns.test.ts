import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTurns } from '../../src/runtime/adapters/process/turns.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), group: fc.nat(3), id: fc.nat(9) }),
    fc.record({ kind: fc.constant('remove' as const), group: fc.nat(3), id: fc.nat(9) }),
    fc.record({ kind: fc.constant('take' as const) }),
  ),
  { maxLength: 200 },
);

it('a line of groups gives each of them its turn, and its own in their order', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const turns = createTurns<string>();
      // As slow as it is plain: groups in the order of their turns, each with who waits of it.
      let line: { group: string; ids: string[] }[] = [];
      for (const step of all) {
        if (step.kind === 'take') {
          const [first, ...others] = line;
          const id = first?.ids.shift();
          line = first === undefined || first.ids.length === 0 ? others : [...others, first];
          expect(turns.take()).toBe(id);
        } else {
          const group = `g${step.group}`;
          const id = `${group}/${step.id}`;
          const found = line.find((each) => each.group === group);
          if (step.kind === 'remove') {
            turns.remove(group, id);
            if (found !== undefined) found.ids = found.ids.filter((each) => each !== id);
            line = line.filter(({ ids }) => ids.length > 0);
          } else {
            turns.add(group, id, id);
            if (found === undefined) line.push({ group, ids: [id] });
            else if (!found.ids.includes(id)) found.ids.push(id);
          }
        }
        expect(turns.size).toBe(line.reduce((sum, { ids }) => sum + ids.length, 0));
      }
    }),
  );
});

it('a cleared line is empty', () => {
  const turns = createTurns<number>();
  turns.add('a', 'x', 1);
  turns.clear();
  expect([turns.size, turns.take()]).toEqual([0, undefined]);
});
