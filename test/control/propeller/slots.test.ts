import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRIORITY_AGE_MS } from '../../../src/base/index.ts';
import { type Execution, newExecution } from '../../../src/cluster/index.ts';
import { createSlots, type Slots } from '../../../src/control/propeller/slots.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

function execution(name: string, createdMs: number, priority?: number): Execution {
  const made = newExecution({
    namespace: 'shop-production',
    name,
    repository: 'shop',
    commit: 'c'.repeat(40),
    workflow: 'etl',
    closure: 'd'.repeat(64),
    inputs: {},
    launchPlan: 'nightly',
    concurrency: { limit: 1, whenFull: 'queue' },
    trigger: { kind: 'manual' },
    ...(priority !== undefined && { priority }),
  });
  return { ...made, metadata: { ...made.metadata, creationTimestamp: new Date(START + createdMs).toISOString() } };
}

/** The names in the order in which they get the only place, when all of them ask while another one has it. */
function order(waiting: readonly Execution[]): readonly string[] {
  const slots: Slots = createSlots();
  slots.open();
  expect(slots.admit('first', execution('first', -1))).toEqual({ kind: 'Admit' });
  const byName = new Map(waiting.map((one) => [one.metadata.name, one]));
  for (const one of waiting) expect(slots.admit(one.metadata.name, one)?.kind).toBe('Hold');
  const admitted: string[] = [];
  for (let [next] = slots.release('first'); next !== undefined; [next] = slots.release(next)) {
    expect(slots.admit(next, byName.get(next)!)).toEqual({ kind: 'Admit' });
    admitted.push(next);
  }
  return admitted;
}

describe('the line for a place of a launch plan', () => {
  it.each([
    ['goes by creation', [execution('a', 0), execution('b', 1), execution('c', 2)], ['a', 'b', 'c']],
    ['lets a higher priority go first', [execution('a', 0), execution('b', 1, 5)], ['b', 'a']],
    ['lets a lower priority go last', [execution('a', 0, -1), execution('b', 1)], ['b', 'a']],
    [
      'counts waiting as priority, so that none starves',
      [execution('old', 0), execution('new', 10 * PRIORITY_AGE_MS + 1, 10), execution('newer', 0, 10)],
      ['newer', 'old', 'new'],
    ],
    ['keeps the order of asking within one moment', [execution('b', 0), execution('a', 0)], ['b', 'a']],
  ])('%s', (_, waiting, expected) => {
    expect(order(waiting)).toEqual(expected);
  });

  it('goes on without those who left it', () => {
    const slots = createSlots();
    slots.open();
    slots.admit('first', execution('first', 0));
    for (const name of ['a', 'b', 'c']) slots.admit(name, execution(name, 1));
    slots.release('a');
    slots.release('b');
    expect(slots.release('first')).toEqual(['c']);
  });

  it('goes on behind who was woken once when two left', () => {
    const slots = createSlots();
    slots.open();
    const two = (name: string): Execution => {
      const { metadata, spec } = execution(name, 0);
      return { ...execution(name, 0), metadata, spec: { ...spec, concurrency: { limit: 2, whenFull: 'queue' } } };
    };
    for (const name of ['a', 'b', 'c', 'd']) slots.admit(name, two(name));
    for (const name of ['a', 'b']) expect(slots.release(name)).toEqual(['c']);
    expect(slots.admit('c', two('c'))).toEqual({ kind: 'Admit' });
    expect(slots.behind('c')).toEqual(['d']);
    expect(slots.admit('d', two('d'))).toEqual({ kind: 'Admit' });
    expect(slots.behind('d')).toEqual([]);
  });

  it('admits each once, whatever comes and goes', () => {
    const step = fc.record({ name: fc.integer({ min: 0, max: 6 }), leaves: fc.boolean(), priority: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = createSlots();
        slots.open();
        const running = new Set<string>();
        const waiting = new Set<string>();
        const admit = (name: string, priority: number): void => {
          const seen = slots.admit(name, execution(name, 0, priority));
          if (seen?.kind === 'Admit') {
            running.add(name);
            waiting.delete(name);
          } else waiting.add(name);
          expect(running.size).toBeLessThanOrEqual(1);
        };
        for (const { name: number, leaves, priority } of steps) {
          const name = `e${number}`;
          if (!leaves) {
            if (!running.has(name)) admit(name, priority);
            continue;
          }
          running.delete(name);
          waiting.delete(name);
          const [next] = slots.release(name);
          if (next !== undefined && running.size === 0) admit(next, priority);
          // A free place and somebody who waits: it must be the one who was told.
          expect(running.size === 0 && waiting.size > 0).toBe(false);
        }
      }),
    );
  });
});
